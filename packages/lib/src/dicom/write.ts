import {type CharacterSet, defaultCharacterSet} from './charset.ts';
import {DicomError} from './dicomError.ts';
import {undefinedLength} from './elementHeader.ts';
import {encodeText} from './encodeText.ts';
import {implementationClassUid, implementationVersionName} from './implementation.ts';
import {writeNumbers} from './numbers.ts';
import {knownTag, type Tag} from './tag.ts';
import {type Encoding, explicitLittleEndian} from './transferSyntax.ts';
import {type Vr, vrRules} from './vr.ts';

/** An element to be written. The bytes of `value` are in the byte order of the data set they go to; they are padded when written. */
export type NewElement = NewValue | NewSequence;

export interface NewValue {
  readonly tag: Tag;
  readonly vr: Exclude<Vr, 'SQ'>;
  readonly value: Buffer;
}

export interface NewSequence {
  readonly tag: Tag;
  readonly vr: 'SQ';
  /** Elements of each item, in any order. */
  readonly items: readonly (readonly NewElement[])[];
  /** Write the sequence and its items with delimiters instead of lengths. Default false. */
  readonly undefinedLength?: boolean;
}

/**
 * An element of a text VR from one or several values.
 * @throws DicomError bad-value when the character set lacks a character
 */
export function textElement(
  tag: Tag,
  vr: Exclude<Vr, 'SQ'>,
  text: string | readonly string[],
  charset: CharacterSet = defaultCharacterSet,
): NewValue {
  const joined = typeof text === 'string' ? text : text.join('\\');
  const usedSet = vrRules[vr].usesCharacterSet ? charset : defaultCharacterSet;
  const value = encodeText(joined, usedSet, vr === 'PN');
  if (value === undefined)
    throw new DicomError('bad-value', 'the text has characters that the character set lacks', {tag});
  return {tag, vr, value};
}

/** An element of a binary VR from numbers; AT takes tags. */
export function numberElement(
  tag: Tag,
  vr: Exclude<Vr, 'SQ'>,
  numbers: number | bigint | readonly (number | bigint)[],
  littleEndian = true,
): NewValue {
  const list = typeof numbers === 'object' ? numbers : [numbers];
  return {tag, vr, value: writeNumbers(list, vr, littleEndian)};
}

/** An element whose value is ready; bytes in the byte order of the data set it goes to. */
export function bytesElement(tag: Tag, vr: Exclude<Vr, 'SQ'>, value: Buffer): NewValue {
  return {tag, vr, value};
}

/** A sequence; each item is a list of elements. */
export function sequenceElement(tag: Tag, items: readonly (readonly NewElement[])[]): NewSequence {
  return {tag, vr: 'SQ', items};
}

/** An odd value with one more byte, by VR: NUL for UI and bytes, else a blank (PS3.5 6.2). */
export function padValue(value: Buffer, vr: Vr): Buffer {
  return value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([vrRules[vr].padding])]);
}

const maxShortLength = 0xffff;

/**
 * Tag, VR and length of an element (PS3.5 7.1). A value too long for the 16 bits of its VR is written as UN, as PS3.5 6.2.2 note 5 has it.
 * @param length bytes of the value, or undefinedLength
 */
export function encodeElementHeader(tag: Tag, vr: Vr, length: number, encoding: Encoding): Buffer {
  const isTooLong = encoding.explicit && !vrRules[vr].longLength && length > maxShortLength;
  const writtenVr = isTooLong ? 'UN' : vr;
  const isLong = encoding.explicit && vrRules[writtenVr].longLength;
  const header = Buffer.alloc(isLong ? 12 : 8);
  writeTag(header, 0, tag, encoding.littleEndian);
  if (encoding.explicit) header.write(writtenVr, 4, 'latin1');
  if (isLong || !encoding.explicit) writeUint32(header, isLong ? 8 : 4, length, encoding.littleEndian);
  else writeUint16(header, 6, length, encoding.littleEndian);
  return header;
}

function writeUint16(bytes: Buffer, at: number, value: number, littleEndian: boolean): void {
  if (littleEndian) bytes.writeUInt16LE(value, at);
  else bytes.writeUInt16BE(value, at);
}

function writeUint32(bytes: Buffer, at: number, value: number, littleEndian: boolean): void {
  if (littleEndian) bytes.writeUInt32LE(value, at);
  else bytes.writeUInt32BE(value, at);
}

function writeTag(bytes: Buffer, at: number, tag: Tag, littleEndian: boolean): void {
  writeUint16(bytes, at, tag >>> 16, littleEndian);
  writeUint16(bytes, at + 2, tag & 0xffff, littleEndian);
}

/** Item header or delimiter: tag and length (PS3.5 7.5). */
export function encodeItemHeader(tag: Tag, length: number, littleEndian: boolean): Buffer {
  const header = Buffer.alloc(8);
  writeTag(header, 0, tag, littleEndian);
  writeUint32(header, 4, length, littleEndian);
  return header;
}

/** One element, header, value and padding, sequences with all that is in them. */
export function encodeElement(element: NewElement, encoding: Encoding): Buffer {
  if (element.vr === 'SQ') return encodeSequence(element, encoding);
  const value = padValue(element.value, element.vr);
  return Buffer.concat([encodeElementHeader(element.tag, element.vr, value.length, encoding), value]);
}

function encodeSequence({tag, items, undefinedLength: delimited = false}: NewSequence, encoding: Encoding): Buffer {
  const {littleEndian} = encoding;
  const parts: Buffer[] = [];
  for (const elements of items) {
    const content = encodeDataSet(elements, encoding);
    parts.push(encodeItemHeader(knownTag.item, delimited ? undefinedLength : content.length, littleEndian), content);
    if (delimited) parts.push(encodeItemHeader(knownTag.itemDelimiter, 0, littleEndian));
  }
  if (delimited) parts.push(encodeItemHeader(knownTag.sequenceDelimiter, 0, littleEndian));
  const content = Buffer.concat(parts);
  return Buffer.concat([
    encodeElementHeader(tag, 'SQ', delimited ? undefinedLength : content.length, encoding),
    content,
  ]);
}

/** A data set, or what is in an item: elements sorted by tag, sequences with lengths. For small data sets: identifiers, samples. */
export function encodeDataSet(elements: readonly NewElement[], encoding: Encoding): Buffer {
  const sorted = elements.toSorted((a, b) => a.tag - b.tag);
  return Buffer.concat(sorted.map(element => encodeElement(element, encoding)));
}

/** What a Part 10 file says about itself. */
export interface FileMeta {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** AE title of who sent the instance to us (0002,0016). */
  readonly sourceAe?: string;
}

/**
 * What stands before the data set in a file (PS3.10 7.1): 128 zero bytes, `DICM`, group 0002 with our implementation's
 * UID and name.
 */
export function part10Header(meta: FileMeta): Buffer {
  const elements: NewElement[] = [
    bytesElement(0x00020001, 'OB', Buffer.from([0, 1])),
    textElement(knownTag.mediaStorageSopClassUid, 'UI', meta.sopClassUid),
    textElement(knownTag.mediaStorageSopInstanceUid, 'UI', meta.sopInstanceUid),
    textElement(knownTag.transferSyntaxUid, 'UI', meta.transferSyntaxUid),
    textElement(0x00020012, 'UI', implementationClassUid),
    textElement(0x00020013, 'SH', implementationVersionName),
  ];
  if (meta.sourceAe !== undefined) elements.push(textElement(0x00020016, 'AE', meta.sourceAe));
  const group = encodeDataSet(elements, explicitLittleEndian);
  const length = encodeElement(numberElement(knownTag.fileMetaGroupLength, 'UL', group.length), explicitLittleEndian);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM', 'latin1'), length, group]);
}
