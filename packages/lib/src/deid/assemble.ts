import type {DataSet} from '../dicom/dataSet.ts';
import {applyEdits, type Chunk, type Edits} from '../dicom/editor.ts';
import {isPixelData, knownTag} from '../dicom/tag.ts';
import type {NewElement} from '../dicom/write.ts';
import {quarantine} from './outcome.ts';
import type {PixelPlan} from './pixels/pixels.ts';

/** The new data set in the order in which it is written. */
export interface Parts {
  readonly before: readonly Buffer[];
  readonly pixels: readonly Chunk[];
  readonly after: readonly Buffer[];
  /** What stands before and behind the pixels, together a data set. */
  readonly header: Buffer;
}

/**
 * The new data set around its pixels: elements in the order of their tags, whatever order they came in.
 * @throws Halt quarantined too-large when a value beside the pixels was left in the file
 */
export function assemble(
  root: DataSet,
  edits: Edits,
  added: readonly NewElement[],
  pixels: PixelPlan | undefined,
): Parts {
  const elements = (root.ordered ? root.elements : root.elements.toSorted((a, b) => a.tag - b.tag)).filter(
    ({tag}) => !isPixelData(tag),
  );
  const before: DataSet = {...root, elements: elements.filter(({tag}) => tag < knownTag.pixelData)};
  const after: DataSet = {...root, elements: elements.filter(({tag}) => tag > knownTag.pixelData)};
  for (const element of added) edits.insert(before, element);
  for (const [tag, value] of pixels?.values ?? []) {
    if (elements.some(element => element.tag === tag)) edits.insert(before, {tag, vr: 'OV', value});
  }
  const chunksBefore = applyEdits(before, edits, {sort: true});
  const chunksAfter = after.elements.length === 0 ? [] : applyEdits(after, edits, {sort: true});
  const bytesBefore = buffersOf(chunksBefore);
  const bytesAfter = buffersOf(chunksAfter);
  return {
    before: bytesBefore,
    pixels: pixels?.chunks ?? [],
    after: bytesAfter,
    header: joined([...bytesBefore, ...bytesAfter]),
  };
}

const joined = (buffers: readonly Buffer[]): Buffer =>
  buffers.length === 1 && buffers[0] !== undefined ? buffers[0] : Buffer.concat(buffers);

function buffersOf(chunks: readonly Chunk[]): Buffer[] {
  return chunks.map(chunk => {
    if (!Buffer.isBuffer(chunk)) quarantine('too-large', 'a value beside the pixel data is too large');
    return chunk;
  });
}
