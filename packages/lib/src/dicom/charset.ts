import {TextDecoder} from 'node:util';
import {asciiSet, type CodeSet, codeSets, codeSetsOf} from './codeSets.ts';

/** How the text of a data set is encoded: the terms of (0008,0005), parsed. */
export interface CharacterSet {
  /** Defined terms as in the file, trimmed, in order; empty for the default repertoire. */
  readonly terms: readonly string[];
  /** False when a term is not known: text beyond ASCII cannot be read with certainty. */
  readonly known: boolean;
  /** A set for everything, without escape sequences (PS3.3 Table C.12-5). */
  readonly whole: 'utf-8' | 'gb18030' | 'gbk' | undefined;
  /** What is in force at the start of a value and after each delimiter. */
  readonly initial: Designation;
  /** Sets that escape sequences may bring in; empty without code extensions. */
  readonly extensions: readonly CodeSet[];
}

/** The sets in the two halves of the code table. */
export interface Designation {
  readonly g0: CodeSet;
  readonly g1: CodeSet | undefined;
}

const wholeSets: Readonly<Record<string, CharacterSet['whole']>> = {
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};
/** Defined terms, and how they are misspelt: `ISO-IR 100`, `ISO IR 100`, `ISO_2022_IR_100`. */
const writtenTerm = /^ISO[ _-]?(2022[ _-])?IR[ _-]?(\d{1,3})$/;

function canonicalTerm(term: string): string {
  const match = writtenTerm.exec(term.toUpperCase());
  if (match === null) return term.toUpperCase();
  return `${match[1] === undefined ? 'ISO_IR' : 'ISO 2022 IR'} ${match[2]}`;
}

function setsOf(term: string): readonly CodeSet[] {
  return term === '' ? [asciiSet] : codeSetsOf(term.split(' ').at(-1) ?? '');
}

const parsed = new Map<string, CharacterSet>();

/**
 * Parses the values of (0008,0005) (PS3.3 C.12.1.1.2): the first in force at the start, the others reached by escape sequences.
 * An empty first value means ISO-IR 6. Of a set that stands alone (UTF-8, GB18030, GBK) nothing else counts.
 */
export function parseCharacterSet(terms: readonly string[]): CharacterSet {
  const key = terms.join('\\');
  const seen = parsed.get(key);
  if (seen !== undefined) return seen;
  const made = makeCharacterSet(terms.map(term => term.trim()));
  if (parsed.size < 1000) parsed.set(key, made);
  return made;
}

function makeCharacterSet(terms: readonly string[]): CharacterSet {
  const canonical = terms.map(canonicalTerm);
  const whole = wholeSets[canonical[0] ?? ''];
  const hasExtensions = canonical.length > 1 || (canonical[0] ?? '').startsWith('ISO 2022');
  const all = canonical.map(setsOf);
  const first = all[0] ?? [];
  const g0 = first.find(set => set.half === 'G0' && set.width === 1) ?? asciiSet;
  return {
    terms,
    known: whole !== undefined || all.every(sets => sets.length > 0),
    whole,
    initial: {g0, g1: first.find(set => set.half === 'G1')},
    extensions: hasExtensions && whole === undefined ? [...new Set([asciiSet, ...all.flat()])] : [],
  };
}

/** The default repertoire, where (0008,0005) is absent (PS3.5 6.1.2.2). */
export const defaultCharacterSet = parseCharacterSet([]);

interface Decoded {
  readonly text: string;
  /** False when a byte or escape sequence is not of the character set, or a control character stands in the text. */
  readonly valid: boolean;
}

const lenientDecoders = new Map<string, TextDecoder>();
const strictDecoders = new Map<string, TextDecoder>();

function decoderOf(label: string, fatal: boolean): TextDecoder {
  const decoders = fatal ? strictDecoders : lenientDecoders;
  let decoder = decoders.get(label);
  if (decoder === undefined) {
    decoder = new TextDecoder(label, {fatal, ignoreBOM: true});
    decoders.set(label, decoder);
  }
  return decoder;
}

const escapeByte = 0x1b;
/** Control characters that DICOM text may hold: TAB LF FF CR; ESC only in escape sequences (PS3.5 6.1.3). */
const controls = /[\0-\x08\x0b\x0e-\x1f\x7f\x80-\x9f]/;
const beyondAscii = /[^\0-\x7f]/;

/**
 * Bytes to text, as well as it goes: bytes that are not of the character set become U+FFFD, those beyond an undeclared
 * or unknown set are read as Latin-1. Value separators are characters of the result like others.
 * @param isPersonName `^` and `=` end escape sequences as well (PS3.5 6.1.2.5.3)
 */
export function decodeText(bytes: Buffer, charset: CharacterSet, isPersonName = false): string {
  return decode(bytes, charset, isPersonName).text;
}

/**
 * Bytes to text, or undefined when they are not text of this character set: bytes without character, unknown
 * set, escape sequence unknown, not declared or not closed, control characters.
 */
export function decodeTextStrict(bytes: Buffer, charset: CharacterSet, isPersonName = false): string | undefined {
  const {text, valid} = decode(bytes, charset, isPersonName);
  return valid ? text : undefined;
}

function decode(bytes: Buffer, charset: CharacterSet, isPersonName: boolean): Decoded {
  if (charset.whole !== undefined) return decodeWhole(bytes, charset.whole);
  const plain = bytes.toString('latin1');
  if (!beyondAscii.test(plain) && (charset.extensions.length === 0 || !plain.includes('\x1b'))) {
    return {text: plain, valid: !controls.test(plain)};
  }
  if (!charset.known) return {text: plain, valid: false};
  return new Iso2022Reader(bytes, charset, isPersonName).read();
}

function decodeWhole(bytes: Buffer, label: string): Decoded {
  const lenient = decoderOf(label, false).decode(bytes);
  if (!lenient.includes('\ufffd')) return {text: lenient, valid: !controls.test(lenient)};
  try {
    const strict = decoderOf(label, true).decode(bytes);
    return {text: strict, valid: !controls.test(strict)};
  } catch {
    return {text: lenient, valid: false};
  }
}

/** Reads bytes by the rules of ISO 2022 in DICOM (PS3.5 6.1.2.4, 6.1.2.5). */
class Iso2022Reader {
  readonly #bytes: Buffer;
  readonly #charset: CharacterSet;
  /** Characters after which the initial sets are in force again. */
  readonly #delimiters: string;
  #g0: CodeSet;
  #g1: CodeSet | undefined;
  #valid = true;
  #text = '';

  constructor(bytes: Buffer, charset: CharacterSet, isPersonName: boolean) {
    this.#bytes = bytes;
    this.#charset = charset;
    this.#delimiters = isPersonName ? '\t\n\f\r\\^=' : '\t\n\f\r\\';
    this.#g0 = charset.initial.g0;
    this.#g1 = charset.initial.g1;
  }

  read(): Decoded {
    for (let at = 0; at < this.#bytes.length; ) at += this.#readOne(at);
    if (this.#g0.width === 2) this.#valid = false;
    return {text: this.#text, valid: this.#valid};
  }

  /** Reads a character or escape sequence; tells how many bytes it takes. */
  #readOne(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    if (byte === escapeByte && this.#charset.extensions.length > 0) return this.#readEscape(at);
    if (byte < 0x80 && (this.#g0.width === 1 || byte <= 0x20)) return this.#readLow(byte);
    const set = byte < 0x80 ? this.#g0 : this.#g1;
    if (set === undefined) {
      // no set is in force up here: most likely Latin-1 that was not declared
      this.#text += String.fromCharCode(byte);
      this.#valid = false;
      return 1;
    }
    return this.#readFrom(set, at);
  }

  #readLow(byte: number): number {
    const character = String.fromCharCode(byte);
    this.#text += character;
    if (controls.test(character)) this.#valid = false;
    if (this.#delimiters.includes(character)) {
      if (this.#g0.width === 2) this.#valid = false;
      this.#g0 = this.#charset.initial.g0;
      this.#g1 = this.#charset.initial.g1;
    }
    return 1;
  }

  #readFrom(set: CodeSet, at: number): number {
    const first = this.#bytes[at] ?? 0;
    const second = this.#bytes[at + 1] ?? 0;
    const isSameHalf = first >> 7 === second >> 7;
    const code = set.width === 1 ? first & 0x7f : isSameHalf ? (first & 0x7f) * 128 + (second & 0x7f) : -1;
    const character = set.toText()[code];
    if (character === undefined) this.#valid = false;
    this.#text += character ?? '\ufffd';
    return set.width === 2 && isSameHalf && at + 1 < this.#bytes.length ? 2 : 1;
  }

  #readEscape(at: number): number {
    const rest = this.#bytes.toString('latin1', at + 1, at + 4);
    const set = codeSets.find(candidate => rest.startsWith(candidate.escape));
    if (set === undefined) {
      this.#text += '\ufffd';
      this.#valid = false;
      return 1;
    }
    // G0 of romaji and ASCII stand for each other in Japanese data sets
    if (set.width === 2 || set.half === 'G1') this.#valid &&= this.#charset.extensions.includes(set);
    if (set.half === 'G0') this.#g0 = set;
    else this.#g1 = set;
    return 1 + set.escape.length;
  }
}
