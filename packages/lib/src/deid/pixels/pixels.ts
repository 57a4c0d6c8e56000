import {type DataSet, type Element, type FileRange, findElement} from '../../dicom/dataSet.ts';
import type {Chunk} from '../../dicom/editor.ts';
import type {Instance, PixelData} from '../../dicom/instance.ts';
import {isPixelData, knownTag, type Tag} from '../../dicom/tag.ts';
import {encodeElementHeader, encodeItemHeader} from '../../dicom/write.ts';
import {quarantine} from '../outcome.ts';
import {imageTags} from '../profile/imageTags.ts';
import {type CleanedFrames, cleanFrames, type ReadRange} from './encapsulated.ts';
import {frameCount, frameSize, nativeLength} from './nativePixels.ts';
import {clearUnusedBits, hasEmbeddedOverlay, sampleMask} from './overlayBits.ts';

/** Overlays in unused bits are cleared in memory: no scanner ever wrote them in objects larger than this. */
const mostBytesToMask = 256 * 1024 * 1024;
const undefinedLength = 0xffffffff;

/** Rows, Columns, BitsAllocated: together only where there are pixels (PS3.3 C.7.6.3). */
const neededTags: readonly Tag[] = [imageTags.rows, imageTags.columns, imageTags.bitsAllocated];

/** The pixel data element as it is to be written, header included. */
export interface PixelPlan {
  readonly chunks: readonly Chunk[];
  /** New values of elements before the pixels that describe them. */
  readonly values: ReadonlyMap<Tag, Buffer>;
  readonly pixelExcess: number;
  readonly overlayBitsCleared: number;
  readonly segmentsCut: number;
}

/**
 * Plans how the pixels are written: copied from the file as they are, but cut to the length that the header gives them, without comments in
 * compressed streams, without overlays in unused bits.
 * @returns undefined when the instance has no pixel data
 * @throws Halt quarantined bad-pixel-data, bitstream-not-checked
 */
export function planPixels(instance: Instance, read: ReadRange): PixelPlan | undefined {
  const {dataSet, pixelData} = instance;
  if (pixelData === undefined) {
    // A file cut between two elements is whole to the eye; sent, its image would be lost and nobody would know.
    if (neededTags.every(tag => findElement(dataSet, tag) !== undefined)) {
      quarantine('bad-pixel-data', 'the header describes an image, but there are no pixel data', {
        tag: knownTag.pixelData,
      });
    }
    return undefined;
  }
  if (dataSet.elements.filter(({tag}) => isPixelData(tag)).length > 1) {
    quarantine('bad-pixel-data', 'there is more than one pixel data element', {tag: pixelData.element.tag});
  }
  const isCoded = pixelData.fragments !== undefined;
  if (isCoded !== instance.transferSyntax.encapsulated) {
    quarantine('bad-pixel-data', 'the pixel data are not encapsulated as the transfer syntax says', {
      tag: pixelData.element.tag,
    });
  }
  return isCoded ? planEncapsulated(instance, pixelData, read) : planNative(dataSet, pixelData, read);
}

function chunkMaker(dataSet: DataSet, {inFile}: PixelData): (range: FileRange) => Chunk {
  return range =>
    inFile
      ? {offset: range.offset, length: range.length}
      : dataSet.bytes.subarray(range.offset, range.offset + range.length);
}

function readerOf(dataSet: DataSet, {inFile}: PixelData, read: ReadRange): ReadRange {
  return inFile ? read : range => dataSet.bytes.subarray(range.offset, range.offset + range.length);
}

function planNative(dataSet: DataSet, pixelData: PixelData, read: ReadRange): PixelPlan {
  const {element, offset, length = 0} = pixelData;
  const expected = nativeLength(dataSet, element.tag);
  if (expected === undefined)
    quarantine('bad-pixel-data', 'the header does not say how large the image is', {tag: element.tag});
  if (!Number.isInteger(expected) || length < expected) {
    quarantine('bad-pixel-data', 'the pixel data are shorter than the image', {tag: element.tag});
  }
  const even = expected + (expected % 2);
  const asChunk = chunkMaker(dataSet, pixelData);
  const mask = hasEmbeddedOverlay(dataSet) ? sampleMask(dataSet) : undefined;
  if (mask === undefined && hasEmbeddedOverlay(dataSet)) {
    quarantine('bad-pixel-data', 'an overlay lies in bits that the header does not describe', {tag: element.tag});
  }
  const header =
    even === length
      ? headerBytes(dataSet, element)
      : encodeElementHeader(element.tag, element.vr, even, dataSet.encoding);
  const padding = even > expected ? [Buffer.alloc(1)] : [];
  const facts = {values: new Map<Tag, Buffer>(), pixelExcess: Math.max(0, length - even), segmentsCut: 0};
  if (mask === undefined) {
    return {...facts, chunks: [header, asChunk({offset, length: expected}), ...padding], overlayBitsCleared: 0};
  }
  if (expected > mostBytesToMask)
    quarantine('bad-pixel-data', 'an overlay lies in the bits of an object that is too large', {tag: element.tag});
  const pixels = Buffer.from(readerOf(dataSet, pixelData, read)({offset, length: expected}));
  const cleared = clearUnusedBits(pixels, mask, dataSet.encoding.littleEndian);
  return {...facts, chunks: [header, pixels, ...padding], overlayBitsCleared: cleared};
}

function headerBytes(dataSet: DataSet, element: Element): Buffer {
  return dataSet.bytes.subarray(element.start, element.valueStart);
}

function planEncapsulated(instance: Instance, pixelData: PixelData, read: ReadRange): PixelPlan {
  const {dataSet, transferSyntax} = instance;
  const {element, offset, length = 0, fragments = []} = pixelData;
  if (hasEmbeddedOverlay(dataSet))
    quarantine('bitstream-not-checked', 'an overlay lies in bits of compressed pixels', {tag: element.tag});
  const asChunk = chunkMaker(dataSet, pixelData);
  const cleaned = cleanFrames(
    fragments,
    frameCount(dataSet),
    frameSize(dataSet, element.tag),
    transferSyntax.uid,
    readerOf(dataSet, pixelData, read),
    asChunk,
  );
  const facts = {pixelExcess: 0, overlayBitsCleared: 0, segmentsCut: cleaned.segmentsCut};
  if (cleaned.chunks === undefined) {
    return {
      ...facts,
      values: offsetTables(cleaned),
      chunks: [headerBytes(dataSet, element), asChunk({offset, length})],
    };
  }
  const header = encodeElementHeader(element.tag, element.vr, undefinedLength, dataSet.encoding);
  const delimiter = encodeItemHeader(knownTag.sequenceDelimiter, 0, dataSet.encoding.littleEndian);
  return {...facts, values: offsetTables(cleaned), chunks: [header, ...cleaned.chunks, delimiter]};
}

/** Extended offset table and lengths (PS3.3 C.7.6.3.1.8). */
function offsetTables({offsets, lengths}: CleanedFrames): Map<Tag, Buffer> {
  const table = (numbers: readonly number[]) => {
    const bytes = Buffer.alloc(numbers.length * 8);
    numbers.forEach((number, index) => {
      bytes.writeBigUInt64LE(BigInt(number), index * 8);
    });
    return bytes;
  };
  return new Map([
    [imageTags.extendedOffsetTable, table(offsets)],
    [imageTags.extendedOffsetLengths, table(lengths)],
  ]);
}
