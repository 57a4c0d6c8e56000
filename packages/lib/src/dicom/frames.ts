import {readAt} from './byteSource.ts';
import type {DataSet, Element, Fragment} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {knownTag, type Tag} from './tag.ts';
import {numbers} from './values.ts';

/** What the attributes of an image say of each of its frames (PS3.3 C.7.6.3). */
export interface FrameShape {
  readonly columns: number;
  readonly rows: number;
  readonly pixels: number;
  readonly samples: number;
  readonly bytesPerSample: number;
  readonly bitsStored: number;
  readonly signed: boolean;
  /** All of one sample, then all of the next (PlanarConfiguration 1). */
  readonly planar: boolean;
  readonly frames: number;
}

const tag = {samples: 0x00280002, planar: 0x00280006, frames: 0x00280008, rows: 0x00280010, columns: 0x00280011};
const bitsStoredTag = 0x00280101;

/** No frame that is decoded is larger. */
const mostFrameBytes = 1 << 30;

/**
 * Reads the shape from the data set, or item, that holds the pixel data.
 * @throws DicomError bad-value when an attribute is missing or absurd
 */
export function frameShapeOf(dataSet: DataSet): FrameShape {
  const number = (which: Tag, missing?: number): number => {
    const value = numbers(dataSet, which)?.[0] ?? missing;
    if (value === undefined || !Number.isSafeInteger(value) || value < 0)
      throw new DicomError('bad-value', 'the pixels cannot be found without it', {tag: which});
    return value;
  };
  const rows = number(tag.rows);
  const columns = number(tag.columns);
  const samples = number(tag.samples, 1);
  const bitsAllocated = number(knownTag.bitsAllocated);
  if (bitsAllocated === 0 || bitsAllocated % 8 !== 0)
    throw new DicomError('unsupported', `${bitsAllocated} bits a sample`, {tag: knownTag.bitsAllocated});
  const shape = {
    rows,
    columns,
    pixels: rows * columns,
    samples,
    bytesPerSample: bitsAllocated / 8,
    bitsStored: number(bitsStoredTag, bitsAllocated),
    signed: number(knownTag.pixelRepresentation, 0) === 1,
    planar: samples > 1 && number(tag.planar, 0) === 1,
    frames: Math.max(1, number(tag.frames, 1)),
  };
  const bytes = frameLength(shape);
  if (bytes === 0 || bytes > mostFrameBytes) throw new DicomError('unsupported', `frames of ${bytes} bytes`);
  return shape;
}

/** Bytes of one frame that is not compressed. */
export function frameLength({pixels, samples, bytesPerSample}: FrameShape): number {
  return pixels * samples * bytesPerSample;
}

/** Where fragments are read from: the open file for pixel data left in it, else the bytes of the data set. */
export interface FragmentSource {
  readonly dataSet: DataSet;
  readonly element: Element;
  readonly file: number | undefined;
  /** Memory that was read into before: fresh memory for each frame would pile up until it is collected. */
  scratch?: Buffer | undefined;
}

function readFragment(source: FragmentSource, {offset, length}: Fragment, reuse = false): Buffer {
  const {dataSet, element, file} = source;
  if (element.outside === undefined) return dataSet.bytes.subarray(offset, offset + length);
  const bytes = reuse ? scratchOf(source, length) : Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const count = readAt(file, bytes, done, length - done, offset + done);
    if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset: offset + done});
    done += count;
  }
  return bytes;
}

function scratchOf(source: FragmentSource, length: number): Buffer {
  if (source.scratch === undefined || source.scratch.length < length) source.scratch = Buffer.allocUnsafeSlow(length);
  return source.scratch.subarray(0, length);
}

/**
 * Says which fragments make up each frame (PS3.5 A.4): one each, all of them when there is one frame, else what the basic
 * offset table tells.
 * @throws DicomError unsupported when it cannot be known
 */
export function fragmentsOfFrames(source: FragmentSource, frames: number): Fragment[][] {
  const [table, ...fragments] = source.element.fragments ?? [];
  if (fragments.length === frames) return fragments.map(fragment => [fragment]);
  if (frames === 1 && fragments.length > 0) return [fragments];
  const groups = table && groupsByTable(readFragment(source, table), fragments);
  if (groups?.length === frames) return groups;
  throw new DicomError('unsupported', `${fragments.length} fragments for ${frames} frames`, {tag: source.element.tag});
}

function groupsByTable(table: Buffer, fragments: readonly Fragment[]): Fragment[][] {
  const starts = new Set(Array.from({length: table.length >> 2}, (_, index) => table.readUInt32LE(4 * index)));
  const first = fragments[0]?.offset ?? 0;
  const groups: Fragment[][] = [];
  for (const fragment of fragments) {
    if (starts.has(fragment.offset - first)) groups.push([]);
    groups.at(-1)?.push(fragment);
  }
  return groups;
}

/** The bytes of one frame's fragments together, good until the next frame is read. @throws DicomError truncated, unreadable */
export function readFrame(source: FragmentSource, fragments: readonly Fragment[]): Buffer {
  const [only, ...others] = fragments;
  if (only && others.length === 0) return readFragment(source, only, true);
  return Buffer.concat(fragments.map(fragment => readFragment(source, fragment)));
}
