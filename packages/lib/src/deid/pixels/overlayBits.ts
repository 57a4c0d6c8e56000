import type {DataSet} from '../../dicom/dataSet.ts';
import {numbers} from '../../dicom/values.ts';
import {imageTags} from '../profile/imageTags.ts';

/** True when an overlay group points into unused bits of the pixels: no data of its own, and a bit position (PS3.3 C.9.2, retired). */
export function hasEmbeddedOverlay(root: DataSet): boolean {
  const groups = new Set<number>();
  const withData = new Set<number>();
  for (const {tag} of root.elements) {
    const group = tag >>> 16;
    if ((group & 0xff01) !== 0x6000) continue;
    if ((tag & 0xffff) === 0x3000) withData.add(group);
    if ((tag & 0xffff) === 0x0102 && (numbers(root, tag)?.[0] ?? 0) > 0) groups.add(group);
  }
  return [...groups].some(group => !withData.has(group));
}

/** The bits of a cell that hold the sample; undefined when the header does not say it or the cells are no 8 or 16 bits. */
export function sampleMask(root: DataSet): {mask: number; bytes: 1 | 2} | undefined {
  const allocated = numbers(root, imageTags.bitsAllocated)?.[0];
  const stored = numbers(root, imageTags.bitsStored)?.[0];
  const high = numbers(root, imageTags.highBit)?.[0] ?? (stored ?? 0) - 1;
  if ((allocated !== 8 && allocated !== 16) || !stored || stored > allocated || high < stored - 1 || high >= allocated)
    return undefined;
  return {mask: (2 ** stored - 1) * 2 ** (high - stored + 1), bytes: allocated === 8 ? 1 : 2};
}

/** Sets all bits outside the sample to zero, in place. @returns how many cells changed */
export function clearUnusedBits(
  pixels: Buffer,
  {mask, bytes}: {mask: number; bytes: 1 | 2},
  littleEndian: boolean,
): number {
  let changed = 0;
  for (let at = 0; at + bytes <= pixels.length; at += bytes) {
    const cell = bytes === 1 ? (pixels[at] ?? 0) : littleEndian ? pixels.readUInt16LE(at) : pixels.readUInt16BE(at);
    const clean = cell & mask;
    if (clean === cell) continue;
    changed++;
    if (bytes === 1) pixels[at] = clean;
    else if (littleEndian) pixels.writeUInt16LE(clean, at);
    else pixels.writeUInt16BE(clean, at);
  }
  return changed;
}
