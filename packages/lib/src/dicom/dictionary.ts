import {dictionaryTable} from './dictionaryTable.ts';
import {isPrivate, isPrivateCreator, type Tag} from './tag.ts';
import type {Vr} from './vr.ts';

/** One attribute of PS3.6 or PS3.7. */
export interface DictionaryEntry {
  readonly keyword: string;
  /** The VR to use; of two possible ones the first. */
  readonly vr: Vr;
  /** The other possible VR: `US or SS`, `OB or OW`, `US or OW` (PS3.6; which one applies is told by PS3.5 annex A or PixelRepresentation). */
  readonly otherVr: Vr | undefined;
  /** Value multiplicity as printed: `1`, `1-n`, `2-2n` … */
  readonly vm: string;
  readonly retired: boolean;
}

const choices: Readonly<Record<string, readonly [Vr, Vr]>> = {OX: ['OW', 'OB'], XS: ['US', 'SS'], XO: ['US', 'OW']};

interface Tables {
  /** Tag -> position of its row in the table's text. */
  readonly rows: Map<Tag, number>;
  /** Pattern with `x` -> position of its row. */
  readonly repeating: Map<string, number>;
  readonly entries: Map<number, DictionaryEntry>;
  tags: Map<string, Tag> | undefined;
}

let loaded: Tables | undefined;

/** Finds the rows, reads none: 5,000 rows would cost a cron tool's start milliseconds it does not need. */
function tables(): Tables {
  if (loaded !== undefined) return loaded;
  const rows = new Map<Tag, number>();
  const repeating = new Map<string, number>();
  for (let at = 0; at >= 0; at = dictionaryTable.indexOf('\n', at) + 1 || -1) {
    const pattern = dictionaryTable.slice(at, at + 8);
    if (pattern.includes('x')) repeating.set(pattern, at);
    else rows.set(Number.parseInt(pattern, 16), at);
  }
  loaded = {rows, repeating, entries: new Map(), tags: undefined};
  return loaded;
}

function entryAt(position: number): DictionaryEntry {
  const {entries} = tables();
  const known = entries.get(position);
  if (known !== undefined) return known;
  const end = dictionaryTable.indexOf('\n', position);
  const [vr = 'UN', vm = '1', name = ''] = dictionaryTable.slice(position + 9, end < 0 ? undefined : end).split(' ');
  const choice = choices[vr];
  const retired = name.startsWith('-');
  const entry: DictionaryEntry = {
    keyword: retired ? name.slice(1) : name,
    vr: choice?.[0] ?? (vr as Vr),
    otherVr: choice?.[1],
    vm,
    retired,
  };
  entries.set(position, entry);
  return entry;
}

/** The patterns of PS3.6 that a tag may match, most exact first: 50xx, 60xx, 7Fxx, (0020,31xx), (0028,04x0), (1000,xxx0), (1010,xxxx). */
function repeatingPatterns(tag: Tag): readonly string[] {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0');
  switch (hex.slice(0, 2)) {
    case '50':
    case '60':
    case '7F':
      return [`${hex.slice(0, 2)}xx${hex.slice(4)}`];
    case '00':
      return [`${hex.slice(0, 6)}xx`, `${hex.slice(0, 6)}x${hex.slice(7)}`];
    case '10':
      return [`${hex.slice(0, 4)}xxx${hex.slice(7)}`, `${hex.slice(0, 4)}xxxx`];
    default:
      return [];
  }
}

const groupLength: DictionaryEntry = {keyword: 'GroupLength', vr: 'UL', otherVr: undefined, vm: '1', retired: true};
const privateCreator: DictionaryEntry = {
  keyword: 'PrivateCreator',
  vr: 'LO',
  otherVr: undefined,
  vm: '1',
  retired: false,
};

/**
 * The dictionary's entry for a tag, repeating groups, group lengths (gggg,0000) and private creators included.
 * @returns undefined for other private elements and for tags the standard does not know
 */
export function lookup(tag: Tag): DictionaryEntry | undefined {
  const {rows, repeating} = tables();
  const position = rows.get(tag);
  if (position !== undefined) return entryAt(position);
  if ((tag & 0xffff) === 0) return groupLength;
  if (isPrivate(tag)) return isPrivateCreator(tag) ? privateCreator : undefined;
  for (const pattern of repeatingPatterns(tag)) {
    const found = repeating.get(pattern);
    if (found !== undefined) return entryAt(found);
  }
  return undefined;
}

/** The VR of a tag for implicit VR data sets; `UN` when the dictionary does not know it. */
export function dictionaryVr(tag: Tag): Vr {
  return lookup(tag)?.vr ?? 'UN';
}

/** Tag of a keyword (`PatientID`), or undefined. Repeating groups have no single tag and are not found. */
export function tagOf(keyword: string): Tag | undefined {
  const known = tables();
  if (known.tags === undefined) {
    const tags = new Map<string, Tag>();
    for (const [tag, position] of known.rows) {
      const name = entryAt(position).keyword;
      if (name !== '' && !tags.has(name)) tags.set(name, tag);
    }
    known.tags = tags;
  }
  return known.tags.get(keyword);
}
