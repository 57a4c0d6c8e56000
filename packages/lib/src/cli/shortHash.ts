import {createHash} from 'node:crypto';

/** First 8 hex digits of the SHA-256 of the UTF-8 text: how an identifier may appear in a log. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 8);
}
