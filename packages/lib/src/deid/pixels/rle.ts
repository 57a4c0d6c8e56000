import {type CleanedStream, CodestreamError, PieceList} from './codestream.ts';

const headerLength = 64;
const mostSegments = 15;

/**
 * Sets to zero what in an RLE frame (PS3.5 annex G) is no part of the image: offsets that are not used, and bytes between the segments;
 * cuts what is behind the last one.
 * @param samples values of one plane: each segment holds one byte of each; undefined when the header does not say it
 * @throws CodestreamError when the segments do not follow one another
 */
export function cleanRle(frame: Buffer, samples: number | undefined): CleanedStream {
  const segments = frame.length >= headerLength ? frame.readUInt32LE(0) : mostSegments + 1;
  if (segments < 1 || segments > mostSegments || samples === undefined) throw new CodestreamError('no RLE header');
  const pieces = new PieceList();
  const used = 4 + segments * 4;
  if (frame.subarray(used, headerLength).some(byte => byte !== 0)) pieces.blank(used, headerLength);
  let end = headerLength;
  for (let segment = 0; segment < segments; segment++) {
    const start = frame.readUInt32LE(4 + segment * 4);
    const limit = segment + 1 < segments ? frame.readUInt32LE(8 + segment * 4) : frame.length;
    if (start < end || limit < start || limit > frame.length)
      throw new CodestreamError('the RLE segments are not where the header says');
    if (frame.subarray(end, start).some(byte => byte !== 0)) pieces.blank(end, start);
    end = endOfSegment(frame, start, limit, samples);
  }
  const isPadded = frame.length - end <= 1 && (end === frame.length || frame[end] === 0);
  return pieces.finish(isPadded ? frame.length : end, frame.length);
}

/** Position behind the runs that give all bytes of a plane; their values need not be looked at. */
function endOfSegment(frame: Buffer, start: number, limit: number, samples: number): number {
  let at = start;
  let produced = 0;
  while (produced < samples && at < limit) {
    const control = frame.readInt8(at);
    // -128 says nothing (G.3.1)
    if (control === -128) at += 1;
    else if (control < 0) {
      produced += 1 - control;
      at += 2;
    } else {
      produced += control + 1;
      at += control + 2;
    }
  }
  return Math.min(at, limit);
}
