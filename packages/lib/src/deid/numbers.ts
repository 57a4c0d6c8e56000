import {isUtf8} from 'node:buffer';
import {lookup} from '../dicom/dictionary.ts';
import {isPrivate, type Tag} from '../dicom/tag.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import type {KnownIdentifiers} from './text/knownIdentifiers.ts';

const maxDecimalString = 16;
const maxIntegerString = 12;
/** Whole numbers of so many digits may be an id; shorter ones are numbers like any other. */
export const shortestNumericId = 6;

/** What a DS or IS value holds. `long` = numbers, among them one of six digits or more before the point, or with an exponent: it may be an id. */
export type NumberText = 'numbers' | 'long' | 'invalid';

/**
 * Whether bytes are the text of numbers: DS (decimals, 16 characters each) or IS (whole numbers, 12 characters each), separated by backslashes,
 * blanks around them, empty values allowed (PS3.5 6.2). Works on bytes: geometry is the bulk of what changes from slice to slice.
 */
export function classifyNumberText(bytes: Buffer, start: number, end: number, vr: 'DS' | 'IS'): NumberText {
  let result: NumberText = 'numbers';
  let from = start;
  for (let at = start; at <= end; at++) {
    if (at < end && bytes[at] !== 0x5c) continue;
    const one = classifyOne(bytes, from, at, vr);
    if (one === 'invalid') return 'invalid';
    if (one === 'long') result = 'long';
    from = at + 1;
  }
  return result;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isSign(byte: number | undefined): boolean {
  return byte === 0x2b || byte === 0x2d;
}

function classifyOne(bytes: Buffer, start: number, end: number, vr: 'DS' | 'IS'): NumberText {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from])) from++;
  while (from < to && isBlank(bytes[to - 1])) to--;
  if (from === to) return 'numbers';
  if (to - from > (vr === 'DS' ? maxDecimalString : maxIntegerString)) return 'invalid';
  if (isSign(bytes[from])) from++;
  const whole = skipDigits(bytes, from, to);
  const wholeDigits = whole - from;
  let at = whole;
  let digits = wholeDigits;
  if (vr === 'DS' && bytes[at] === 0x2e && at < to) {
    const fraction = skipDigits(bytes, at + 1, to);
    digits += fraction - at - 1;
    at = fraction;
  }
  if (digits === 0) return 'invalid';
  const isExponential = vr === 'DS' && at < to && (bytes[at] === 0x65 || bytes[at] === 0x45);
  if (isExponential) {
    const exponent = isSign(bytes[at + 1]) ? at + 2 : at + 1;
    const behind = skipDigits(bytes, exponent, to);
    if (behind === exponent) return 'invalid';
    at = behind;
  }
  if (at !== to) return 'invalid';
  if (vr === 'IS' && wholeDigits >= 10 && !isWholeOf32Bits(bytes.toString('latin1', from, to))) return 'invalid';
  return isExponential || wholeDigits >= shortestNumericId ? 'long' : 'numbers';
}

/** IS has the range of 32 bits with a sign (PS3.5 6.2), ten digits: longer ones are ids, unless they are short and filled with zeros. */
function isWholeOf32Bits(digits: string): boolean {
  const whole = digits.replace(/^0+/, '');
  return digits.length > 10 ? whole.length < shortestNumericId : Number(whole) <= 2 ** 31;
}

function skipDigits(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at])) at++;
  return at;
}

/** True when a number is an id of the patient or a date of the instance, however it is written. */
export function isKnownNumber(value: number, known: KnownIdentifiers): boolean {
  const whole = Math.trunc(Math.abs(value));
  if (whole < 10 ** (shortestNumericId - 1) || !Number.isSafeInteger(whole)) return false;
  const digits = String(whole);
  return known.compact.has(digits) || known.words.has(digits) || known.dates.has(digits);
}

/** Longer lists of numbers are no id whose digits are spread over values. */
const longestSplit = 32;

/** True when whole numbers without sign may together be an id: `77\\31\\945`. */
export function isSplitNumber(text: string): boolean {
  return text.length <= longestSplit && /^[0-9]+(?:\\[0-9]+)+[ \0]*$/.test(text);
}

/** {@link isSplitNumber} of bytes. */
export function mayBeSplit(bytes: Buffer, start: number, end: number): boolean {
  return end - start <= longestSplit && isSplitNumber(bytes.toString('latin1', start, end));
}

/** Bytes of binary numbers that are compared with what is known: shorter ones cannot tell, longer ones are samples or indexes. */
const compared = {least: 4, most: 64} as const;
const widerThan16Bits: ReadonlySet<Vr> = new Set(['UL', 'SL', 'FL', 'FD', 'SV', 'UV']);

/** True when so many bytes of binary numbers may be an id or a name. Bulk data that stays is for the proof to judge. */
export function mayTell(vr: Vr, length: number): boolean {
  const {kind} = vrRules[vr];
  return (kind === 'number' || kind === 'tag') && length >= compared.least && length <= compared.most;
}

/** True when a binary number of this VR may be as large as an id. */
export function mayHoldId(vr: Vr): boolean {
  return widerThan16Bits.has(vr);
}

/** Least bytes that are taken for text: plain words; UTF-8; any set with letters beyond ASCII. */
const shortestTexts = {plain: 8, utf8: 8, anySet: 12} as const;
/** Mantissas are any bytes: among floating-point numbers only longer stretches are no chance. */
const shortestTextsInFloats = {plain: 8, utf8: 24, anySet: 64} as const;
const floats: ReadonlySet<Vr> = new Set(['FL', 'FD']);
const escapeByte = 0x1b;
/** Of the sets of one byte a letter (ISO 8859, JIS X 0201) the first letter. */
const firstLetterOfSets = 0xa1;
const tagLength = 4;
const mostValues = new Map<Tag, number>();

/**
 * Whether bytes may be the numbers of a binary VR: whole values, not more of them than the attribute takes (PS3.6), and no text. Numbers that
 * all happen to spell letters do not occur; names in number fields do.
 * @param start, end where the value is in `bytes`
 */
export function areNumbers(tag: Tag, vr: Vr, bytes: Buffer, start: number, end: number): boolean {
  const {kind, unit} = vrRules[vr];
  if ((end - start) % unit !== 0) return false;
  if (kind !== 'number' && kind !== 'tag') return true;
  if (valueCount(vr, bytes, start, end) > mostValuesOf(tag)) return false;
  return !isText(bytes, start, end, floats.has(vr));
}

/** How many values an element of numbers or text has; 1 where bytes are bytes. */
export function valueCount(vr: Vr, bytes: Buffer, start: number, end: number): number {
  const {kind, unit, multiValued} = vrRules[vr];
  if (kind === 'number' || kind === 'tag') return (end - start) / (kind === 'tag' ? tagLength : unit);
  if (kind !== 'text' || !multiValued) return 1;
  let count = 1;
  for (let at = start; at < end; at++) if (bytes[at] === 0x5c) count++;
  return count;
}

/** Most values of an attribute; private ones may have any number. */
function mostValuesOf(tag: Tag): number {
  const known = mostValues.get(tag);
  if (known !== undefined) return known;
  const most = isPrivate(tag) ? '' : (lookup(tag)?.vm.split('-').at(-1) ?? '');
  const count = /^\d+$/.test(most) ? Number(most) : Number.POSITIVE_INFINITY;
  mostValues.set(tag, count);
  return count;
}

/**
 * Whether bytes read as text: few bytes only when all are letters, digits and what stands between the words of a name; more bytes also in
 * UTF-8, with escape sequences, or in other sets. The longer, the less will numbers look like that by chance.
 */
function isText(bytes: Buffer, start: number, valueEnd: number, areFloats: boolean): boolean {
  let end = valueEnd;
  while (end > start && bytes[end - 1] === 0) end--;
  const length = end - start;
  const {plain, utf8, anySet} = areFloats ? shortestTextsInFloats : shortestTexts;
  if (length < plain) return false;
  let isPlain = true;
  let isOfAnySet = true;
  let letters = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if ((byte < 0x20 && byte !== escapeByte) || byte === 0x7f) return false;
    if (isLetter(byte)) letters++;
    else if (!isDigit(byte) && !isBetweenWords(byte)) isPlain = false;
    // 0xFF is no letter, but half of any small negative number
    if (byte === 0xff || (areFloats && byte > 0x7f && byte < firstLetterOfSets)) isOfAnySet = false;
  }
  if (isPlain) return letters > 0;
  return (length >= utf8 && isUtf8(bytes.subarray(start, end))) || (length >= anySet && isOfAnySet);
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** Blank, apostrophe, comma, hyphen, dot, equals sign, circumflex, underscore. */
function isBetweenWords(byte: number): boolean {
  return (
    byte === 0x20 || byte === 0x27 || (byte >= 0x2c && byte <= 0x2e) || byte === 0x3d || byte === 0x5e || byte === 0x5f
  );
}
