import {inflateRawSync, inflateSync} from 'node:zlib';
import {decodeText, parseCharacterSet} from '@fiona/lib/dicom/charset';
import {encodeText} from '@fiona/lib/dicom/encodeText';
import {parseInstance} from '@fiona/lib/dicom/read';
import {numbers} from '@fiona/lib/dicom/values';
import {idStem, type Plants, uidStem} from './plants.ts';
import {latinStem, scripts} from './scripts.ts';

/** Something planted that is still there. */
export interface Leak {
  /** How the bytes were read when it was seen. */
  readonly view: string;
  readonly kind: 'word' | 'id' | 'uid' | 'date';
  /** What stands there, and around it. */
  readonly text: string;
  readonly offset: number;
}

/** The stems of other scripts as bytes, in every set that has the letters. */
const stemBytes = distinct(
  scripts.flatMap(({stem}) => [
    Buffer.from(stem, 'utf8'),
    Buffer.from(stem, 'utf16le'),
    Buffer.from(stem, 'utf16le').swap16(),
    ...scripts.flatMap(({terms}) => {
      const encoded = encodeText(stem, parseCharacterSet(terms));
      return encoded === undefined ? [] : [encoded, withoutEscapes(encoded)];
    }),
  ]),
).filter(bytes => bytes.length >= 4 && bytes.toString('latin1').toLowerCase() !== latinStem.toLowerCase());

/** Also where its letters were put apart by something that nobody sees. */
const spread = new RegExp([...latinStem].join('[^a-z0-9]{0,3}'), 'gi');
const digitRuns = /\d{6,}/g;
const datesInText = /(?<!\d)(?:(\d{4})([-./_ ])(\d\d)\2(\d\d)|(\d\d)([-./_ ])(\d\d)\6(\d{4}))(?!\d)/g;

/** Character sets that the corpus is written in, UTF-8 last of all. */
const characterSets = scripts.map(({terms}) => parseCharacterSet(terms)).filter(({terms}) => terms.length > 0);

/**
 * Everything planted that a file still holds: its bytes as they are, without NULs (UTF-16), in every character set, inflated, what base64 and
 * hexadecimal runs in them stand for, and the planes of bits that samples leave free.
 */
export function findLeaks(file: Buffer, plants: Plants, deflatedFrom?: number): Leak[] {
  const leaks = look(file, 'raw', plants);
  const dataSet = deflatedFrom === undefined ? undefined : inflateRawSync(file.subarray(deflatedFrom));
  if (dataSet !== undefined) leaks.push(...look(dataSet, 'inflated', plants));
  for (const {name, bytes} of freeBitPlanes(file)) leaks.push(...look(bytes, name, plants));
  return leaks;
}

/** Whether a value holds something planted, read in whatever way. */
export function holdsPlanted(bytes: Buffer, plants: Plants): boolean {
  return bytes.length >= shortestPlanted && look(bytes, '', plants).length > 0;
}

/** A stem of two letters of two bytes. */
const shortestPlanted = 4;

function look(bytes: Buffer, view: string, plants: Plants): Leak[] {
  const plain = lookAtBytes(bytes, view, plants);
  // what is seen at once need not be seen in every other way
  if (plain.length > 0) return plain;
  return [
    ...(hasHighByte(bytes) ? characterSets : []).flatMap(set =>
      lookAtDecoded(decodeText(bytes, set), `${view} in ${set.terms.join()}`),
    ),
    ...packed(bytes).flatMap(inside => lookAtBytes(inside, `${view} unpacked`, plants)),
  ];
}

function lookAtBytes(bytes: Buffer, view: string, plants: Plants): Leak[] {
  const text = bytes.toString('latin1');
  return [
    ...lookAtText(text, view, plants),
    ...lookAtText(text.replaceAll('\0', ''), `${view} without NUL`, plants),
    ...stemBytes.flatMap(stem => hit(bytes.indexOf(stem), text, `${view} ${stem.toString('hex')}`)),
    ...inner(text, /[A-Za-z0-9+/]{16,}/g, 4, 'base64', view, plants),
    ...inner(text, /[0-9a-fA-F]{16,}/g, 2, 'hex', view, plants),
  ];
}

const stemsOfLetters = [...new Set(scripts.map(({stem}) => foldedStem(stem)))];

/** Letters of whatever width, with or without marks and what nobody sees among them. */
function lookAtDecoded(decoded: string, view: string): Leak[] {
  const folded = foldedStem(decoded);
  return stemsOfLetters.flatMap(stem => hit(folded.indexOf(stem), folded, view));
}

function foldedStem(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{Mn}]/gu, '')
    .toLowerCase();
}

function hasHighByte(bytes: Buffer): boolean {
  return bytes.some(byte => byte > 0x7f || byte === 0x1b);
}

/** Without name or comment. */
const gzipStart = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
const gzipHeaderLength = 10;

/** What zlib and gzip streams inside of bytes hold, wherever they begin. */
function packed(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const attempt = (unpack: (bytes: Buffer) => Buffer, at: number) => {
    try {
      found.push(unpack(bytes.subarray(at)));
    } catch {
      // no stream begins here
    }
  };
  for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1))
    if (bytes.length > at + 1 && bytes.readUInt16BE(at) % 31 === 0) attempt(inflateSync, at);
  for (let at = bytes.indexOf(gzipStart); at >= 0; at = bytes.indexOf(gzipStart, at + 1))
    attempt(inflateRawSync, at + gzipHeaderLength);
  return found;
}

/** The bits of 16-bit cells that hold no sample, each plane eight cells a byte, in both orders of bits. */
function freeBitPlanes(file: Buffer): {name: string; bytes: Buffer}[] {
  const {dataSet, pixelData} = parseInstance(file);
  const [allocated, stored] = [0x0028_0100, 0x0028_0101].map(tag => numbers(dataSet, tag)?.[0] ?? 0);
  if (pixelData?.length === undefined || pixelData.fragments !== undefined || allocated !== 16 || stored === undefined)
    return [];
  const samples = dataSet.bytes.subarray(pixelData.offset, pixelData.offset + pixelData.length);
  const planes: {name: string; bytes: Buffer}[] = [];
  for (let bit = stored; bit < 16; bit++) {
    const [low, high] = [Buffer.alloc(samples.length >> 4), Buffer.alloc(samples.length >> 4)];
    for (let cell = 0; cell >> 3 < low.length; cell++) {
      const value = dataSet.encoding.littleEndian ? samples.readUInt16LE(cell * 2) : samples.readUInt16BE(cell * 2);
      if (((value >> bit) & 1) === 0) continue;
      low[cell >> 3] = (low[cell >> 3] ?? 0) | (1 << (cell & 7));
      high[cell >> 3] = (high[cell >> 3] ?? 0) | (0x80 >> (cell & 7));
    }
    planes.push({name: `bit ${bit}`, bytes: low}, {name: `bit ${bit} reversed`, bytes: high});
  }
  return planes;
}

function inner(
  text: string,
  runs: RegExp,
  alignments: number,
  encoding: 'base64' | 'hex',
  view: string,
  plants: Plants,
): Leak[] {
  return [...text.matchAll(runs)].flatMap(([run]) =>
    Array.from({length: alignments}, (_, skip) => Buffer.from(run.slice(skip), encoding)).flatMap(decoded => {
      const inside = decoded.toString('latin1');
      return [
        ...packed(decoded).flatMap(unpacked =>
          lookAtText(unpacked.toString('latin1'), `${view} ${encoding} unpacked`, plants),
        ),
        ...lookAtText(inside, `${view} ${encoding}`, plants),
        ...lookAtText(inside.replaceAll('\0', ''), `${view} ${encoding}`, plants),
        ...stemBytes.flatMap(stem => hit(decoded.indexOf(stem), inside, `${view} ${encoding}`)),
      ];
    }),
  );
}

function lookAtText(text: string, view: string, {ids, dates}: Plants): Leak[] {
  const leaks: Leak[] = [];
  const add = (kind: Leak['kind'], offset: number) =>
    leaks.push({view, kind, text: text.slice(Math.max(0, offset - 24), offset + 40), offset});
  for (const {index} of text.matchAll(spread)) add('word', index);
  for (let at = text.indexOf(uidStem); at >= 0; at = text.indexOf(uidStem, at + 1)) add('uid', at);
  for (const {0: run, index} of text.matchAll(digitRuns)) {
    const at = run.indexOf(idStem);
    if (at >= 0 && ids.has(run.slice(at, at + 12))) add('id', index);
    // a date, or a date and a time; other lengths are parts of numbers
    const isDate = run.length === 8 || run.length === 10 || run.length === 12 || run.length === 14;
    const [day, month, year] = [run.slice(0, 2), run.slice(2, 4), run.slice(4, 8)];
    if (isDate && (dates.has(run.slice(0, 8)) || (run.length === 8 && dates.has(year + month + day))))
      add('date', index);
  }
  for (const match of text.matchAll(datesInText)) {
    const [, year, , month, day, day2, , month2, year2] = match;
    if (dates.has(`${year ?? year2}${month ?? month2}${day ?? day2}`)) add('date', match.index);
  }
  return leaks;
}

function hit(offset: number, text: string, view: string): Leak[] {
  return offset < 0 ? [] : [{view, kind: 'word', text: text.slice(Math.max(0, offset - 24), offset + 40), offset}];
}

function withoutEscapes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/\x1b(?:\$[()-]?[@-~]|[(-][@-~])/g, ''), 'latin1');
}

function distinct(list: readonly Buffer[]): Buffer[] {
  return [...new Map(list.map(bytes => [bytes.toString('hex'), bytes])).values()];
}
