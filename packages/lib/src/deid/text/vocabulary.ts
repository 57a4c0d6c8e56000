import {foldings} from './fold.ts';
import {ownWords} from './ownWords.ts';
import {standardWords} from './standardWords.ts';

/** Words that may stay in a description, folded. */
export type Vocabulary = ReadonlySet<string>;

let builtIn: Vocabulary | undefined;

/**
 * The vocabulary of the product, with the words of a site added: a word that is not in it does not leave the gateway in a
 * description. It holds no word that is only a given or family name; one that is also a name is dropped from the
 * descriptions of a patient who bears it.
 * @param siteWords text of `ANONYMIZER.vocabularyFile`, one word a line, `#` begins a comment
 */
export function createVocabulary(siteWords = ''): Vocabulary {
  builtIn ??= folded([...standardWords, ...ownWords].flatMap(group => group.words.split(/\s+/)));
  if (siteWords.trim() === '') return builtIn;
  const added = siteWords.split(/\r?\n/).flatMap(line => (line.split('#')[0] ?? '').split(/\s+/));
  return new Set([...builtIn, ...folded(added)]);
}

function folded(words: readonly string[]): Set<string> {
  const set = new Set<string>();
  for (const word of words) if (word !== '') for (const spelling of foldings(word)) set.add(spelling);
  return set;
}
