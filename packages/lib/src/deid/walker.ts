import type {CharacterSet} from '../dicom/charset.ts';
import {type DataSet, type Element, type Item, valueBytes} from '../dicom/dataSet.ts';
import {applyEdits, Edits} from '../dicom/editor.ts';
import {readNumbers} from '../dicom/numbers.ts';
import {isPixelData, isPrivate, isPrivateCreator, type Tag} from '../dicom/tag.ts';
import {characterSetOf} from '../dicom/values.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import {actionAt} from './actionAt.ts';
import {decide} from './actions.ts';
import {type Counts, type Decision, invalidIt, keepIt, removeInvalid, removeIt} from './decision.ts';
import type {DecisionCache} from './decisionCache.ts';
import type {ImportRules} from './importRules.ts';
import type {InstanceItems} from './instanceItems.ts';
import {areNumbers, classifyNumberText, isKnownNumber, mayBeSplit, mayHoldId, mayTell, valueCount} from './numbers.ts';
import {Halt, quarantine} from './outcome.ts';
import {type Place, placeOfItem} from './place.ts';
import {PrivateBlocks} from './privateBlocks.ts';
import type {Profile} from './profile/profile.ts';
import type {Action} from './profile/profileRow.ts';
import type {SafePrivate} from './profile/safePrivate.ts';
import {actionOfVr} from './profile/vrRules.ts';
import type {Setting} from './setting.ts';
import {count, countAction, counters, emptyTally, privateKey} from './tally.ts';
import {holdsIdentifier} from './text/descriptor.ts';
import type {Value} from './value.ts';

/** What the walk needs besides the instance. */
export interface WalkContext {
  readonly profile: Profile;
  readonly sopClassUid: string;
  readonly safePrivate: SafePrivate;
  readonly importRules: ImportRules;
  readonly setting: Setting;
  readonly cache: DecisionCache;
  readonly items: InstanceItems;
  readonly rootCharacterSet: CharacterSet;
  /** Elements of the root that are written anew whatever they hold. */
  readonly stamped: ReadonlySet<Tag>;
}

/** What an element is judged by: a public attribute's rule, or that of a safe private element. */
interface Judged {
  readonly action: Action;
  readonly vr: Vr | undefined;
  readonly otherVr: Vr | undefined;
  readonly key: Tag | string;
}

/** Longer values differ from instance to instance or are rare: remembering them costs more than it saves. */
const longestCached = 1024;

/** Walks the elements of an instance in order and notes for each what is to be done. */
export class Walker {
  readonly edits = new Edits();
  readonly tally = emptyTally();
  readonly #context: WalkContext;

  constructor(context: WalkContext) {
    this.#context = context;
  }

  /** Decides about every element of an item, and of all items in it. */
  walk(holder: DataSet, place: Place): void {
    for (const element of holder.elements) if (!isPrivate(element.tag)) this.walkPublic(holder, element, place);
    this.walkPrivates(holder, place);
  }

  /** Decides about a public element, and of all items in it. */
  walkPublic(holder: DataSet, element: Element, place: Place): void {
    const {tag} = element;
    if (isPixelData(tag)) {
      // the pixels of the root are planned apart; an image inside a sequence is an icon that nobody looks through
      if (place.depth > 0) this.#apply(holder, element, tag, removeIt);
      return;
    }
    if (place.depth === 0 && this.#context.stamped.has(tag)) {
      this.edits.remove(holder, element);
      countAction(this.tally, tag, 'replace');
      return;
    }
    const rule = this.#context.profile.ruleOf(tag);
    if (rule.action === 'document' && element.end > element.valueStart)
      throw new Halt({kind: 'skipped', reason: 'encapsulated-document', sopClassUid: this.#context.sopClassUid});
    const judged: Judged = {action: rule.action, vr: rule.vr, otherVr: rule.otherVr, key: tag};
    if (this.#context.importRules.has(tag))
      this.#apply(holder, element, tag, this.#importDecision(holder, element, judged, place));
    else this.#judge(holder, element, judged, place);
  }

  /** Decides about the private elements of a data set or item, and then about their creators: those that own nothing any more go. */
  walkPrivates(holder: DataSet, place: Place): void {
    const privates = holder.elements.filter(({tag}) => isPrivate(tag));
    if (privates.length === 0) return;
    const blocks = new PrivateBlocks(holder, this.#context.safePrivate);
    for (const element of privates)
      if (!isPrivateCreator(element.tag)) this.#walkPrivate(holder, element, place, blocks);
    for (const {element, stays, creator} of blocks.creators()) {
      if (!stays) this.edits.remove(holder, element);
      countAction(this.tally, stays ? privateText(element.tag, creator) : privateKey, stays ? 'keep' : 'remove');
      if (!stays) count(this.tally, 'privateRemoved');
    }
  }

  #walkPrivate(holder: DataSet, element: Element, place: Place, blocks: PrivateBlocks): void {
    const safe = place.mode === 'normal' ? blocks.find(element.tag) : undefined;
    const vr = safe?.vr ?? element.vr;
    const {valueStart, valueEnd} = element;
    const isKnown =
      safe !== undefined && vr !== 'UN' && valueCount(vr, holder.bytes, valueStart, valueEnd) <= safe.mostValues;
    if (!isKnown) {
      this.edits.remove(holder, element);
      countAction(this.tally, privateKey, 'remove');
      count(this.tally, 'privateRemoved');
      return;
    }
    const key = privateText(element.tag, safe.creator);
    const action = safePrivateAction(vr);
    const stays = this.#judge(holder, element, {action, vr, otherVr: vr === 'OW' ? 'OB' : undefined, key}, place);
    if (!stays) return;
    blocks.use(element.tag);
    count(this.tally, 'safePrivateKept');
  }

  /** @returns whether the element is still there afterwards */
  #judge(holder: DataSet, element: Element, judged: Judged, place: Place): boolean {
    const narrowed = {...judged, action: actionAt(place, element.tag, judged.action, judged.vr)};
    const items = isPrivate(element.tag)
      ? this.#privateItems(holder, element, judged)
      : this.#context.items.of(holder, element);
    if (items !== undefined) return this.#judgeSequence(holder, element, items, narrowed, place);
    const decision = this.#decide(holder, element, narrowed, place);
    this.#apply(holder, element, judged.key, decision);
    return decision.kind !== 'remove';
  }

  #privateItems(holder: DataSet, element: Element, {vr}: Judged): readonly Item[] | undefined {
    if (element.items !== undefined) return element.items;
    return vr === 'SQ' && element.vr === 'UN' ? this.#context.items.hidden(holder, element) : undefined;
  }

  #judgeSequence(holder: DataSet, element: Element, items: readonly Item[], judged: Judged, place: Place): boolean {
    const keepsItems = judged.vr === 'SQ' && sequenceActions.has(judged.action);
    if (!keepsItems) {
      const isEmptied = judged.action === 'empty' && judged.vr === 'SQ';
      if (isEmptied) this.edits.replace(holder, element, {tag: element.tag, vr: 'SQ', items: []});
      else this.edits.remove(holder, element);
      countAction(this.tally, judged.key, isEmptied ? 'empty' : 'remove');
      return isEmptied;
    }
    if (place.depth >= this.#context.setting.request.limits.maxDepth) {
      quarantine('too-deep', 'sequences are nested too deeply', {tag: element.tag});
    }
    countAction(this.tally, judged.key, 'keep');
    for (const item of items) this.walk(item, placeOfItem(item, judged.action, place, element, this.#context.items));
    if (element.items === undefined) this.#rewriteHidden(holder, element, items);
    return true;
  }

  /** A sequence in a value of VR UN: its changes are put into the value here, because the editor sees bytes only. */
  #rewriteHidden(holder: DataSet, element: Element, items: readonly Item[]): void {
    if (!items.some(item => this.edits.touched.has(item))) return;
    const alone: DataSet = {...holder, elements: [{...element, items}], parent: undefined, ordered: true};
    const bytes = Buffer.concat(applyEdits(alone, this.edits, {}).filter(Buffer.isBuffer));
    const headerLength = holder.encoding.explicit ? 12 : 8;
    this.edits.replace(holder, element, {tag: element.tag, vr: 'UN', value: bytes.subarray(headerLength)});
  }

  #decide(holder: DataSet, element: Element, judged: Judged, place: Place): Decision {
    const {action} = judged;
    if (action === 'remove' || element.fragments !== undefined) return removeIt;
    const vr = writtenVr(judged, element.vr, holder.encoding.littleEndian);
    if (vr === undefined || forSequencesOnly.has(action)) return removeIt;
    if (element.outside !== undefined)
      return vrRules[vr].kind === 'text' ? removeInvalid : this.#decideOutside(action, vr, element);
    if (action === 'keep' && vr === element.vr) {
      const quick = this.#decideBytes(holder, element, vr);
      if (quick !== undefined) return quick;
    }
    return this.#decideValue(holder, element, judged, vr, place);
  }

  /** A value left in the file can only be kept as it is. */
  #decideOutside(action: Action, vr: Vr, element: Element): Decision {
    const fits = (element.outside?.length ?? 0) % vrRules[vr].unit === 0;
    return action === 'keep' && vr === element.vr && fits ? keepIt : removeIt;
  }

  /** Numbers and samples are most of what stays: judged without making text of them. */
  #decideBytes(holder: DataSet, element: Element, vr: Exclude<Vr, 'SQ'>): Decision | undefined {
    const {valueStart, valueEnd} = element;
    if (vr === 'DS' || vr === 'IS') {
      const kind = classifyNumberText(holder.bytes, valueStart, valueEnd, vr);
      // what may be an id is compared with those that are known
      if (kind === 'long' || mayBeSplit(holder.bytes, valueStart, valueEnd)) return undefined;
      return kind === 'numbers' ? keepIt : invalidIt(vr);
    }
    if (vrRules[vr].kind === 'text') return undefined;
    if (!areNumbers(element.tag, vr, holder.bytes, valueStart, valueEnd)) return invalidIt(vr);
    return this.#areKnown(holder, element, vr) ? invalidIt(vr) : keepIt;
  }

  /** Whether a few binary numbers are an id or a date, or spell a text, that is known of the patient. */
  #areKnown(holder: DataSet, element: Element, vr: Vr): boolean {
    const {valueStart, valueEnd} = element;
    if (!mayTell(vr, valueEnd - valueStart)) return false;
    const {known} = this.#context.setting;
    const value = valueBytes(holder, element);
    const text = /^[\x20-\x7e]{4,}(?=\0*$)/.exec(value.toString('latin1'))?.[0];
    if (text !== undefined && holdsIdentifier(text, known)) return true;
    return (
      mayHoldId(vr) &&
      readNumbers(value, vr, holder.encoding.littleEndian).some(number => isKnownNumber(Number(number), known))
    );
  }

  #decideValue(holder: DataSet, element: Element, judged: Judged, vr: Exclude<Vr, 'SQ'>, place: Place): Decision {
    const {setting, cache, rootCharacterSet} = this.#context;
    const raw = holder.bytes.toString('latin1', element.valueStart, element.valueEnd);
    const characterSet = vrRules[vr].usesCharacterSet ? characterSetOf(holder) : rootCharacterSet;
    const isCached =
      raw.length <= longestCached &&
      vr === element.vr &&
      characterSet === rootCharacterSet &&
      judged.action !== 'layerName';
    const known = isCached ? cache.get(element.tag, judged.action, place.publicCode, raw) : undefined;
    if (known !== undefined) return known;
    const value: Value = {tag: element.tag, raw, fileVr: element.vr, vr, characterSet, publicCode: place.publicCode};
    const decision = decide(judged.action, value, setting);
    if (isCached) cache.set(element.tag, judged.action, place.publicCode, raw, decision);
    return decision;
  }

  #importDecision(holder: DataSet, element: Element, judged: Judged, place: Place): Decision {
    const vr = writtenVr(judged, element.vr, holder.encoding.littleEndian);
    if (vr === undefined || element.outside !== undefined || element.items !== undefined) return removeIt;
    const raw = holder.bytes.toString('latin1', element.valueStart, element.valueEnd);
    const value: Value = {
      tag: element.tag,
      raw,
      fileVr: element.vr,
      vr,
      characterSet: characterSetOf(holder),
      publicCode: place.publicCode,
    };
    return this.#context.importRules.apply(value, this.#context.setting);
  }

  #apply(holder: DataSet, element: Element, key: Tag | string, decision: Decision): void {
    if (decision.kind === 'remove') this.edits.remove(holder, element);
    else if (decision.kind === 'replace')
      this.edits.replace(holder, element, {tag: element.tag, vr: decision.vr, value: decision.value});
    countAction(this.tally, key, decision.label);
    if ('counts' in decision && decision.counts !== undefined) this.#count(decision.counts);
  }

  #count(counts: Counts): void {
    for (const counter of counters) {
      const by = counts[counter];
      if (by !== undefined) count(this.tally, counter, by);
    }
  }
}

const forSequencesOnly: ReadonlySet<Action> = new Set(['sequence', 'codes', 'identity', 'requestAttributes']);
/** Actions under which the items of a sequence stay and are cleaned; a site's override may name one that is made for values. */
const sequenceActions: ReadonlySet<Action> = new Set([...forSequencesOnly, 'keep', 'descriptor', 'dummy']);

/** A private element of the safe list: numbers and codes by the rules of their VR, the rest as the site listed it. */
function safePrivateAction(vr: Vr): Action {
  if (vr === 'OB' || vr === 'OW' || vr === 'OF' || vr === 'OD' || vr === 'OL' || vr === 'OV') return 'keep';
  return vr === 'ST' || vr === 'LT' || vr === 'UT' ? 'description' : actionOfVr[vr];
}

function privateText(tag: Tag, creator: string): string {
  const hex = (number: number, width: number) => number.toString(16).toUpperCase().padStart(width, '0');
  return `${hex(tag >>> 16, 4)}:${creator}:${isPrivateCreator(tag) ? 'creator' : hex(tag & 0xff, 2)}`;
}

/**
 * The VR by which a value is judged and written: the dictionary's, when the file names one that the dictionary does not allow.
 * UN of the dictionary's elements is in little endian whatever the data set is (PS3.5 6.2.2).
 */
function writtenVr({vr, otherVr}: Judged, fileVr: Vr, littleEndian: boolean): Exclude<Vr, 'SQ'> | undefined {
  if (vr === undefined || vr === 'SQ' || fileVr === 'SQ') return undefined;
  if (fileVr === vr || fileVr === otherVr) return fileVr;
  if (fileVr === 'UN' && !littleEndian && vrRules[vr].unit > 1) return undefined;
  return vr;
}
