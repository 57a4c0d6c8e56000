import {createHash} from 'node:crypto';

/** One-way form of a text for the state file: equal texts stay equal, a blank stays a blank. */
export function fingerprint(text: string): string {
  return text === '' ? '' : createHash('sha256').update(text, 'utf8').digest('base64url');
}
