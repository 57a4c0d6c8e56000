/** Letters that do not come apart under NFKD, and how people write them without the key: first plain, then with two letters. */
const letters: Readonly<Record<string, readonly [string, string]>> = {
  æ: ['ae', 'ae'],
  ø: ['o', 'oe'],
  å: ['a', 'aa'],
  ä: ['a', 'ae'],
  ö: ['o', 'oe'],
  ü: ['u', 'ue'],
  ß: ['ss', 'ss'],
  ð: ['d', 'd'],
  þ: ['th', 'th'],
  ł: ['l', 'l'],
  đ: ['d', 'd'],
  ı: ['i', 'i'],
};
const plainAscii = /^[\x20-\x7e]*$/;
const specialLetter = /[æøåäöüßðþłđı]/g;
const marks = /\p{M}+/gu;
/** Control, format and zero-width characters, soft hyphens: invisible, so they must not tell two spellings apart. */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: single code points on purpose
const invisible = /[\p{Cc}\p{Cf}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]+/gu;

/** Drops control, zero-width and other invisible characters; line breaks become blanks. */
export function withoutInvisible(text: string): string {
  return plainAscii.test(text) ? text : text.replace(/[\t\n\f\r]+/g, ' ').replace(invisible, '');
}

/**
 * The spellings under which a text is compared: lower case, without diacritics; one name in Latin-1, UTF-8 or ISO 2022, with or
 * without diacritics, is one name. Two spellings where `ø å ä ö ü` can be written with one letter or two.
 * @returns one or two texts
 */
export function foldings(text: string): readonly string[] {
  if (plainAscii.test(text)) return [text.toLowerCase()];
  const lower = text.replace(invisible, '').normalize('NFKC').toLowerCase().normalize('NFC');
  const plain = foldLetters(lower, 0);
  const wide = foldLetters(lower, 1);
  return plain === wide ? [plain] : [plain, wide];
}

function foldLetters(text: string, variant: 0 | 1): string {
  return text
    .replace(specialLetter, letter => letters[letter]?.[variant] ?? letter)
    .normalize('NFKD')
    .replace(marks, '');
}
