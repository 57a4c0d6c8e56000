import {type CleanedStream, CodestreamError, isPadding, PieceList} from './codestream.ts';

const startOfCodestream = 0xff4f;
const startOfTilePart = 0xff90;
const startOfData = 0xff93;
const endOfCodestream = 0xffd9;
const comment = 0xff64;
const boxSignature = 0x6a502020;
const metadataBoxes = new Set(['xml ', 'uuid', 'uinf', 'jp2i', 'asoc', 'lbl ']);

/**
 * Takes comments out of a JPEG 2000 codestream (ISO 15444-1 annex A) and metadata boxes out of a JP2 file around it (annex I), and
 * what is behind the end. Where lengths written elsewhere would no longer be right, the bytes are set to zero instead.
 * @throws CodestreamError when the markers do not follow one another
 */
export function cleanJpeg2000(bytes: Buffer): CleanedStream {
  const pieces = new PieceList();
  if (bytes.length >= 12 && bytes.readUInt32BE(4) === boxSignature) {
    const end = cleanBoxes(bytes, pieces);
    return isPadding(bytes, end) ? pieces.finish(bytes.length, bytes.length) : pieces.finish(end, bytes.length);
  }
  const end = cleanCodestream(bytes, 0, bytes.length, pieces, true);
  return isPadding(bytes, end) ? pieces.finish(bytes.length, bytes.length) : pieces.finish(end, bytes.length);
}

function uint16(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) throw new CodestreamError('the JPEG 2000 stream ends too early');
  return bytes.readUInt16BE(at);
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new CodestreamError('the JPEG 2000 stream ends too early');
  return bytes.readUInt32BE(at);
}

/** @returns position behind the codestream */
function cleanCodestream(bytes: Buffer, start: number, limit: number, pieces: PieceList, canCut: boolean): number {
  if (uint16(bytes, start) !== startOfCodestream) throw new CodestreamError('no JPEG 2000 codestream');
  let at = start + 2;
  for (;;) {
    const marker = at + 2 <= limit ? uint16(bytes, at) : endOfCodestream;
    if (marker === endOfCodestream) return Math.min(at + 2, limit);
    if (marker === startOfTilePart) {
      at = cleanTilePart(bytes, at, limit, pieces);
      continue;
    }
    if (marker < 0xff00) throw new CodestreamError('a JPEG 2000 segment does not begin with a marker');
    const end = at + 2 + uint16(bytes, at + 2);
    if (end > limit || end < at + 4) throw new CodestreamError('a JPEG 2000 segment is longer than the stream');
    if (marker === comment) removeComment(at, end, pieces, canCut);
    at = end;
  }
}

function removeComment(at: number, end: number, pieces: PieceList, canCut: boolean): void {
  if (canCut) pieces.cut(at, end);
  else if (end > at + 6) pieces.blank(at + 6, end);
}

/** Tile-part lengths are written in the stream: comments in tile-part headers become zeros. */
function cleanTilePart(bytes: Buffer, start: number, limit: number, pieces: PieceList): number {
  const length = uint32(bytes, start + 6);
  const end = length === 0 ? lastEnd(bytes, start, limit) : start + length;
  if (end > limit) throw new CodestreamError('a JPEG 2000 tile is longer than the stream');
  let at = start + 12;
  for (let marker = uint16(bytes, at); marker !== startOfData; marker = uint16(bytes, at)) {
    const next = at + 2 + uint16(bytes, at + 2);
    if (next > end || next < at + 4) throw new CodestreamError('a JPEG 2000 segment is longer than its tile');
    if (marker === comment) removeComment(at, next, pieces, false);
    at = next;
  }
  return Math.max(end, at + 2);
}

/** The last tile-part may leave its length open: it goes to the end of the codestream. */
function lastEnd(bytes: Buffer, start: number, limit: number): number {
  const found = bytes.subarray(0, limit).lastIndexOf(Buffer.from([0xff, 0xd9]));
  return found > start ? found : limit;
}

/** @returns position behind the last box */
function cleanBoxes(bytes: Buffer, pieces: PieceList): number {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const short = uint32(bytes, at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const headerLength = short === 1 ? 16 : 8;
    const length = short === 0 ? bytes.length - at : short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
    if (length < headerLength || at + length > bytes.length)
      throw new CodestreamError('a JP2 box is longer than the stream');
    if (metadataBoxes.has(name)) pieces.cut(at, at + length);
    else if (name === 'jp2c') {
      const end = cleanCodestream(bytes, at + headerLength, at + length, pieces, false);
      if (end < at + length) pieces.blank(end, at + length);
    }
    at += length;
  }
  return at;
}
