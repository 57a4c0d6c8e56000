import type {ByteSource} from './byteSource.ts';
import {DicomError} from './dicomError.ts';
import {dictionaryVr} from './dictionary.ts';
import {groupOf, type Tag} from './tag.ts';
import {type Encoding, explicitLittleEndian, implicitLittleEndian} from './transferSyntax.ts';
import {type Vr, vrOfBytes, vrRules} from './vr.ts';

/** Length field of an element or item that ends with a delimiter. */
export const undefinedLength = 0xffffffff;

/** What stands before a value. One object is used again and again: a big file has millions of elements. */
export interface ElementHeader {
  tag: Tag;
  vr: Vr;
  length: number;
  valueStart: number;
}

/** Reads a 16-bit number. */
export function uint16(bytes: Buffer, at: number, littleEndian: boolean): number {
  const low = bytes[at] ?? 0;
  const high = bytes[at + 1] ?? 0;
  return littleEndian ? low | (high << 8) : (low << 8) | high;
}

/** Reads an unsigned 32-bit number. */
export function uint32(bytes: Buffer, at: number, littleEndian: boolean): number {
  return littleEndian
    ? uint16(bytes, at, true) + uint16(bytes, at + 2, true) * 0x10000
    : uint16(bytes, at, false) * 0x10000 + uint16(bytes, at + 2, false);
}

/** Reads a tag: two 16-bit numbers, each in the byte order of the data set. */
export function readTag(bytes: Buffer, at: number, littleEndian: boolean): Tag {
  return uint16(bytes, at, littleEndian) * 0x10000 + uint16(bytes, at + 2, littleEndian);
}

function isUpperCase(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** True when the two bytes look like a VR, known or not: two capital letters. */
function looksLikeVr(bytes: Buffer, at: number): boolean {
  return isUpperCase(bytes[at] ?? 0) && isUpperCase(bytes[at + 1] ?? 0);
}

/** VRs that writers put where they know none; the length has 16 bits then. */
const placeholders = new Set(['\0\0', '  ', '??', '--']);

/**
 * VR and length of an element in explicit VR whose VR the standard does not know. A future VR has a 32-bit
 * length behind two zero bytes (PS3.5 6.2); older writers' own ones have 16 bits.
 */
function readUnknownVr(source: ByteSource, at: number, littleEndian: boolean, into: ElementHeader): void {
  const {bytes} = source;
  if (!looksLikeVr(bytes, at + 4) && !placeholders.has(bytes.toString('latin1', at + 4, at + 6))) {
    throw new DicomError('bad-structure', 'no value representation', {tag: into.tag, offset: source.fileOffset(at)});
  }
  into.vr = 'UN';
  const long = looksLikeVr(bytes, at + 4) && bytes[at + 6] === 0 && bytes[at + 7] === 0;
  if (!long) {
    into.length = uint16(bytes, at + 6, littleEndian);
    into.valueStart = at + 8;
    return;
  }
  readLongLength(source, at, littleEndian, into);
}

function readLongLength(source: ByteSource, at: number, littleEndian: boolean, into: ElementHeader): void {
  if (!source.ensure(at, 12))
    throw new DicomError('truncated', 'ends within an element header', {tag: into.tag, offset: source.fileOffset(at)});
  into.length = uint32(source.bytes, at + 8, littleEndian);
  into.valueStart = at + 12;
}

/**
 * Reads tag, VR and length of the element at a position (PS3.5 7.1); 8 bytes are loaded there.
 * @throws DicomError truncated, bad-structure
 */
export function readElementHeader(source: ByteSource, at: number, encoding: Encoding, into: ElementHeader): void {
  const {bytes} = source;
  const {littleEndian} = encoding;
  into.tag = readTag(bytes, at, littleEndian);
  if (!encoding.explicit) {
    into.vr = dictionaryVr(into.tag);
    into.length = uint32(bytes, at + 4, littleEndian);
    into.valueStart = at + 8;
    return;
  }
  const vr = vrOfBytes(bytes[at + 4] ?? 0, bytes[at + 5] ?? 0);
  if (vr === undefined) {
    readUnknownVr(source, at, littleEndian, into);
    return;
  }
  into.vr = vr;
  if (vrRules[vr].longLength) {
    readLongLength(source, at, littleEndian, into);
    return;
  }
  into.length = uint16(bytes, at + 6, littleEndian);
  into.valueStart = at + 8;
}

/**
 * The encoding in which the elements at a position really are. Writers put implicit VR items into explicit VR data
 * sets, and the other way round; the first element tells.
 * @param limit position behind the last byte that may belong to them
 */
export function encodingAt(source: ByteSource, position: number, declared: Encoding, limit: number): Encoding {
  if (position + 8 > limit || !source.ensure(position, 8)) return declared;
  const {bytes} = source;
  if (groupOf(readTag(bytes, position, declared.littleEndian)) === 0xfffe) return declared;
  const implicitLength = uint32(bytes, position + 4, true);
  const fitsImplicit = implicitLength === undefinedLength || position + 8 + implicitLength <= limit;
  if (declared.explicit) return looksLikeVr(bytes, position + 4) || !fitsImplicit ? declared : implicitLittleEndian;
  const isVr = vrOfBytes(bytes[position + 4] ?? 0, bytes[position + 5] ?? 0) !== undefined;
  return isVr && !fitsImplicit ? explicitLittleEndian : declared;
}
