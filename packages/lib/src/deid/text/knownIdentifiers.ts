import {foldings} from './fold.ts';
import {tokenize} from './tokens.ts';
import type {Vocabulary} from './vocabulary.ts';

/** Where an identifier was found: that decides which of its words count. */
export type IdentifierSource = 'name' | 'id' | 'other' | 'birthDate' | 'date';

/** Longer texts are no identifiers but prose; only their words are compared. */
const longestCompact = 64;
const shortestWord = 3;
/** Least letters and digits that are looked for inside longer words, and of longer ones as many as are looked for. */
const shortestPart = {letters: 5, digits: 6} as const;
const longestPart = 8;
/** A word cut short by the length of a VR is recognised by so many letters. */
const shortestBeginning = 6;

/** Words in name and id fields that tell nothing about the patient, and that descriptions, codes and content items need. */
const stopWords = new Set(
  'left right brain head body spine chest abdomen neck knee unknown anonymous anonymized anonymised anon none null test phantom patient name removed research study series dr prof doctor md med van der den the and von mrs text image images code container contains separate continuous complete partial verified unverified admin service user operator tech technician guest system hospital enter last first given family date time number'.split(
    ' ',
  ),
);

/**
 * What is known of the patient, the staff and the place of one instance, folded: used to drop words from descriptions and to
 * prove that none of it is left.
 */
export class KnownIdentifiers {
  /** Single words and numbers. */
  readonly words = new Set<string>();
  /** Whole identifiers without separators: `NO-123/45` is `no12345`, a name `van der Berg` is `vanderberg`. */
  readonly compact = new Set<string>();
  /** Birth years, which no number in a description may be. */
  readonly years = new Set<string>();
  /** Other dates, `YYYYMMDD`: as a number in a number field they would tell the shift. */
  readonly dates = new Set<string>();
  /** Beginnings of whole identifiers: where none begins, none has to be looked for. */
  readonly prefixes = new Set<string>();
  /** Stretches of words and numbers that tell when they stand inside a longer word (`KariNordmann`, `x123456y`), by their first letters. */
  readonly #parts = new Map<string, Set<string>>();
  readonly #notIdentifying: ReadonlySet<string>;
  readonly #vocabulary: Vocabulary;

  /**
   * @param notIdentifying the project's name, the subject: what the output holds on purpose
   */
  constructor(vocabulary: Vocabulary, notIdentifying: readonly string[]) {
    this.#vocabulary = vocabulary;
    this.#notIdentifying = new Set(
      notIdentifying.flatMap(text => [...foldings(text), ...foldings(text).map(compacted)]),
    );
  }

  /** Adds a decoded value. PN values may have component groups (`=`) and components (`^`). */
  add(value: string, source: IdentifierSource): void {
    if (source === 'birthDate') {
      this.#addBirthDate(value);
      return;
    }
    if (source === 'date') {
      for (const [date] of value.matchAll(/\d{8}/g)) this.dates.add(date);
      return;
    }
    const parts = source === 'name' ? value.split(/[\\^=]/) : value.split('\\');
    for (const part of parts) for (const spelling of foldings(part)) this.#addSpelling(spelling.trim(), source);
  }

  /** True when there is nothing to look for. */
  get isEmpty(): boolean {
    return this.words.size === 0 && this.compact.size === 0;
  }

  /** True when a folded word is an identifier, holds one, or is the beginning of one. */
  isKnown(word: string, counts: (word: string) => boolean = () => true): boolean {
    if ((this.words.has(word) || this.compact.has(word)) && counts(word)) return true;
    if (word.length < shortestPart.letters) return false;
    if (word.length >= shortestBeginning && this.prefixes.has(word) && !this.#vocabulary.has(word) && counts(word))
      return true;
    if (this.#parts.size > 0) {
      for (let at = 0; at + shortestPart.letters <= word.length; at++)
        for (const part of this.#parts.get(word.slice(at, at + shortestPart.letters)) ?? [])
          if (word.startsWith(part, at) && counts(part)) return true;
    }
    return false;
  }

  #addSpelling(spelling: string, source: IdentifierSource): void {
    if (spelling === '' || this.#notIdentifying.has(spelling)) return;
    const whole = compacted(spelling);
    const tokens = tokenize(spelling);
    if (this.#counts(whole, source, 2)) this.#addCompact(whole);
    // each half of a double name, with what is between its own letters: `O'Hara-Smith`
    for (const half of spelling.split(/[\s-]+/).map(compacted))
      if (half !== whole && this.#counts(half, source, shortestWord)) this.#addCompact(half);
    // software that takes an id for a number drops its zeros
    if (/^0\d{6,}$/.test(whole)) this.#addCompact(whole.replace(/^0+/, ''));
    for (const token of tokens) {
      const isWord = token.kind === 'letters' || source === 'id' || source === 'name';
      if (!isWord || !this.#counts(token.text, source, shortestWord)) continue;
      this.words.add(token.text);
      this.#addPart(token.text);
      // written in groups: `77 31 945`
      if (token.kind === 'digits' && token.text.length >= shortestPart.digits) this.#addCompact(token.text);
    }
  }

  #counts(word: string, source: IdentifierSource, shortest: number): boolean {
    if (word.length < shortest || stopWords.has(word) || this.#notIdentifying.has(word)) return false;
    // one or two digits are a number like any other
    if (/^\d+$/.test(word)) return word.length >= 4 || (source === 'id' && word.length >= shortestWord);
    return source === 'name' || source === 'id' || !this.#vocabulary.has(word);
  }

  #addPart(word: string): void {
    const isNumber = /^\d+$/.test(word);
    // a common word inside another one tells nothing
    if (word.length < (isNumber ? shortestPart.digits : shortestPart.letters) || this.#vocabulary.has(word)) return;
    const beginning = word.slice(0, shortestPart.letters);
    const parts = this.#parts.get(beginning) ?? new Set<string>();
    parts.add(isNumber ? word : word.slice(0, longestPart));
    this.#parts.set(beginning, parts);
  }

  #addCompact(whole: string): void {
    if (whole.length > longestCompact) return;
    this.compact.add(whole);
    for (let length = 1; length <= whole.length; length++) this.prefixes.add(whole.slice(0, length));
  }

  #addBirthDate(value: string): void {
    const parts = /^(\d{4})\.?(\d\d)\.?(\d\d)$/.exec(value.trim());
    if (parts === null) return;
    const [, year = '', month = '', day = ''] = parts;
    this.years.add(year);
    for (const form of [
      year + month + day,
      day + month + year.slice(2),
      day + month + year,
      year.slice(2) + month + day,
      month + day + year,
    ]) {
      this.#addCompact(form);
      this.words.add(form);
    }
    // days and months without their zeros
    const [shortMonth, shortDay] = [String(Number(month)), String(Number(day))];
    for (const form of [shortDay + shortMonth + year, shortMonth + shortDay + year, year + shortMonth + shortDay])
      this.#addCompact(form);
  }
}

/** Letters and digits only. */
export function compacted(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}
