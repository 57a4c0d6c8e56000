import {type CharacterSet, decodeText, defaultCharacterSet} from '../dicom/charset.ts';
import type {DataSet, Element} from '../dicom/dataSet.ts';
import {isPrivate} from '../dicom/tag.ts';
import {characterSetOf} from '../dicom/values.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import type {InstanceItems} from './instanceItems.ts';
import type {Profile} from './profile/profile.ts';
import {type IdentifierSource, KnownIdentifiers} from './text/knownIdentifiers.ts';
import type {Vocabulary} from './text/vocabulary.ts';
import {canonicalValue, isWellKnownUid} from './uid.ts';

/** Shorter ones are placeholders, and occur by chance. */
const shortestUid = 8;

/** What was found that identifies, as it is stored. */
interface Found {
  readonly raw: string;
  readonly source: IdentifierSource;
  readonly characterSet: CharacterSet;
}

const sourceOfVr: Partial<Record<Vr, IdentifierSource>> = {PN: 'name', DA: 'date', DT: 'date'};

/** Longer values are prose, whatever element they stand in. */
const longestIdentifier = 1024;

/**
 * Collects at every level what tells who somebody is: names, ids, numbers of orders, institutions, stations, birth dates, and the
 * original UIDs. `signature` is equal for instances with equal findings (UIDs left out), so that their texts are cleaned once.
 */
export class Gatherer {
  readonly uids = new Set<string>();
  signature = '';
  readonly #found: Found[] = [];
  readonly #seen = new Set<string>();
  readonly #profile: Profile;
  readonly #items: InstanceItems;

  constructor(profile: Profile, items: InstanceItems) {
    this.#profile = profile;
    this.#items = items;
  }

  visit(holder: DataSet): void {
    for (const element of holder.elements) {
      const items = isPrivate(element.tag) ? element.items : this.#items.of(holder, element);
      if (items !== undefined) for (const item of items) this.visit(item);
      else this.#visitValue(holder, element);
    }
  }

  /** The findings as words to look for. */
  known(vocabulary: Vocabulary, notIdentifying: readonly string[], further: readonly string[]): KnownIdentifiers {
    const known = new KnownIdentifiers(vocabulary, notIdentifying);
    for (const {raw, source, characterSet} of this.#found) {
      known.add(decodeText(Buffer.from(raw, 'latin1'), characterSet, source === 'name'), source);
    }
    for (const text of further) known.add(text, 'id');
    return known;
  }

  #visitValue(holder: DataSet, element: Element): void {
    const {valueStart, valueEnd} = element;
    if (valueEnd === valueStart || valueEnd - valueStart > longestIdentifier) return;
    const rule = isPrivate(element.tag) ? undefined : this.#profile.ruleOf(element.tag);
    if (element.vr === 'UI' || rule?.vr === 'UI') {
      if (rule?.action !== 'classUid') this.#addUids(holder.bytes.toString('latin1', valueStart, valueEnd));
      return;
    }
    const source =
      rule?.identifier ?? sourceOfVr[element.vr] ?? (rule?.vr === undefined ? undefined : sourceOfVr[rule.vr]);
    if (source === undefined) return;
    const whole = holder.bytes.toString('latin1', valueStart, valueEnd);
    const raw = source === 'date' ? datesOf(whole) : whole;
    const usesSet = vrRules[element.vr].usesCharacterSet || element.vr === 'UN';
    const set = usesSet ? characterSetOf(holder) : defaultCharacterSet;
    const key = `${source}\u0001${set.terms.join('\\')}\u0001${raw}\u0002`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.signature += key;
    this.#found.push({raw, source, characterSet: set});
  }

  #addUids(raw: string): void {
    for (const one of raw.split('\\')) {
      const uid = canonicalValue(one);
      if (uid.length >= shortestUid && !isWellKnownUid(uid)) this.uids.add(uid);
    }
  }
}

/** The days of dates and of dates with times: the slices of a series differ in seconds only, and share what is known of them. */
function datesOf(raw: string): string {
  const dates = raw.split('\\').map(one => one.trimStart().slice(0, 8));
  return [...new Set(dates)].join('\\');
}
