import {trimEndOf, trimLeadingBlanks} from './ascii.ts';

declare const brand: unique symbol;

/** A UID that was checked by {@link asUid}: safe as one component of a path. */
export type Uid = string & {readonly [brand]: 'Uid'};

const validUid = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * The one checked constructor of {@link Uid}. Trailing NUL and blanks and leading blanks are padding and dropped. Not only digits and dots:
 * hashed UIDs of earlier pseudonymisation come back. At most 64 characters, no separator, no `..`.
 * @returns undefined when the text is no valid UID
 */
export function asUid(text: string): Uid | undefined {
  const canonical = trimLeadingBlanks(trimEndOf(text, '\0 '));
  return validUid.test(canonical) && !canonical.includes('..') ? (canonical as Uid) : undefined;
}
