import {deflateSync, gzipSync} from 'node:zlib';
import type {CharacterSet} from '@fiona/lib/dicom/charset';
import {encodeText} from '@fiona/lib/dicom/encodeText';
import type {Random} from './random.ts';
import {characterSetOfScript, latinStem, type Script} from './scripts.ts';

/** Original UIDs begin with this, and nothing in an output may. */
export const uidStem = '1.2.826.0.1.3680043.10.97531.';
/** Ids and order numbers are twelve digits that begin with these eight. */
export const idStem = '97531864';
/** Patients' names, ids, dates, UIDs of one instance: every one is made once. */
export class Plants {
  readonly ids = new Set<string>();
  readonly dates = new Set<string>();
  /** How many markers were planted in each row of the list of hiding places. */
  readonly rows = new Map<number, number>();
  readonly characterSet: CharacterSet;
  readonly script: Script;
  readonly random: Random;
  #row = 0;

  constructor(random: Random, script: Script) {
    this.random = random;
    this.script = script;
    this.characterSet = characterSetOfScript(script);
  }

  /** What is planted from now on counts for this row. */
  at(row: number): this {
    this.#row = row;
    return this;
  }

  /** A word that no vocabulary has, of Latin letters. */
  word(): string {
    this.#count();
    const letters = Array.from({length: 5}, () => this.random.pick([...'bcdfghjklmnpqrstvwxz']));
    return `${latinStem}${letters.join('')}`;
  }

  /** A word in the letters of the instance. */
  local(): string {
    this.#count();
    return this.script.stem + Array.from({length: 3}, () => this.random.pick([...this.script.letters])).join('');
  }

  /** A person's name, with groups where the script has them. */
  name(): string {
    const latin = `${this.word()}^${this.word()}`;
    if (this.script.stem === latinStem) return this.random.chance(0.3) ? `${this.local()}^${this.local()}^X` : latin;
    return this.random.chance(0.5) ? `${latin}=${this.local()}^${this.local()}` : `${this.local()}^${this.local()}`;
  }

  /** Twelve digits. */
  id(): string {
    this.#count();
    const id = idStem + String(this.random.below(10_000)).padStart(4, '0');
    this.ids.add(id);
    return id;
  }

  /** A date of this instance, `YYYYMMDD`; none is another one shifted. */
  date(): string {
    this.#count();
    for (;;) {
      const date = new Date(Date.UTC(1931 + this.random.below(60), this.random.below(12), 1 + this.random.below(28)));
      const isTaken = [-42, 42].some(days => this.dates.has(compact(new Date(date.getTime() + days * 86_400_000))));
      if (isTaken) continue;
      this.dates.add(compact(date));
      return compact(date);
    }
  }

  /** A date of this instance as people write it. */
  writtenDate(): string {
    const date = this.date();
    const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)];
    return this.random.pick([
      date,
      `${year}-${month}-${day}`,
      `${day}.${month}.${year}`,
      `${day}/${month}/${year}`,
      `${year}.${month}.${day}`,
      `${day}${month}${year}`,
      `${day}-${month}-${year}`,
      `${year}_${month}_${day}`,
    ]);
  }

  uid(): string {
    this.#count();
    return `${uidStem}${1 + this.random.below(1_000_000_000)}.${1 + this.random.below(1_000_000)}`;
  }

  /** A description with something in it that names somebody. */
  phrase(): string {
    const hidden = this.random.pick([
      () => this.word(),
      () => this.local(),
      () => this.id(),
      () => this.writtenDate(),
      () => this.uid(),
      () => `Dr. ${this.word()}`,
      () => `${this.word()}, ${this.word()} f. ${this.writtenDate()}`,
      () => this.word().toUpperCase(),
      () => [...this.word()].join(this.random.pick(['\u200b', '\u00ad', '\u2060', '\u202e', '\ufeff', '\u0301'])),
      () => `brain\0${this.word()}`,
      () => wide(this.word()),
    ])();
    return this.random.pick([`T1 mprage ${hidden}`, `${hidden} brain`, `head_${hidden}_sag`, hidden]);
  }

  /** Text in the character set of the instance, or of Latin letters where it lacks one. */
  encode(text: string, isPersonName = false): Buffer {
    return encodeText(text, this.characterSet, isPersonName) ?? Buffer.from(`T1 ${this.word()}`, 'latin1');
  }

  /** Bytes that hold something in one of the ways in which bytes hold text. */
  bytes(): Buffer {
    const text = this.random.pick([() => this.phrase(), () => this.uid(), () => this.name(), () => this.date()])();
    return this.random.pick([
      () => Buffer.from(text, 'utf8'),
      () => Buffer.from(text, 'utf16le'),
      () => Buffer.from(text, 'utf16le').swap16(),
      () => Buffer.from(`data:${Buffer.from(`xxxx ${text} yyyy`).toString('base64')}`),
      () => Buffer.from(Buffer.from(`xx ${text} yy`).toString('hex')),
      () => this.encode(text),
      () => deflateSync(Buffer.from(`xx ${text} yy`)),
      () => gzipSync(Buffer.from(`xx ${text} yy`)),
      () => Buffer.from(deflateSync(Buffer.from(`xx ${text} yy`)).toString('base64')),
    ])();
  }

  #count(): void {
    this.rows.set(this.#row, (this.rows.get(this.#row) ?? 0) + 1);
  }
}

/** In the letters that stand as wide as Chinese ones. */
function wide(text: string): string {
  return String.fromCodePoint(...[...text].map(letter => (letter.codePointAt(0) ?? 0) + 0xfee0));
}

function compact(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}
