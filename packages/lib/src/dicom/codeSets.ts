import {TextDecoder} from 'node:util';

/**
 * The coded character sets of PS3.3 C.12.1.1.2 (tables C.12-2 to C.12-5) as tables from bytes to characters, made from the
 * decoders of the platform when first used.
 */

/** One coded character set that ISO 2022 puts into the lower (G0) or upper (G1) half of the code table. */
export interface CodeSet {
  /** ISO registration number. */
  readonly registration: string;
  readonly half: 'G0' | 'G1';
  /** Bytes of a character. */
  readonly width: 1 | 2;
  /** Bytes behind ESC that designate it (PS3.3 Table C.12-3, C.12-4). */
  readonly escape: string;
  /** Character of the low 7 bits of one byte or of two bytes (first * 128 + second); undefined where the set has none. */
  readonly toText: () => readonly (string | undefined)[];
}

const replacement = '\ufffd';

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function decodeOne(decoder: TextDecoder, ...bytes: number[]): string | undefined {
  const text = decoder.decode(Uint8Array.from(bytes));
  return text.length === 0 || text.includes(replacement) ? undefined : text;
}

function ascii(): (string | undefined)[] {
  return Array.from({length: 128}, (_, code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : undefined));
}

/** Upper half of a set of ISO 8859, bytes A0 to FF. The C1 range has no characters in DICOM. */
function upperHalf(label: string): (string | undefined)[] {
  const decoder = new TextDecoder(label);
  return Array.from({length: 128}, (_, code) => (code >= 0x20 ? decodeOne(decoder, code | 0x80) : undefined));
}

function katakana(): (string | undefined)[] {
  return Array.from({length: 128}, (_, code) =>
    code > 0x20 && code < 0x60 ? String.fromCharCode(0xff40 + code) : undefined,
  );
}

/** A set of 94 x 94 characters, taken from the EUC encoding that holds it, behind an optional shift byte. */
function pairs(label: string, ...shift: number[]): (string | undefined)[] {
  const decoder = new TextDecoder(label);
  const table = new Array<string | undefined>(128 * 128).fill(undefined);
  for (let first = 0x21; first < 0x7f; first++) {
    for (let second = 0x21; second < 0x7f; second++) {
      table[first * 128 + second] = decodeOne(decoder, ...shift, first | 0x80, second | 0x80);
    }
  }
  return table;
}

function upper(registration: string, designator: string, label: string): CodeSet {
  return {registration, half: 'G1', width: 1, escape: designator, toText: once(() => upperHalf(label))};
}

/** ISO-IR 6, the default repertoire. */
export const asciiSet: CodeSet = {registration: '6', half: 'G0', width: 1, escape: '(B', toText: once(ascii)};
/** ISO-IR 14, JIS X 0201 romaji. Its yen sign and overline stand where ASCII has backslash and tilde, and are read as those. */
const romajiSet: CodeSet = {registration: '14', half: 'G0', width: 1, escape: '(J', toText: once(ascii)};

/** PS3.3 tables C.12-3 and C.12-4. */
export const codeSets: readonly CodeSet[] = [
  asciiSet,
  romajiSet,
  upper('100', '-A', 'iso-8859-1'),
  upper('101', '-B', 'iso-8859-2'),
  upper('109', '-C', 'iso-8859-3'),
  upper('110', '-D', 'iso-8859-4'),
  upper('144', '-L', 'iso-8859-5'),
  upper('127', '-G', 'iso-8859-6'),
  upper('126', '-F', 'iso-8859-7'),
  upper('138', '-H', 'iso-8859-8'),
  upper('148', '-M', 'iso-8859-9'),
  upper('203', '-b', 'iso-8859-15'),
  upper('166', '-T', 'iso-8859-11'),
  {registration: '13', half: 'G1', width: 1, escape: ')I', toText: once(katakana)},
  {registration: '87', half: 'G0', width: 2, escape: '$B', toText: once(() => pairs('euc-jp'))},
  {registration: '159', half: 'G0', width: 2, escape: '$(D', toText: once(() => pairs('euc-jp', 0x8f))},
  {registration: '149', half: 'G1', width: 2, escape: '$)C', toText: once(() => pairs('euc-kr'))},
  {registration: '58', half: 'G1', width: 2, escape: '$)A', toText: once(() => pairs('gb18030'))},
];

/** Sets that the number of a defined term brings: `ISO_IR 13` means romaji below and katakana above. */
export function codeSetsOf(registration: string): readonly CodeSet[] {
  const found = codeSets.filter(set => set.registration === registration);
  return registration === '13' ? [romajiSet, ...found] : found;
}

const inverses = new WeakMap<CodeSet, Map<string, number>>();

/** The other way round: character to the index of {@link CodeSet.toText}. */
export function fromText(set: CodeSet): ReadonlyMap<string, number> {
  let inverse = inverses.get(set);
  if (inverse === undefined) {
    inverse = new Map();
    for (const [code, character] of set.toText().entries()) {
      if (character !== undefined && !inverse.has(character)) inverse.set(character, code);
    }
    inverses.set(set, inverse);
  }
  return inverse;
}
