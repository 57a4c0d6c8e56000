import {type ByteSource, readAt} from './byteSource.ts';
import type {Fragment} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {readTag, uint32, undefinedLength} from './elementHeader.ts';
import {knownTag, type Tag} from './tag.ts';

/** Fragments found, and the byte behind the sequence delimiter. */
export interface FragmentList {
  readonly fragments: Fragment[];
  /** Begin of the sequence delimiter. */
  readonly valueEnd: number;
  readonly end: number;
}

interface Header {
  tag: Tag;
  length: number;
}

/** Reads the 8 bytes of an item header at an offset, or tells that the input ends. */
type HeaderReader = (offset: number, into: Header) => boolean;

/**
 * Walks the fragments of encapsulated data from item header to item header (PS3.5 A.4): fragment bytes are never looked at,
 * so a delimiter's bytes inside a fragment do no harm.
 * @param limit byte behind the last one that may belong to the value
 */
function walk(
  readHeader: HeaderReader,
  start: number,
  limit: number,
  tag: Tag,
  count: (found: number) => void,
): FragmentList {
  const fragments: Fragment[] = [];
  const header: Header = {tag: 0, length: 0};
  for (let at = start; ; ) {
    if (at + 8 > limit || !readHeader(at, header))
      throw new DicomError('truncated', 'encapsulated data without end', {tag, offset: at});
    if (header.tag === knownTag.sequenceDelimiter) {
      if (header.length !== 0)
        throw new DicomError('bad-length', 'sequence delimiter with a length', {tag, offset: at});
      return {fragments, valueEnd: at, end: at + 8};
    }
    if (header.tag !== knownTag.item)
      throw new DicomError('bad-structure', 'neither fragment nor delimiter', {tag, offset: at});
    if (header.length === undefinedLength)
      throw new DicomError('bad-length', 'fragment of undefined length', {tag, offset: at});
    if (at + 8 + header.length > limit) throw new DicomError('truncated', 'ends within a fragment', {tag, offset: at});
    fragments.push({offset: at + 8, length: header.length});
    count(1);
    at += 8 + header.length;
  }
}

/** Fragments in the scanned bytes: their bytes are loaded. Offsets are positions. */
export function scanFragments(
  source: ByteSource,
  start: number,
  limit: number,
  tag: Tag,
  littleEndian: boolean,
  count: (found: number) => void,
): FragmentList {
  const readHeader: HeaderReader = (offset, into) => {
    if (!source.ensure(offset, 8)) return false;
    into.tag = readTag(source.bytes, offset, littleEndian);
    into.length = uint32(source.bytes, offset + 4, littleEndian);
    return true;
  };
  return walk(readHeader, start, limit, tag, count);
}

const windowSize = 4096;

/** Fragments left in the file: only item headers are read, through a small window. Offsets are bytes of the file. */
export function scanFileFragments(
  file: number,
  start: number,
  fileSize: number,
  tag: Tag,
  littleEndian: boolean,
  count: (found: number) => void,
): FragmentList {
  const window = Buffer.allocUnsafe(windowSize);
  let windowStart = 0;
  let windowLength = 0;
  const readHeader: HeaderReader = (offset, into) => {
    if (offset < windowStart || offset + 8 > windowStart + windowLength) {
      windowStart = offset;
      windowLength = readAt(file, window, 0, Math.min(windowSize, fileSize - offset), offset);
      if (windowLength < 8) return false;
    }
    into.tag = readTag(window, offset - windowStart, littleEndian);
    into.length = uint32(window, offset - windowStart + 4, littleEndian);
    return true;
  };
  return walk(readHeader, start, fileSize, tag, count);
}
