import {type CharacterSet, parseCharacterSet} from '@fiona/lib/dicom/charset';

/** How the texts of an instance are written, with a stem that no text of the product holds, in letters of that script. */
export interface Script {
  readonly name: string;
  readonly terms: readonly string[];
  /** Every name and phrase that is planted in this script holds it. */
  readonly stem: string;
  /** Letters that follow the stem and make it unique. */
  readonly letters: string;
}

/** Stem of everything that is planted in Latin letters. */
export const latinStem = 'Qzvxk';
const consonants = 'bcdfghjklmnpqrstvwxz';

export const scripts: readonly Script[] = [
  {name: 'ascii', terms: [], stem: latinStem, letters: consonants},
  {name: 'latin1', terms: ['ISO_IR 100'], stem: latinStem, letters: `${consonants}øåéßü`},
  {name: 'latin2', terms: ['ISO_IR 101'], stem: latinStem, letters: `${consonants}łčőů`},
  {name: 'utf8', terms: ['ISO_IR 192'], stem: latinStem, letters: `${consonants}øłß`},
  {name: 'utf8 han', terms: ['ISO_IR 192'], stem: '魑魅魍', letters: '甲乙丙丁戊己庚辛'},
  {name: 'cyrillic', terms: ['ISO_IR 144'], stem: 'Жщъэ', letters: 'бвгджзклмн'},
  {name: 'greek', terms: ['ISO_IR 126'], stem: 'Ξψζω', letters: 'βγδθκλμν'},
  {name: 'japanese', terms: ['', 'ISO 2022 IR 87'], stem: '蠱鬱纒', letters: '山田川村木林森原'},
  {name: 'katakana', terms: ['ISO_IR 13'], stem: 'ﾇﾍﾒﾂ', letters: 'ｱｲｳｴｵｶｷｸ'},
  {name: 'korean', terms: ['', 'ISO 2022 IR 149'], stem: '쐬뢰쾨', letters: '김박최정강조윤장'},
  {name: 'gb18030', terms: ['GB18030'], stem: '魑魅魍', letters: '甲乙丙丁戊己庚辛'},
  {name: 'hebrew', terms: ['ISO_IR 138'], stem: 'קץטף', letters: 'אבגדהזחל'},
  {name: 'arabic', terms: ['ISO_IR 127'], stem: 'ظغثذ', letters: 'بجدسشصط'},
  {name: 'thai', terms: ['ISO_IR 166'], stem: 'ฆฌฒฎ', letters: 'กขคงจฉช'},
];

export function characterSetOfScript(script: Script): CharacterSet {
  return parseCharacterSet(script.terms);
}
