import {shortHash} from '../cli/shortHash.ts';
import {cutToBytes} from './request.ts';

const longestFileName = 255;

/**
 * Name of a file that goes with a request file: its whole name between a beginning and an end. When that is longer than a file name may
 * be, the request's part is cut and followed by `~` and 8 hex digits of its SHA-256.
 */
export function derivedName(before: string, requestName: string, after: string): string {
  const full = `${before}${requestName}${after}`;
  if (Buffer.byteLength(full) <= longestFileName) return full;
  const mark = `~${shortHash(requestName)}`;
  const room = longestFileName - Buffer.byteLength(`${before}${mark}${after}`);
  return `${before}${cutToBytes(requestName, room)}${mark}${after}`;
}
