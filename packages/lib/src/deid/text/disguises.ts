import {holdsIdentifier} from './descriptor.ts';
import {withoutInvisible} from './fold.ts';
import type {KnownIdentifiers} from './knownIdentifiers.ts';
import {datesIn} from './stretches.ts';

/** Decoded bytes hold short words by chance. */
const shortestDecoded = 4;
const shortestReversed = 5;
const longestSearched = 4096;

/**
 * True when a text that stays as it is holds something known of the patient or a date of the instance, also in a spelling that hides it: UTF-8 read as Latin-1, base64,
 * hexadecimal, percent encoding, backwards. Text that is cleaned word by word needs no such search: it loses every unknown word.
 * @param counts which of the identifiers count where they are written plainly; default all
 */
export function holdsDisguised(
  text: string,
  known: KnownIdentifiers,
  counts: (word: string) => boolean = () => true,
): boolean {
  if (known.isEmpty) return false;
  if (holdsIdentifier(text, known, counts)) return true;
  if (text.length > longestSearched) return false;
  if (datesIn(text).some(date => known.dates.has(date))) return true;
  const isLong = (word: string) => word.length >= shortestDecoded;
  return (
    decodings(text).some(decoded => holdsIdentifier(decoded, known, isLong)) ||
    holdsIdentifier([...withoutInvisible(text)].toReversed().join(''), known, word => word.length >= shortestReversed)
  );
}

function decodings(text: string): string[] {
  const found: string[] = [];
  const addBytes = (bytes: Buffer) => found.push(bytes.toString('utf8'), bytes.toString('latin1'));
  if (/[\x80-\xff]/.test(text) && !/[^\0-\xff]/.test(text)) found.push(Buffer.from(text, 'latin1').toString('utf8'));
  if (/%[0-9A-Fa-f]{2}/.test(text))
    addBytes(
      Buffer.from(
        text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ),
    );
  for (const [run] of text.matchAll(/[0-9A-Fa-f]{8,}/g)) {
    addBytes(Buffer.from(run, 'hex'));
    addBytes(Buffer.from(run.slice(1), 'hex'));
  }
  // a run may have begun in the middle of a group of four
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{6,}/g))
    for (const start of [0, 1, 2, 3]) addBytes(Buffer.from(run.slice(start), 'base64'));
  return found;
}
