import {numericIccProfile} from '../iccProfile.ts';
import {type CleanedStream, CodestreamError, isPadding, PieceList} from './codestream.ts';

const startOfCodestream = 0xff4f;
const startOfTilePart = 0xff90;
const startOfData = 0xff93;
const endOfCodestream = 0xffd9;
/** Segments that decoders need (ISO 15444-1 table A.1, 15444-15): sizes, coding styles, quantisation, packet lengths and headers. */
const codingSegments = new Set([
  ...[0xff50, 0xff51, 0xff52, 0xff53, 0xff55, 0xff56, 0xff57, 0xff58, 0xff59, 0xff5c, 0xff5d, 0xff5e, 0xff5f],
  ...[0xff60, 0xff61, 0xff63],
]);
const boxSignature = 0x6a502020;
const imageBoxes = new Set(['jP  ', 'ftyp', 'jp2h', 'jp2c']);
/** What may be in a JP2 header box (I.5.3). */
const headerBoxes = new Set(['ihdr', 'bpcc', 'colr', 'pclr', 'cmap', 'cdef', 'res ', 'resc', 'resd']);
const superBoxes = new Set(['jp2h', 'res ']);

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
    if (!codingSegments.has(marker)) removeSegment(at, end, pieces, canCut);
    at = end;
  }
}

/** A comment, or what no decoder knows. */
function removeSegment(at: number, end: number, pieces: PieceList, canCut: boolean): void {
  if (canCut) pieces.cut(at, end);
  else if (end > at + 4) pieces.blank(at + 4, end);
}

/** Tile-part lengths are written in the stream: comments in tile-part headers become zeros. */
function cleanTilePart(bytes: Buffer, start: number, limit: number, pieces: PieceList): number {
  const length = uint32(bytes, start + 6);
  const end = length === 0 ? openEnd(bytes, start, limit) : start + length;
  if (end > limit) throw new CodestreamError('a JPEG 2000 tile is longer than the stream');
  let at = start + 12;
  for (let marker = uint16(bytes, at); marker !== startOfData; marker = uint16(bytes, at)) {
    const next = at + 2 + uint16(bytes, at + 2);
    if (next > end || next < at + 4) throw new CodestreamError('a JPEG 2000 segment is longer than its tile');
    if (!codingSegments.has(marker)) removeSegment(at, next, pieces, false);
    at = next;
  }
  return Math.max(end, at + 2);
}

/** The last tile-part may leave its length open: it goes to the end of the codestream, a marker that coded samples never hold. */
function openEnd(bytes: Buffer, start: number, limit: number): number {
  const data = bytes.subarray(0, limit).indexOf(Buffer.from([0xff, 0x93]), start);
  const found = bytes.subarray(0, limit).indexOf(Buffer.from([0xff, 0xd9]), Math.max(start, data));
  return found > start ? found : limit;
}

/** @returns position behind the last box */
function cleanBoxes(bytes: Buffer, pieces: PieceList): number {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const {name, content, end} = boxAt(bytes, at, bytes.length);
    if (!imageBoxes.has(name)) pieces.cut(at, end);
    else if (superBoxes.has(name)) cleanHeaderBoxes(bytes, content, end, pieces);
    else if (name === 'jp2c') {
      const streamEnd = cleanCodestream(bytes, content, end, pieces, false);
      if (streamEnd < end) pieces.blank(streamEnd, end);
    }
    at = end;
  }
  return at;
}

/** Boxes in the header box become zeros where they are none of the image: the length of the box around them is written before it. */
function cleanHeaderBoxes(bytes: Buffer, start: number, limit: number, pieces: PieceList): void {
  let at = start;
  while (at + 8 <= limit) {
    const {name, content, end} = boxAt(bytes, at, limit);
    const isProfile = name === 'colr' && bytes[content] !== 1;
    if (!headerBoxes.has(name)) pieces.blank(at + 4, end);
    else if (isProfile) cleanProfile(bytes, content + 3, end, pieces);
    else if (superBoxes.has(name)) cleanHeaderBoxes(bytes, content, end, pieces);
    at = end;
  }
  if (at < limit) pieces.blank(at, limit);
}

/** An ICC profile in a colour box: its texts become zeros. */
function cleanProfile(bytes: Buffer, start: number, end: number, pieces: PieceList): void {
  const clean = numericIccProfile(bytes.subarray(start, end));
  if (clean === undefined) throw new CodestreamError('a JP2 box holds a colour profile that is none');
  for (let at = 0; at < clean.length; at++) {
    const from = at;
    while (at < clean.length && clean[at] !== bytes[start + at]) at++;
    if (at > from) pieces.blank(start + from, start + at);
  }
}

function boxAt(bytes: Buffer, at: number, limit: number): {name: string; content: number; end: number} {
  const short = uint32(bytes, at);
  const name = bytes.toString('latin1', at + 4, at + 8);
  const content = at + (short === 1 ? 16 : 8);
  if (content > limit) throw new CodestreamError('a JP2 box has no length');
  const length = short === 0 ? limit - at : short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
  if (at + length < content || at + length > limit) throw new CodestreamError('a JP2 box is longer than the stream');
  return {name, content, end: at + length};
}
