import {Profile, type Rule} from '@fiona/lib/deid/profile/profile';
import type {Action} from '@fiona/lib/deid/profile/profileRow';
import {profileTable} from '@fiona/lib/deid/profile/table';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {tokenize} from '@fiona/lib/deid/text/tokens';
import {type DataSet, type Element, findElements, valueBytes} from '@fiona/lib/dicom/dataSet';
import {formatTag, groupOf, isPixelData, isPrivate, type Tag} from '@fiona/lib/dicom/tag';
import {elementStrings, privateCreatorOf} from '@fiona/lib/dicom/values';
import type {PixelFate} from './wouldBe.ts';

/** What became of one element: seen from outside, by what stands in the output. */
export interface Line {
  /** 0 at the root. */
  readonly level: number;
  readonly tag: string;
  /** Keyword, or `[creator]` of a private element. */
  readonly name: string;
  readonly vr: string;
  /** Undefined: the element is not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly action: 'keep' | 'remove' | 'empty' | 'clean' | 'replace' | 'uid' | 'date' | 'add';
  readonly rule: string;
  /** Words that a description lost. */
  readonly dropped: readonly string[];
}

const basicCodes = new Map(profileTable.map(([tag, , , basic]) => [tag, basic]));
const gatewayActions = new Set<Action>([
  'modelText',
  'subject',
  'project',
  'event',
  'eventName',
  'eventReason',
  'accession',
  'studyId',
  'studyDate',
  'sponsor',
  'stamp',
  'bodyPart',
  'trackingId',
  'layerName',
  'device',
]);
const descriptors = new Set<Action>([
  'descriptor',
  'descriptorDummy',
  'description',
  'descriptionDummy',
  'codeMeaning',
]);
const narratives = new Set<Action>(['narrative', 'narrativeDummy']);

/** Compares an instance with what was written for it, element by element in the order of the original. */
export class Comparison {
  readonly #profile: Profile;
  readonly #fixed: ReadonlySet<Tag>;
  readonly #pixels: PixelFate | undefined;

  /** @param pixels what becomes of pixels that are in neither data set */
  constructor(request: DeidRequest, pixels?: PixelFate) {
    this.#pixels = pixels;
    this.#profile = new Profile(request);
    this.#fixed = new Set([...request.importRules, ...(request.fixedTexts ?? [])].map(({tag}) => tag));
  }

  /** @param after undefined when nothing was written: every element counts as removed */
  lines(before: DataSet, after: DataSet | undefined, level = 0): Line[] {
    const tags = [...new Set([...before.elements, ...(after?.elements ?? [])].map(({tag}) => tag))].sort(
      (a, b) => a - b,
    );
    return tags.flatMap(tag => {
      const old = findElements(before, tag);
      const now = after === undefined ? [] : findElements(after, tag);
      return Array.from({length: Math.max(old.length, now.length)}, (_, index) =>
        this.#element(before, old[index], after, now[index], level),
      ).flat();
    });
  }

  #element(
    before: DataSet,
    old: Element | undefined,
    after: DataSet | undefined,
    now: Element | undefined,
    level: number,
  ): Line[] {
    const element = old ?? now;
    if (element === undefined) return [];
    const {tag} = element;
    if (level === 0 && isPixelData(tag) && this.#pixels !== undefined) return [this.#pixelLine(element, this.#pixels)];
    const rule = this.#profile.ruleOf(tag);
    const creator = privateCreatorOf(before, tag);
    const was = old === undefined ? undefined : shown(before, old);
    const is = now === undefined || after === undefined ? undefined : shown(after, now);
    const isSame = old !== undefined && now !== undefined && after !== undefined && equalBytes(before, old, after, now);
    const action = actionOf(rule.action, old, now, isSame);
    const dropped = action === 'clean' ? droppedTokens(was ?? '', is ?? '') : [];
    const line: Line = {
      level,
      tag: formatTag(tag),
      name: isPrivate(tag) ? `[${creator ?? 'private creator'}]` : rule.keyword,
      vr: element.vr,
      before: was,
      after: is,
      action,
      rule: this.#ruleText(tag, rule, action, dropped.length),
      dropped,
    };
    const inner = (old?.items ?? []).flatMap((item, index) => this.lines(item, now?.items?.[index], level + 1));
    const added =
      old === undefined && after !== undefined ? (now?.items ?? []).flatMap(item => this.#added(item, level + 1)) : [];
    return [line, ...inner, ...added];
  }

  #pixelLine({tag, vr}: Element, {before, after, isKept}: PixelFate): Line {
    const rule = this.#profile.ruleOf(tag);
    const action = isKept ? 'keep' : 'clean';
    const ruleText = this.#ruleText(tag, rule, action, 0);
    return {level: 0, tag: formatTag(tag), name: rule.keyword, vr, before, after, action, rule: ruleText, dropped: []};
  }

  #added(item: DataSet, level: number): Line[] {
    const nothing: DataSet = {...item, elements: []};
    return this.lines(nothing, item, level);
  }

  #ruleText(tag: Tag, {action, source, vr}: Rule, done: Line['action'], dropped: number): string {
    if (this.#fixed.has(tag)) return 'command line';
    if (isPrivate(tag)) return done === 'remove' ? 'private' : 'safe private';
    if (source === 'override') return 'override';
    if (source === 'pattern') return `group ${groupOf(tag).toString(16).toUpperCase().padStart(4, '0')}`;
    if (source === 'unknown') return 'unknown tag';
    if (gatewayActions.has(action)) return 'gateway';
    if (descriptors.has(action))
      return dropped === 0 ? 'descriptor' : `descriptor (${dropped} token${dropped === 1 ? '' : 's'} dropped)`;
    if (narratives.has(action)) return 'narrative';
    if (source === 'E.1-1') return `E.1-1 ${basicCodes.get(tag) ?? ''}`.trim();
    return source === 'VR' ? `VR rule ${vr ?? ''}`.trim() : 'gateway';
  }
}

function actionOf(action: Action, old: Element | undefined, now: Element | undefined, isSame: boolean): Line['action'] {
  if (old === undefined) return 'add';
  if (now === undefined) return 'remove';
  if (isSame || (old.items !== undefined && (now.items?.length ?? 0) === old.items.length)) return 'keep';
  const isEmpty = now.valueEnd === now.valueStart && (now.items?.length ?? 0) === 0;
  if (isEmpty) return 'empty';
  if (action === 'uid') return 'uid';
  if (action === 'date' || action === 'studyDate') return 'date';
  return descriptors.has(action) ? 'clean' : 'replace';
}

function equalBytes(before: DataSet, old: Element, after: DataSet, now: Element): boolean {
  if (old.items !== undefined || now.items !== undefined) return false;
  if (old.fragments !== undefined) return now.fragments !== undefined;
  return valueBytes(before, old).equals(valueBytes(after, now));
}

/** A value as people read it; bytes as their number. */
function shown(holder: DataSet, element: Element): string {
  if (element.items !== undefined) return `${element.items.length} item${element.items.length === 1 ? '' : 's'}`;
  const texts = isPixelData(element.tag) ? [] : elementStrings(holder, element);
  const length = element.valueEnd - element.valueStart;
  if (texts.length === 0) return length === 0 ? '' : `${length.toLocaleString('en')} bytes`;
  // control characters would steer the terminal
  return texts.join('\\').replace(/\p{Cc}/gu, ' ');
}

function droppedTokens(before: string, after: string): readonly string[] {
  const left = tokenize(after).map(({text}) => text);
  return tokenize(before).flatMap(({text}) => {
    const at = left.indexOf(text);
    if (at < 0) return [text];
    left.splice(at, 1);
    return [];
  });
}
