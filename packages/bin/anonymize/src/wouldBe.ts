import {closeSync, openSync} from 'node:fs';
import {readAt} from '@fiona/lib/dicom/byteSource';
import type {DataSet, FileRange} from '@fiona/lib/dicom/dataSet';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import type {Chunk} from '@fiona/lib/dicom/editor';
import type {Instance} from '@fiona/lib/dicom/instance';
import {parseInstance} from '@fiona/lib/dicom/read';

/** What becomes of the pixels, where they stay in the file: they are neither read nor compared. */
export interface PixelFate {
  readonly before: string;
  readonly after: string;
  readonly isKept: boolean;
}

/** What would be written, without the pixels where those are taken from the original file. */
export interface WouldBe {
  readonly dataSet: DataSet;
  /** Undefined: the pixels are in `dataSet` like everything else, or there are none. */
  readonly pixels: PixelFate | undefined;
}

/** Reads stretches of a file while `use` is at work. */
export function withStretches<T>(path: string, use: (read: (range: FileRange) => Buffer) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(({offset, length}) => {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readAt(file, bytes, done, length - done, offset + done);
        if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset});
        done += count;
      }
      return bytes;
    });
  } finally {
    closeSync(file);
  }
}

/**
 * The data set of a new file that was not written. Stretches of the original are never loaded, however long: only pixels are left
 * in the file, so that what stands before and behind them is the header.
 * @throws DicomError
 */
export function wouldBe(chunks: readonly Chunk[], {pixelData}: Instance): WouldBe {
  const first = chunks.findIndex(isStretch);
  if (first < 0)
    return {dataSet: parseInstance(Buffer.concat(chunks.filter(Buffer.isBuffer))).dataSet, pixels: undefined};
  const last = chunks.findLastIndex(isStretch);
  const before = Buffer.concat(chunks.slice(0, first).filter(Buffer.isBuffer));
  const behind = chunks
    .slice(last + 1)
    .filter(Buffer.isBuffer)
    .filter(chunk => !isEndOfPixels(chunk));
  // the header of the pixel element, whose value is missing, is where reading ends
  const {dataSet} = parseInstance(before, {tolerant: true});
  const header = before.subarray(0, dataSet.valueEnd);
  const stretches = chunks.slice(first, last + 1);
  const length = stretches.reduce((sum, chunk) => sum + chunk.length, 0);
  const [only] = stretches;
  const isKept = stretches.length === 1 && only?.length === pixelData?.length;
  return {
    dataSet: parseInstance(Buffer.concat([header, ...behind])).dataSet,
    pixels: {before: bytes(pixelData?.length ?? 0), after: bytes(length), isKept},
  };
}

/** The pad of an odd length, or the delimiter of encapsulated data (PS3.5 A.4). */
function isEndOfPixels(chunk: Buffer): boolean {
  return chunk.length === 1 || (chunk.length === 8 && chunk.readUInt32LE(0) === 0xe0dd_fffe);
}

function isStretch(chunk: Chunk): chunk is FileRange {
  return !Buffer.isBuffer(chunk);
}

function bytes(count: number): string {
  return `${count.toLocaleString('en')} bytes`;
}
