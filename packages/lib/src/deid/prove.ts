import type {CharacterSet} from '../dicom/charset.ts';
import {type DataSet, type Element, walkElements} from '../dicom/dataSet.ts';
import {scanDataSet} from '../dicom/scan.ts';
import {isPrivateCreator, type Tag} from '../dicom/tag.ts';
import type {Encoding} from '../dicom/transferSyntax.ts';
import {characterSetOf, elementStrings} from '../dicom/values.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import {shortestNumericId} from './numbers.ts';
import {holdsIdentifier} from './text/descriptor.ts';
import type {KnownIdentifiers} from './text/knownIdentifiers.ts';
import {canonicalValue} from './uid.ts';

/** Shorter words occur in any text by chance. */
const shortestProved = 4;
/** Random bytes hold short words by chance. */
const shortestInBytes = 6;
const mostRemembered = 50_000;

/** What must not be in the output, prepared once for all instances with the same identifiers. */
export class Sought {
  readonly #known: KnownIdentifiers;
  readonly #words: ReadonlySet<string>;
  readonly #longWords: ReadonlySet<string>;
  /** Texts that were looked through: the slices of a series share theirs. */
  readonly #checked = new Map<string, boolean>();

  constructor(known: KnownIdentifiers) {
    const all = [...known.words, ...known.compact].filter(
      word => word.length >= shortestProved && !isShortNumber(word),
    );
    this.#known = known;
    this.#words = new Set(all);
    this.#longWords = new Set(all.filter(word => word.length >= shortestInBytes));
  }

  /** True when a text holds a known identifier of provable length. */
  isInText(text: string): boolean {
    return this.#words.size > 0 && holdsIdentifier(text, this.#known, word => this.#words.has(word));
  }

  /** True when a whole number is an id. */
  isNumber(text: string): boolean {
    return text.length >= shortestNumericId && this.#words.has(text);
  }

  /** True when bytes hold an identifier as ASCII text or as UTF-16. */
  isInBytes(latin1: string): boolean {
    if (this.#longWords.size === 0) return false;
    return this.#hasRun(latin1) || (wideText.test(latin1) && this.#hasRun(latin1.replaceAll('\0', '')));
  }

  /** Remembers the answer for a text; the set of what is sought never changes. */
  remembered(key: string, check: () => boolean): boolean {
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    if (this.#checked.size >= mostRemembered) this.#checked.clear();
    const found = check();
    this.#checked.set(key, found);
    return found;
  }

  #hasRun(text: string): boolean {
    for (const [run] of text.matchAll(wordRuns)) {
      const lower = run.toLowerCase();
      if (this.#longWords.has(lower)) return true;
      for (const [piece] of lower.matchAll(/[a-z]{6,}|[0-9]{6,}/g)) if (this.#longWords.has(piece)) return true;
    }
    return false;
  }
}

function isShortNumber(word: string): boolean {
  return word.length < shortestNumericId && /^\d+$/.test(word);
}

/** Some letters of UTF-16. */
const wideText = /[A-Za-z0-9]\0[A-Za-z0-9]\0[A-Za-z0-9]\0[A-Za-z0-9]/;
const wordRuns = /[A-Za-z0-9]{6,}/g;
const uidRuns = /[0-9]+(?:\.[0-9]+){3,}/g;
/** Dates and times are compared with no number: a shifted one may look like anything. */
const dateVrs: ReadonlySet<Vr> = new Set(['DA', 'TM', 'DT', 'AS']);

/** What a stretch of output holds. */
export interface Examined {
  /** An element with a known identifier. */
  readonly survivor: Tag | undefined;
  /** Everything in it that has the form of a UID. */
  readonly uids: readonly string[];
}

/**
 * Looks for what must not be in the output: scans it anew, as a receiver would, and looks through every value, decoded.
 * @param bytes elements as they are written, a data set of their own
 * @param characterSet of their texts
 */
export function examine(bytes: Buffer, encoding: Encoding, characterSet: CharacterSet, sought: Sought): Examined {
  if (bytes.length === 0) return nothing;
  const dataSet = scanDataSet(bytes, encoding);
  dataSet.characterSet = characterSet;
  let survivor: Tag | undefined;
  const uids: string[] = [];
  walkElements(dataSet, (element, holder) => {
    // a creator that stays is one of the standard's list, letter by letter
    if (element.items !== undefined || element.valueEnd === element.valueStart || isPrivateCreator(element.tag)) return;
    if (holdsSought(holder, element, sought, uids)) survivor = element.tag;
  });
  return {survivor, uids};
}

const nothing: Examined = {survivor: undefined, uids: []};

/** @param uids those of the value are added */
function holdsSought(holder: DataSet, element: Element, sought: Sought, uids: string[]): boolean {
  const {vr, valueStart, valueEnd} = element;
  if (dateVrs.has(vr)) return false;
  const raw = holder.bytes.toString('latin1', valueStart, valueEnd);
  if (vrRules[vr].kind !== 'text') {
    if (raw.length < shortestInBytes) return false;
    addUids(raw, uids);
    if (wideText.test(raw)) addUids(raw.replaceAll('\0', ''), uids);
    return sought.isInBytes(raw);
  }
  if (vr === 'UI') {
    for (const one of raw.split('\\')) uids.push(canonicalValue(one));
    return false;
  }
  if (vr === 'DS' || vr === 'IS') return raw.split('\\').some(one => sought.isNumber(one.replace(/[^0-9.]/g, '')));
  addUids(raw, uids);
  const set = vrRules[vr].usesCharacterSet ? characterSetOf(holder).terms.join('\\') : '';
  return sought.remembered(`${vr}${set}|${raw}`, () =>
    elementStrings(holder, element).some(text => sought.isInText(text)),
  );
}

function addUids(text: string, uids: string[]): void {
  if (!text.includes('.')) return;
  for (const [run] of text.matchAll(uidRuns)) uids.push(run);
}
