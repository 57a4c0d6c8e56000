import {asciiText} from './ascii.ts';
import {type DataSet, findElement, valueBytes} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {lookup} from './dictionary.ts';
import {encodingAt, readTag, uint32} from './elementHeader.ts';
import type {Scanner} from './scanner.ts';
import {groupOf, knownTag} from './tag.ts';
import {
  type Encoding,
  explicitLittleEndian,
  type TransferSyntax,
  transferSyntaxOf,
  transferSyntaxUid,
} from './transferSyntax.ts';
import {vrOfBytes} from './vr.ts';

/** What stands before the data set, and how to read on. */
export interface FileFormat {
  readonly meta: DataSet | undefined;
  readonly transferSyntax: TransferSyntax;
  readonly guessed: boolean;
  /** As found: a file may not be written as its transfer syntax says. */
  readonly encoding: Encoding;
  readonly dataSetOffset: number;
}

const preambleLength = 128;

/**
 * Recognises a Part 10 file (PS3.10 7.1), one without preamble, or a bare data set, and finds its transfer syntax, guessed from
 * the first element when the file does not tell.
 * @throws DicomError not-dicom
 */
export function recognise(scanner: Scanner): FileFormat {
  const {source} = scanner;
  const hasPrefix =
    source.ensure(preambleLength, 4) && source.bytes.toString('latin1', preambleLength, preambleLength + 4) === 'DICM';
  const start = hasPrefix ? preambleLength + 4 : 0;
  if (!hasPrefix && !startsLikeDataSet(scanner))
    throw new DicomError('not-dicom', 'neither DICM prefix nor data set', {offset: 0});
  const {meta, end} = scanMeta(scanner, start);
  const declared = meta === undefined ? undefined : transferSyntaxIn(meta);
  if (declared?.deflated)
    return {meta, transferSyntax: declared, guessed: false, encoding: declared.encoding, dataSetOffset: end};
  const transferSyntax = declared ?? guessTransferSyntax(scanner, end);
  const encoding = encodingAt(source, end, transferSyntax.encoding, source.end);
  return {meta, transferSyntax, guessed: declared === undefined, encoding, dataSetOffset: end};
}

function transferSyntaxIn(meta: DataSet): TransferSyntax | undefined {
  const element = findElement(meta, knownTag.transferSyntaxUid);
  const uid = element === undefined ? '' : asciiText(valueBytes(meta, element));
  return uid === '' ? undefined : transferSyntaxOf(uid);
}

/** Elements of group 0002 as long as they come: the group length is often wrong or missing. */
function scanMeta(scanner: Scanner, start: number): {meta: DataSet | undefined; end: number} {
  const {source} = scanner;
  const isMeta = (position: number) => groupOf(scanner.peekTag(position, explicitLittleEndian) ?? 0) === 0x0002;
  if (!isMeta(start)) return {meta: undefined, end: start};
  const meta = scanner.begin(start, encodingAt(source, start, explicitLittleEndian, source.end));
  let position = start;
  // depth 1: nothing of the meta information is left in the file
  while (isMeta(position)) position = scanner.scanElement(meta, position, source.end, 1);
  meta.valueEnd = position;
  return {meta, end: position};
}

/** Reads the encoding off the first element, as there is nothing else to go by. */
function guessTransferSyntax(scanner: Scanner, start: number): TransferSyntax {
  const {source} = scanner;
  if (!source.ensure(start, 8)) return transferSyntaxOf(transferSyntaxUid.implicitLittleEndian);
  const {bytes} = source;
  if (vrOfBytes(bytes[start + 4] ?? 0, bytes[start + 5] ?? 0) === undefined)
    return transferSyntaxOf(transferSyntaxUid.implicitLittleEndian);
  // no public group begins a data set with a number of 0x0400 or more: the bytes are swapped
  const isSwapped = groupOf(readTag(bytes, start, true)) >= 0x0400;
  return transferSyntaxOf(isSwapped ? transferSyntaxUid.explicitBigEndian : transferSyntaxUid.explicitLittleEndian);
}

/** Without the prefix only a known public element of a low group with a sound VR or length counts as DICOM. */
function startsLikeDataSet(scanner: Scanner): boolean {
  const {source} = scanner;
  if (!source.ensure(0, 8)) return false;
  const {bytes} = source;
  const isExplicit = vrOfBytes(bytes[4] ?? 0, bytes[5] ?? 0) !== undefined;
  const isKnown = (littleEndian: boolean) => {
    const tag = readTag(bytes, 0, littleEndian);
    return groupOf(tag) >= 0x0002 && groupOf(tag) <= 0x0010 && lookup(tag) !== undefined;
  };
  if (isExplicit) return isKnown(true) || isKnown(false);
  return isKnown(true) && uint32(bytes, 4, true) <= source.end - 8;
}
