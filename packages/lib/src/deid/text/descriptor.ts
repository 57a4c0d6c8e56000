import {foldings, withoutInvisible} from './fold.ts';
import type {KnownIdentifiers} from './knownIdentifiers.ts';
import {tellingStretches} from './stretches.ts';
import {type Token, tokenize} from './tokens.ts';
import type {Vocabulary} from './vocabulary.ts';

/** A description after cleaning. */
export interface CleanedText {
  readonly text: string;
  readonly dropped: readonly string[];
}

const longestNumber = 4;
/** Abbreviations; in other scripts so few letters are a whole name. */
const shortWord = /^[\p{Script=Latin}\p{Script=Greek}]{1,2}$/u;
/**
 * Cleans a description: keeps words of the vocabulary, numbers of at most four digits and single letters, drops everything else with
 * the separator at its left, and everything known of the patient. Order, case and the other separators stay.
 */
export function cleanDescriptor(value: string, vocabulary: Vocabulary, known: KnownIdentifiers): CleanedText {
  const text = withoutInvisible(value);
  const tokens = tokenize(text);
  const keep = tokens.map(token => isHarmless(token, vocabulary, known));
  dropCoveredStretches(text, tokens, keep);
  dropIdentifiers(tokens, keep, known);
  dropInitials(tokens, keep, vocabulary);
  if (!keep.includes(false)) return {text: text === value ? value : text, dropped: []};
  return {text: joined(tokens, keep), dropped: tokens.filter((_, index) => !keep[index]).map(token => token.text)};
}

/**
 * True when a text holds something known of the patient, in any spelling and with any separators.
 * @param counts which of the identifiers count; default all
 */
export function holdsIdentifier(
  text: string,
  known: KnownIdentifiers,
  counts: (word: string) => boolean = () => true,
): boolean {
  if (known.isEmpty) return false;
  const tokens = tokenize(withoutInvisible(text));
  const clear = tokens.map(token => !isIdentifier(token, known, counts));
  dropIdentifiers(tokens, clear, known, counts);
  return clear.includes(false);
}

function isIdentifier(token: Token, known: KnownIdentifiers, counts?: (word: string) => boolean): boolean {
  return foldings(token.text).some(spelling => known.isKnown(spelling, counts));
}

function isHarmless(token: Token, vocabulary: Vocabulary, known: KnownIdentifiers): boolean {
  if (isIdentifier(token, known)) return false;
  if (token.kind === 'digits') return token.text.length <= longestNumber && !known.years.has(token.text);
  if (token.kind === 'other') return false;
  return shortWord.test(token.text) || foldings(token.text).some(spelling => vocabulary.has(spelling));
}

/** Dates, UIDs and long numbers written in groups are more than their tokens. */
function dropCoveredStretches(text: string, tokens: readonly Token[], keep: boolean[]): void {
  const stretches = tellingStretches(text);
  if (stretches.length === 0) return;
  let next = 0;
  let coveredTo = 0;
  let at = 0;
  tokens.forEach((token, index) => {
    const start = at + token.separator.length;
    at = start + token.text.length;
    for (let stretch = stretches[next]; stretch !== undefined && stretch[0] <= start; stretch = stretches[++next]) {
      coveredTo = Math.max(coveredTo, stretch[1]);
    }
    if (at <= coveredTo) keep[index] = false;
  });
}

/** An identifier may be spread over tokens: `A-123 45`, `van der Berg`, `O'Hara`. */
function dropIdentifiers(
  tokens: readonly Token[],
  keep: boolean[],
  known: KnownIdentifiers,
  counts: (word: string) => boolean = () => true,
): void {
  if (known.compact.size === 0) return;
  for (const variant of [0, 1] as const) {
    const folded = tokens.map(token => foldings(token.text)).map(spellings => spellings[variant] ?? spellings[0] ?? '');
    for (let first = 0; first < tokens.length; first++) {
      let whole = '';
      for (let last = first; last < tokens.length; last++) {
        whole += folded[last] ?? '';
        if (!known.prefixes.has(whole)) break;
        if (last > first && known.compact.has(whole) && counts(whole)) keep.fill(false, first, last + 1);
      }
    }
  }
}

/** One or two letters next to a dropped word are an initial or a title (`E. Hansen`, `Dr Hansen`). */
function dropInitials(tokens: readonly Token[], keep: boolean[], vocabulary: Vocabulary): void {
  const dropped = tokens.map((token, index) => !keep[index] && token.kind === 'letters');
  tokens.forEach((token, index) => {
    if (!keep[index] || token.kind !== 'letters' || token.text.length > 2) return;
    const next = tokens[index + 1];
    const joinedToNumber = next?.kind === 'digits' && next.separator === '';
    const isWord = token.text.length === 2 && foldings(token.text).some(spelling => vocabulary.has(spelling));
    if (!joinedToNumber && !isWord && (dropped[index - 1] || dropped[index + 1])) keep[index] = false;
  });
}

/** Puts the kept tokens together; where something without separators is gone, a blank keeps its neighbours apart. */
function joined(tokens: readonly Token[], keep: readonly boolean[]): string {
  let text = '';
  tokens.forEach((token, index) => {
    if (!keep[index]) return;
    const behindGap = index > 0 && !keep[index - 1];
    // the separator before the first token that is left separated it from what is gone
    if (text !== '' || index === 0) text += behindGap && token.separator === '' ? ' ' : token.separator;
    text += token.text;
  });
  return text;
}
