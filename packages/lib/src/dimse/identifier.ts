import {type CharacterSet, parseCharacterSet} from '../dicom/charset.ts';
import type {DataSet} from '../dicom/dataSet.ts';
import {dictionaryVr} from '../dicom/dictionary.ts';
import {scanDataSet} from '../dicom/scan.ts';
import type {Tag} from '../dicom/tag.ts';
import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {vrRules} from '../dicom/vr.ts';
import {
  bytesElement,
  encodeDataSet,
  type NewElement,
  numberElement,
  sequenceElement,
  textElement,
} from '../dicom/write.ts';

/** Keys of a query: tag to the text to match, several values joined by a backslash; empty = only to be returned. */
export type QueryKeys = ReadonlyMap<Tag, string>;

/** Level of a query or retrieve (PS3.4 C.6). */
export type QueryLevel = 'PATIENT' | 'STUDY' | 'SERIES' | 'IMAGE';

const specificCharacterSet = 0x00080005;
const queryRetrieveLevel = 0x00080052;

function encodingOf(uid: string) {
  return uid === transferSyntaxUid.implicitLittleEndian ? implicitLittleEndian : explicitLittleEndian;
}

/**
 * Encodes an identifier (PS3.4 C.4.1.1.3). Values that are not ASCII are written in UTF-8, unless the keys name
 * another (0008,0005) Specific Character Set. Throws `DicomError` when that set lacks a character.
 */
export function encodeIdentifier(level: QueryLevel | undefined, keys: QueryKeys, transferSyntax: string): Buffer {
  const all = new Map(keys);
  if (level !== undefined) all.set(queryRetrieveLevel, level);
  const isAscii = [...all.values()].every(value => /^[\x20-\x7e]*$/.test(value));
  if (!isAscii && !all.get(specificCharacterSet)) all.set(specificCharacterSet, 'ISO_IR 192');
  const charset = parseCharacterSet((all.get(specificCharacterSet) ?? '').split('\\'));
  const elements = [...all]
    .sort(([one], [other]) => one - other)
    .map(([tag, value]) => keyElement(tag, value, charset));
  return encodeDataSet(elements, encodingOf(transferSyntax));
}

/** A key as an element; one that is neither text nor number (a sequence, bytes) goes empty. */
function keyElement(tag: Tag, value: string, charset: CharacterSet): NewElement {
  const vr = dictionaryVr(tag);
  if (vr === 'SQ') return sequenceElement(tag, []);
  const {kind} = vrRules[vr];
  if (kind === 'text') return textElement(tag, vr, value, charset);
  const numbers = value === '' ? [] : value.split('\\').map(Number);
  return kind === 'number' && numbers.every(Number.isFinite)
    ? numberElement(tag, vr, numbers)
    : bytesElement(tag, vr, Buffer.alloc(0));
}

/** Reads an identifier that came over the network. Throws `DicomError`. */
export function decodeIdentifier(bytes: Buffer, transferSyntax: string): DataSet {
  return scanDataSet(bytes, encodingOf(transferSyntax));
}
