import type {DataSet} from '../../dicom/dataSet.ts';
import {knownTag, type Tag} from '../../dicom/tag.ts';
import {numbers, strings} from '../../dicom/values.ts';
import {quarantine} from '../outcome.ts';
import {imageTags} from '../profile/imageTags.ts';
import type {FrameSize} from './encapsulated.ts';

/**
 * Images of an object; 1 where NumberOfFrames is absent or empty.
 * @throws Halt quarantined when it is no number: nobody can tell which bytes are pixels
 */
export function frameCount(root: DataSet): number {
  const count = numbers(root, imageTags.numberOfFrames)?.[0] ?? 1;
  if (!Number.isInteger(count) || count < 0) {
    quarantine('bad-pixel-data', 'NumberOfFrames is no number', {tag: imageTags.numberOfFrames});
  }
  return Math.max(count, 1);
}

/**
 * Bytes of pixel data that are not encapsulated, by what the header says of them, without padding (PS3.5 8.1.1, 8.2).
 * @returns undefined when the header does not say it
 */
export function nativeLength(root: DataSet, tag: Tag): number | undefined {
  const rows = numbers(root, imageTags.rows)?.[0];
  const columns = numbers(root, imageTags.columns)?.[0];
  const bits =
    tag === knownTag.floatPixelData
      ? 32
      : tag === knownTag.doubleFloatPixelData
        ? 64
        : numbers(root, imageTags.bitsAllocated)?.[0];
  if (!rows || !columns || !bits) return undefined;
  const samples = numbers(root, imageTags.samplesPerPixel)?.[0] || 1;
  const values = rows * columns * samples * frameCount(root);
  if (bits === 1) return Math.ceil(values / 8);
  return values * Math.ceil(bits / 8) * storedShare(strings(root, imageTags.photometricInterpretation)?.[0] ?? '');
}

/** Colours with half or a quarter of the chroma samples take less room (PS3.3 C.7.6.3.1.2). */
function storedShare(photometric: string): number {
  if (photometric.includes('_422')) return 2 / 3;
  return photometric.includes('_420') ? 1 / 2 : 1;
}

/** Values of one plane and bytes of one frame, by what the header says. */
export function frameSize(root: DataSet, tag: Tag): FrameSize {
  const rows = numbers(root, imageTags.rows)?.[0];
  const columns = numbers(root, imageTags.columns)?.[0];
  const length = nativeLength(root, tag);
  return {
    samples: rows && columns ? rows * columns : undefined,
    bytes: length === undefined ? undefined : Math.ceil(length / frameCount(root)),
  };
}
