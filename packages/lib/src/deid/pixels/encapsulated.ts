import type {FileRange, Fragment} from '../../dicom/dataSet.ts';
import type {Chunk} from '../../dicom/editor.ts';
import {knownTag} from '../../dicom/tag.ts';
import {encodeItemHeader} from '../../dicom/write.ts';
import {quarantine} from '../outcome.ts';
import {type CleanedStream, CodestreamError, isPadding, type Piece, PieceList, piecesLength} from './codestream.ts';
import {cleanJpeg} from './jpeg.ts';
import {cleanJpeg2000} from './jpeg2000.ts';
import {cleanRle} from './rle.ts';

/** Reads a stretch of what the fragments' positions refer to. */
export type ReadRange = (range: FileRange) => Buffer;

/** How large the header says an image is; undefined when it does not. */
export interface FrameSize {
  /** Values of one plane. */
  readonly samples: number | undefined;
  /** Bytes of a frame that is not compressed. */
  readonly bytes: number | undefined;
}

/** How the coded bytes of a transfer syntax are looked through; undefined = nobody here can. */
type Cleaner = (frame: Buffer, size: FrameSize) => CleanedStream;

/** Frames that are encapsulated but not compressed end where the image does. */
const cleanUncompressed: Cleaner = (frame, {bytes}) => {
  if (bytes === undefined || frame.length < bytes) throw new CodestreamError('a frame is shorter than the image');
  const isPadded = isPadding(frame, bytes);
  return new PieceList().finish(isPadded ? frame.length : bytes, frame.length);
};

function cleanerOf(transferSyntaxUid: string): Cleaner | undefined {
  const number = /^1\.2\.840\.10008\.1\.2\.4\.(\d+)$/.exec(transferSyntaxUid)?.[1];
  if (transferSyntaxUid === '1.2.840.10008.1.2.5') return (frame, {samples}) => cleanRle(frame, samples);
  if (transferSyntaxUid === '1.2.840.10008.1.2.1.98') return cleanUncompressed;
  if (number === undefined) return undefined;
  const kind = Number(number);
  if ((kind >= 50 && kind <= 70) || kind === 80 || kind === 81) return cleanJpeg;
  return (kind >= 90 && kind <= 93) || (kind >= 201 && kind <= 203) ? cleanJpeg2000 : undefined;
}

/** Encapsulated pixel data after cleaning. */
export interface CleanedFrames {
  /** Items of the new pixel data without sequence delimiter; undefined when nothing changed. */
  readonly chunks: readonly Chunk[] | undefined;
  /** Bytes from the first fragment to each frame's first one, and the bytes of each frame: for the extended offset table. */
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly segmentsCut: number;
}

/**
 * Looks through the coded bytes of every frame, one frame at a time, and leaves out what is no part of the image (PS3.5 A.4).
 * @param fragments the first one is the basic offset table
 * @throws Halt quarantined when the frames cannot be told apart or are not what the transfer syntax says
 */
export function cleanFrames(
  fragments: readonly Fragment[],
  frames: number,
  size: FrameSize,
  transferSyntaxUid: string,
  read: ReadRange,
  asChunk: (range: FileRange) => Chunk,
): CleanedFrames {
  const clean = cleanerOf(transferSyntaxUid);
  if (clean === undefined)
    quarantine('bitstream-not-checked', 'nothing here can look through this kind of compressed pixel data', {
      tag: knownTag.pixelData,
    });
  const [table, ...coded] = fragments;
  if (table === undefined)
    quarantine('bad-pixel-data', 'the encapsulated pixel data have no item', {tag: knownTag.pixelData});
  const oldOffsets = table.length === 0 ? [] : offsetsOf(read(table));
  const groups = groupByFrame(coded, frames, oldOffsets);
  const out: Chunk[] = [];
  const offsets: number[] = [];
  const lengths: number[] = [];
  let segmentsCut = 0;
  let position = 0;
  for (const group of groups) {
    const {pieces, cut} = cleanFrame(group, frame => clean(frame, size), read);
    segmentsCut += cut;
    offsets.push(position);
    const items = pieces === undefined ? itemsAsTheyAre(group, asChunk) : itemOfPieces(group, pieces, asChunk, read);
    lengths.push(items.length);
    for (const chunk of items.chunks) {
      out.push(chunk);
      position += chunk.length;
    }
  }
  const newTable = table.length === 0 ? Buffer.alloc(0) : tableOf(offsets);
  const sameTable = table.length === 0 || newTable.equals(read(table));
  if (segmentsCut === 0 && sameTable) return {chunks: undefined, offsets, lengths, segmentsCut};
  return {
    chunks: [encodeItemHeader(knownTag.item, newTable.length, true), newTable, ...out],
    offsets,
    lengths,
    segmentsCut,
  };
}

function offsetsOf(table: Buffer): number[] {
  if (table.length % 4 !== 0)
    quarantine('bad-pixel-data', 'the basic offset table is no list of offsets', {tag: knownTag.pixelData});
  return Array.from({length: table.length / 4}, (_, index) => table.readUInt32LE(index * 4));
}

function tableOf(offsets: readonly number[]): Buffer {
  const table = Buffer.alloc(offsets.length * 4);
  offsets.forEach((offset, index) => {
    table.writeUInt32LE(offset, index * 4);
  });
  return table;
}

/** Which fragments are of one frame: all, one each, or as the basic offset table says. */
function groupByFrame(
  coded: readonly Fragment[],
  frames: number,
  offsets: readonly number[],
): readonly (readonly Fragment[])[] {
  if (coded.length === 0)
    quarantine('bad-pixel-data', 'the encapsulated pixel data have no fragment', {tag: knownTag.pixelData});
  if (frames === 1) return [coded];
  if (coded.length === frames) return coded.map(fragment => [fragment]);
  const first = coded[0]?.offset ?? 0;
  const starts = new Set(offsets.map(offset => first + offset));
  const groups: Fragment[][] = [];
  for (const fragment of coded) {
    if (starts.has(fragment.offset)) groups.push([fragment]);
    else groups.at(-1)?.push(fragment);
  }
  if (groups.length !== frames)
    quarantine('bad-pixel-data', 'the fragments of the frames cannot be told apart', {tag: knownTag.pixelData});
  return groups;
}

function cleanFrame(
  group: readonly Fragment[],
  clean: (frame: Buffer) => CleanedStream,
  read: ReadRange,
): CleanedStream {
  const frame = group.length === 1 && group[0] !== undefined ? read(group[0]) : Buffer.concat(group.map(read));
  try {
    return clean(frame);
  } catch (error) {
    if (!(error instanceof CodestreamError)) throw error;
    return quarantine('bitstream-not-checked', error.message, {tag: knownTag.pixelData});
  }
}

function itemsAsTheyAre(
  group: readonly Fragment[],
  asChunk: (range: FileRange) => Chunk,
): {chunks: Chunk[]; length: number} {
  const chunks = group.flatMap(fragment => [encodeItemHeader(knownTag.item, fragment.length, true), asChunk(fragment)]);
  return {chunks, length: group.reduce((sum, fragment) => sum + fragment.length, 0)};
}

/** One fragment for a frame that changed. */
function itemOfPieces(
  group: readonly Fragment[],
  pieces: readonly Piece[],
  asChunk: (range: FileRange) => Chunk,
  read: ReadRange,
): {chunks: Chunk[]; length: number} {
  const length = piecesLength(pieces);
  const even = length + (length % 2);
  const chunks: Chunk[] = [encodeItemHeader(knownTag.item, even, true)];
  const only = group.length === 1 ? group[0] : undefined;
  const joined = only === undefined ? Buffer.concat(group.map(read)) : undefined;
  for (const piece of pieces) {
    if ('zeros' in piece) chunks.push(Buffer.alloc(piece.zeros));
    else if (only !== undefined)
      chunks.push(asChunk({offset: only.offset + piece.from, length: piece.to - piece.from}));
    else if (joined !== undefined) chunks.push(joined.subarray(piece.from, piece.to));
  }
  if (even > length) chunks.push(Buffer.alloc(1));
  return {chunks, length: even};
}
