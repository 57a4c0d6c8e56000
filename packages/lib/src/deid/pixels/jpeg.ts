import {type CleanedStream, CodestreamError, isPadding, PieceList} from './codestream.ts';

const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
/** Application segments that decoders need, by marker, with what they begin with. */
const neededApplications: Readonly<Record<number, readonly string[]>> = {
  224: ['JFIF\0'],
  232: ['mrfx', 'SPIFF\0'],
  238: ['Adobe'],
};

/**
 * Cuts comments and application segments out of a JPEG (ISO 10918-1) or JPEG-LS (ISO 14495-1) stream, and what is behind its end.
 * Cameras and software put their texts, thumbnails and whole metadata records there.
 * @throws CodestreamError when the segments do not follow one another
 */
export function cleanJpeg(bytes: Buffer): CleanedStream {
  if (bytes[0] !== 0xff || bytes[1] !== startOfImage) throw new CodestreamError('no JPEG stream');
  const pieces = new PieceList();
  for (let at = 2; ; ) {
    const start = at;
    if (bytes[at] !== 0xff) throw new CodestreamError('a JPEG segment does not begin with a marker');
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) throw new CodestreamError('the JPEG stream ends within a marker');
    if (marker === endOfImage)
      return isPadding(bytes, at) ? pieces.finish(bytes.length, bytes.length) : pieces.finish(at, bytes.length);
    if (isStandalone(marker)) continue;
    const end = at + segmentLength(bytes, at);
    if (end > bytes.length) throw new CodestreamError('the JPEG stream ends within a segment');
    if (!isCoding(marker) && isNeedless(bytes, marker, at + 2, end)) pieces.cut(start, end);
    at = marker === startOfScan ? endOfScan(bytes, end) : end;
    // nobody could tell coded samples from what somebody put behind them
    if (at >= bytes.length) throw new CodestreamError('the JPEG stream has no end');
  }
}

function segmentLength(bytes: Buffer, at: number): number {
  const length = at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
  if (length < 2) throw new CodestreamError('a JPEG segment has no length');
  return length;
}

function isStandalone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** Frames, tables, scans and restart intervals of JPEG, frames and parameters of JPEG-LS. Comments and reserved segments are none. */
function isCoding(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xdf && marker !== 0xc8) || marker === 0xf7 || marker === 0xf8;
}

function isNeedless(bytes: Buffer, marker: number, from: number, to: number): boolean {
  const begins = neededApplications[marker] ?? [];
  const name = begins.find(text => bytes.toString('latin1', from, from + text.length) === text);
  if (name === undefined) return true;
  // JFIF may carry a thumbnail of the image
  return marker === 0xe0 && to - from > 14;
}

/** Position of the first marker behind coded samples: 0xFF not followed by a stuffed zero (or, JPEG-LS, a zero bit) or a restart. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) return bytes.length;
    if (next < 0x80 || (next >= 0xd0 && next <= 0xd7) || next === 0xff) continue;
    return at;
  }
  return bytes.length;
}
