import {DicomError} from './dicomError.ts';
import type {FrameShape} from './frames.ts';

const headerLength = 64;
const mostSegments = 15;
/** Two bytes of PackBits become at most 128. */
const mostExpansion = 64;

/**
 * Decodes one frame of RLE Lossless (PS3.5 annex G): one segment for each byte of each sample, the most significant byte
 * first, all pixels in each. The frame is in little endian, samples arranged as the shape's planar configuration says.
 * @throws DicomError bad-structure, truncated
 */
export function decodeRleFrame(encoded: Buffer, shape: FrameShape, into: Buffer): void {
  const {pixels, samples, bytesPerSample, planar} = shape;
  const segments = segmentsOf(encoded, samples * bytesPerSample);
  if (segments.some(({length}) => length * mostExpansion < pixels)) throw tooShort();
  const step = planar ? bytesPerSample : samples * bytesPerSample;
  for (const [index, segment] of segments.entries()) {
    const sample = Math.floor(index / bytesPerSample);
    const byte = bytesPerSample - 1 - (index % bytesPerSample);
    const start = byte + sample * (planar ? pixels * bytesPerSample : bytesPerSample);
    unpack(segment, {into, start, step, count: pixels});
  }
}

function tooShort(): DicomError {
  return new DicomError('truncated', 'an RLE segment has too few pixels');
}

/** PS3.5 G.5: number of segments, then 15 offsets. */
function segmentsOf(encoded: Buffer, expected: number): Buffer[] {
  if (encoded.length < headerLength) throw new DicomError('truncated', 'an RLE frame without header');
  const count = encoded.readUInt32LE(0);
  if (count !== expected || count > mostSegments)
    throw new DicomError('bad-structure', `an RLE frame has ${count} segments, not ${expected}`);
  const offsets = Array.from({length: count}, (_, index) => encoded.readUInt32LE(4 + 4 * index));
  return offsets.map((offset, index) => {
    const end = offsets[index + 1] ?? encoded.length;
    if (offset < headerLength || end < offset || end > encoded.length)
      throw new DicomError('bad-structure', 'an RLE segment lies outside its frame');
    return encoded.subarray(offset, end);
  });
}

/** PackBits (PS3.5 G.3) into every `step`th byte. What a run holds beyond the last pixel is padding. */
function unpack(
  segment: Buffer,
  {into, start, step, count}: {into: Buffer; start: number; step: number; count: number},
): void {
  const end = start + count * step;
  let to = start;
  let at = 0;
  while (to < end) {
    const control = segment[at++];
    if (control === undefined) throw tooShort();
    if (control === 128) continue;
    if (control < 128) {
      if (at + control + 1 > segment.length) throw tooShort();
      for (let left = control + 1; left > 0 && to < end; left--, to += step) into[to] = segment[at++] ?? 0;
    } else {
      const value = segment[at++];
      if (value === undefined) throw tooShort();
      for (let left = 257 - control; left > 0 && to < end; left--, to += step) into[to] = value;
    }
  }
}
