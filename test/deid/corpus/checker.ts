import {inflateRawSync} from 'node:zlib';
import {parseCharacterSet} from '@fiona/lib/dicom/charset';
import {encodeText} from '@fiona/lib/dicom/encodeText';
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

/**
 * Everything planted that a file still holds: its bytes as they are, without NULs (UTF-16), inflated, and what base64 and
 * hexadecimal runs in them stand for.
 */
export function findLeaks(file: Buffer, plants: Plants, deflatedFrom?: number): Leak[] {
  const leaks = look(file, 'raw', plants);
  if (deflatedFrom !== undefined) leaks.push(...look(inflateRawSync(file.subarray(deflatedFrom)), 'inflated', plants));
  return leaks;
}

function look(bytes: Buffer, view: string, plants: Plants): Leak[] {
  const text = bytes.toString('latin1');
  return [
    ...lookAtText(text, view, plants),
    ...lookAtText(text.replaceAll('\0', ''), `${view} without NUL`, plants),
    ...stemBytes.flatMap(stem => hit(bytes.indexOf(stem), text, `${view} ${stem.toString('hex')}`)),
    ...inner(text, /[A-Za-z0-9+/]{16,}/g, 4, 'base64', view, plants),
    ...inner(text, /[0-9a-fA-F]{16,}/g, 2, 'hex', view, plants),
  ];
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
