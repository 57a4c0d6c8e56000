import type {CharacterSet} from './charset.ts';
import {type CodeSet, fromText} from './codeSets.ts';

const ascii = /^[\0-\x7f]*$/;

/**
 * Text to bytes in a character set, with escape sequences where it has code extensions.
 * @param isPersonName as for decodeText: `^` and `=` need the initial sets
 * @returns undefined when a character is not in the set, or the set is unknown
 */
export function encodeText(text: string, charset: CharacterSet, isPersonName = false): Buffer | undefined {
  if (charset.whole === 'utf-8') return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined;
  if (ascii.test(text) && !text.includes('\x1b')) return Buffer.from(text, 'latin1');
  if (!charset.known) return undefined;
  if (charset.whole !== undefined) return encodeChinese(text, charset.whole);
  return encodeIso2022(text, charset, isPersonName ? '\t\n\f\r\\^=' : '\t\n\f\r\\');
}

interface Halves {
  g0: CodeSet;
  g1: CodeSet | undefined;
}

function encodeIso2022(text: string, charset: CharacterSet, delimiters: string): Buffer | undefined {
  const out: number[] = [];
  const state: Halves = {...charset.initial};
  for (const character of text) {
    if (character <= ' ' || delimiters.includes(character)) {
      if (character === '\x1b' || character.length > 1) return undefined;
      restore(state, charset, out);
      if (delimiters.includes(character)) state.g1 = charset.initial.g1;
      out.push(character.charCodeAt(0));
      continue;
    }
    if (!encodeCharacter(character, state, charset, out)) return undefined;
  }
  restore(state, charset, out);
  return Buffer.from(out);
}

/** Before delimiters, blanks and at the end the lower half holds the initial set again (PS3.5 6.1.2.5.3). */
function restore(state: Halves, charset: CharacterSet, out: number[]): void {
  if (state.g0 !== charset.initial.g0) designate(charset.initial.g0, state, out);
}

function designate(set: CodeSet, state: Halves, out: number[]): void {
  out.push(0x1b, ...Buffer.from(set.escape, 'latin1'));
  if (set.half === 'G0') state.g0 = set;
  else state.g1 = set;
}

function encodeCharacter(character: string, state: Halves, charset: CharacterSet, out: number[]): boolean {
  const candidates = [state.g0, state.g1, ...charset.extensions];
  const set = candidates.find(candidate => candidate !== undefined && fromText(candidate).has(character));
  const code = set === undefined ? undefined : fromText(set).get(character);
  if (set === undefined || code === undefined) return false;
  if (set !== state.g0 && set !== state.g1) designate(set, state, out);
  const high = set.half === 'G1' ? 0x80 : 0;
  if (set.width === 2) out.push((code >> 7) | high, (code & 0x7f) | high);
  else out.push(code | high);
  return true;
}

const chineseTables = new Map<string, Map<string, Buffer>>();

/** All two-byte codes of GBK, and for GB18030 the four-byte codes of the basic plane, from character to bytes. */
function chineseTable(label: 'gb18030' | 'gbk'): Map<string, Buffer> {
  let table = chineseTables.get(label);
  if (table === undefined) {
    table = new Map();
    const decoder = new TextDecoder(label);
    const add = (bytes: Buffer) => {
      const text = decoder.decode(bytes);
      if ([...text].length === 1 && text !== '\ufffd' && !table?.has(text)) table?.set(text, bytes);
    };
    for (let first = 0x81; first <= 0xfe; first++) {
      for (let second = 0x40; second <= 0xfe; second++) if (second !== 0x7f) add(Buffer.from([first, second]));
    }
    if (label === 'gb18030') for (let index = 0; index < 39420; index++) add(fourBytes(index));
    chineseTables.set(label, table);
  }
  return table;
}

function fourBytes(index: number): Buffer {
  return Buffer.from([
    0x81 + Math.floor(index / 12600),
    0x30 + (Math.floor(index / 1260) % 10),
    0x81 + (Math.floor(index / 10) % 126),
    0x30 + (index % 10),
  ]);
}

/** Linear position of U+10000 among the four-byte codes of GB18030. */
const supplementaryStart = 189000;

function encodeChinese(text: string, label: 'gb18030' | 'gbk'): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) parts.push(Buffer.from([point]));
    else if (point >= 0x10000 && label === 'gb18030') parts.push(fourBytes(supplementaryStart + point - 0x10000));
    else {
      const bytes = chineseTable(label).get(character);
      if (bytes === undefined) return undefined;
      parts.push(bytes);
    }
  }
  return Buffer.concat(parts);
}
