import {createHmac, hash} from 'node:crypto';

/** `oid`: decimal digits; `hex`: lower-case hexadecimal (no valid UID, for older projects); `keyed`: digits of an HMAC. */
export type UidStyle = 'oid' | 'hex' | 'keyed';

/** What a pseudonym depends on besides the value: the same four things for a project's whole life. */
export interface PseudonymBase {
  /** The exact REDCap `project_name`, the salt of every digest. */
  project: string;
  style: UidStyle;
  /** Root of mapped UIDs, ends with a dot, at most 24 characters. */
  root: string;
  /** Secret of style `keyed`, at least 32 bytes. */
  key?: Uint8Array;
}

/** A StudyInstanceUID is digested without its padding, every other UID with it. */
export type UidKind = 'study' | 'other';

export const defaultUidRoot = '1.3.6.1.4.1.45037.';

/** Identifies SOP classes, transfer syntaxes, atlases …: assigned by the standard, the same for everybody. */
const wellKnown = /^1\.2\.840\.10008(?:\.[0-9]{1,5})+$/;
/** From `a` down to `0`, from `f` to `5`. */
const fromLetterToDigit = 0x31;
const uidLength = 63;

/** A value without trailing NUL and blanks and without leading blanks: one identity whichever system padded it. */
export function canonicalValue(text: string): string {
  let start = 0;
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0)) end--;
  while (start < end && text.charCodeAt(start) === 0x20) start++;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/**
 * True for UIDs that the standard assigned: they name no patient and are never mapped. A text behind its root is none of them, nor is a long
 * number: the standard counts, and has not come to six digits.
 */
export function isWellKnownUid(uid: string): boolean {
  return uid.length <= 64 && wellKnown.test(uid);
}

/**
 * True when a UID looks like one of ours: it begins with the root and has no further dot after it. Callers use it to recognise
 * de-identified data that come back; the mapping itself treats such a UID like any other.
 */
export function isMappedUid(uid: string, root: string): boolean {
  return uid.startsWith(root) && uid.length > root.length && !uid.includes('.', root.length);
}

/**
 * Digest of a value for a project as text, 64 characters: decimal digits (each nibble modulo 10) or hexadecimal.
 * @param bytes the value's bytes as a latin-1 string, as they are stored
 * @param salt the project's name, or '' for the one pseudonym that does not depend on it
 */
export function digestText(bytes: string, salt: string, base: PseudonymBase): string {
  const hex = digestHex(bytes, salt, base);
  if (base.style === 'hex') return hex;
  let digits = '';
  for (let i = 0; i < hex.length; i++) {
    const code = hex.charCodeAt(i);
    digits += String.fromCharCode(code >= 0x61 ? code - fromLetterToDigit : code);
  }
  return digits;
}

/** SHA-256 of bytes and salt, or HMAC-SHA-256 with the project's secret for style `keyed`, as 64 hexadecimal characters. */
export function digestHex(bytes: string, salt: string, base: PseudonymBase): string {
  const input =
    salt === ''
      ? Buffer.from(bytes, 'latin1')
      : Buffer.concat([Buffer.from(bytes, 'latin1'), Buffer.from(salt, 'utf8')]);
  if (base.style !== 'keyed') return hash('sha256', input, 'hex');
  if (base.key === undefined) throw new TypeError('the UID style "keyed" needs a key');
  return createHmac('sha256', base.key).update(input).digest('hex');
}

/**
 * The pseudonymous UID of a UID: a pure function of value, kind and project, so references equal the new UID of what they name,
 * in other transfers and years later too. Several values are mapped one by one; an empty value stays empty, a well-known one as it is.
 * @param value the element's text, padding allowed
 */
export function mapUid(value: string, options: PseudonymBase & {kind: UidKind}): string {
  if (!value.includes('\\')) return mapOneUid(value, options.kind, options);
  return value
    .split('\\')
    .map(one => mapOneUid(one, options.kind, options))
    .join('\\');
}

function mapOneUid(value: string, kind: UidKind, base: PseudonymBase): string {
  const uid = canonicalValue(value);
  if (uid === '' || isWellKnownUid(uid)) return uid;
  // The older anonymizer hashed stored bytes, in which a UID of odd length carries one NUL; only the study's came without it.
  const input = kind === 'other' && uid.length % 2 === 1 ? `${uid}\0` : uid;
  return (base.root + digestText(input, base.project, base)).slice(0, uidLength);
}

/** Remembers what was mapped: the slices of a series share all UIDs but one. Beyond `limit` values all are forgotten. */
export class UidMapper {
  readonly #options: Record<UidKind, PseudonymBase & {kind: UidKind}>;
  readonly #known: Record<UidKind, Map<string, string>> = {study: new Map(), other: new Map()};
  readonly #limit: number;

  constructor(base: PseudonymBase, limit = 100_000) {
    this.#options = {study: {...base, kind: 'study'}, other: {...base, kind: 'other'}};
    this.#limit = limit;
  }

  /** {@link mapUid} with a memory. */
  map(value: string, kind: UidKind): string {
    const known = this.#known[kind];
    const hit = known.get(value);
    if (hit !== undefined) return hit;
    const mapped = mapUid(value, this.#options[kind]);
    if (known.size >= this.#limit) known.clear();
    known.set(value, mapped);
    return mapped;
  }
}
