import {type CharacterSet, decodeText, defaultCharacterSet} from '../dicom/charset.ts';
import type {DataSet, Element} from '../dicom/dataSet.ts';
import {isPrivate} from '../dicom/tag.ts';
import {characterSetOf} from '../dicom/values.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import type {InstanceItems} from './instanceItems.ts';
import type {Profile} from './profile/profile.ts';
import {ElementMemory, textsOfElements} from './rootElements.ts';
import {type IdentifierSource, KnownIdentifiers} from './text/knownIdentifiers.ts';
import type {Vocabulary} from './text/vocabulary.ts';
import {canonicalValue, isWellKnownUid} from './uid.ts';

/** Shorter ones are placeholders, and occur by chance. */
const shortestUid = 8;

/** Something that identifies, as it is stored. */
interface Found {
  /** Tells it from others. */
  readonly key: string;
  readonly raw: string;
  readonly source: IdentifierSource;
  readonly characterSet: CharacterSet;
}

/** What one element of a root holds, at any depth. */
export interface Findings {
  readonly uids: readonly string[];
  readonly found: readonly Found[];
}

const nothing: Findings = {uids: [], found: []};

const sourceOfVr: Partial<Record<Vr, IdentifierSource>> = {PN: 'name', DA: 'date', DT: 'date'};

/** Longer values are prose, whatever element they stand in. */
const longestIdentifier = 1024;

/**
 * Collects at every level what tells who somebody is: names, ids, numbers of orders, institutions, stations, birth dates, and the
 * original UIDs. `signature` is equal for instances with equal findings (UIDs left out), so that their texts are cleaned once.
 */
export class Gatherer {
  readonly uids = new Set<string>();
  signature = '';
  readonly #found = new Map<string, Found>();
  readonly #profile: Profile;
  readonly #items: InstanceItems;
  readonly #memory: ElementMemory<Findings>;

  /** @param memory for roots of the same encoding and character set */
  constructor(profile: Profile, items: InstanceItems, memory = new ElementMemory<Findings>()) {
    this.#profile = profile;
    this.#items = items;
    this.#memory = memory;
  }

  /**
   * Collects from all elements of a root.
   * @param texts of its elements
   */
  visit(root: DataSet, texts = textsOfElements(root)): void {
    for (const [index, element] of root.elements.entries()) {
      const {uids, found} = this.#findingsOf(root, element, texts[index]);
      for (const uid of uids) this.uids.add(uid);
      for (const one of found) {
        if (this.#found.has(one.key)) continue;
        this.#found.set(one.key, one);
        this.signature += one.key;
      }
    }
  }

  /** The findings as words to look for. */
  known(vocabulary: Vocabulary, notIdentifying: readonly string[], further: readonly string[]): KnownIdentifiers {
    const known = new KnownIdentifiers(vocabulary, notIdentifying);
    for (const {raw, source, characterSet} of this.#found.values()) {
      known.add(decodeText(Buffer.from(raw, 'latin1'), characterSet, source === 'name'), source);
    }
    for (const text of further) known.add(text, 'id');
    return known;
  }

  #findingsOf(root: DataSet, element: Element, text: string | undefined): Findings {
    const known = text === undefined ? undefined : this.#memory.get(text);
    if (known !== undefined) return known;
    const [uids, found]: [string[], Found[]] = [[], []];
    this.#collect(root, element, uids, found);
    const findings = uids.length + found.length === 0 ? nothing : {uids, found};
    if (text !== undefined) this.#memory.set(text, findings);
    return findings;
  }

  #collect(holder: DataSet, element: Element, uids: string[], found: Found[]): void {
    const items = isPrivate(element.tag) ? element.items : this.#items.of(holder, element);
    if (items === undefined) this.#collectValue(holder, element, uids, found);
    else for (const item of items) for (const inner of item.elements) this.#collect(item, inner, uids, found);
  }

  #collectValue(holder: DataSet, element: Element, uids: string[], found: Found[]): void {
    const {valueStart, valueEnd} = element;
    if (valueEnd === valueStart || valueEnd - valueStart > longestIdentifier) return;
    const rule = isPrivate(element.tag) ? undefined : this.#profile.ruleOf(element.tag);
    if (element.vr === 'UI' || rule?.vr === 'UI') {
      if (rule?.action !== 'classUid') uids.push(...uidsOf(holder.bytes.toString('latin1', valueStart, valueEnd)));
      return;
    }
    const source =
      rule?.identifier ?? sourceOfVr[element.vr] ?? (rule?.vr === undefined ? undefined : sourceOfVr[rule.vr]);
    if (source === undefined) return;
    const whole = holder.bytes.toString('latin1', valueStart, valueEnd);
    const raw = source === 'date' ? datesOf(whole) : whole;
    const usesSet = vrRules[element.vr].usesCharacterSet || element.vr === 'UN';
    const characterSet = usesSet ? characterSetOf(holder) : defaultCharacterSet;
    found.push({key: `${source}\u0001${characterSet.terms.join('\\')}\u0001${raw}\u0002`, raw, source, characterSet});
  }
}

/** The UIDs of a value that tell somebody from others. */
function uidsOf(raw: string): string[] {
  return raw
    .split('\\')
    .map(canonicalValue)
    .filter(uid => uid.length >= shortestUid && !isWellKnownUid(uid));
}

/** The days of dates and of dates with times: the slices of a series differ in seconds only, and share what is known of them. */
function datesOf(raw: string): string {
  const dates = raw.split('\\').map(one => one.trimStart().slice(0, 8));
  return [...new Set(dates)].join('\\');
}
