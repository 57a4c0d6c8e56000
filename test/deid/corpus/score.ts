import {createHash} from 'node:crypto';
import {type DataSet, type Element, findElement, type Item, itemsOf} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {scanDataSet} from '@fiona/lib/dicom/scan';
import {formatTag, isPixelData, type Tag} from '@fiona/lib/dicom/tag';
import {explicitLittleEndian} from '@fiona/lib/dicom/transferSyntax';
import type {Vr} from '@fiona/lib/dicom/vr';
import {holdsPlanted} from './checker.ts';
import type {CorpusInstance} from './corpus.ts';
import type {Requirement} from './requirements.ts';
import {
  bytesOf,
  harmless,
  holdsInOrder,
  isNaming,
  isPublicCode,
  isTooLong,
  isUndecodable,
  isValid,
  itemsIn,
  namesStudy,
  namingWords,
  requirementIn,
  studyItself,
  studyNames,
  textAt,
  trimmed,
} from './scoreReading.ts';

/** Kinds of required actions, as the MIDI-B benchmark counts them; hiding pixels is not this engine's. */
export const actionKinds = [
  'tag retained',
  'text removed',
  'text retained',
  'text not null',
  'date shifted',
  'UID changed',
  'UID consistent',
  'patient id consistent',
  'pixels retained',
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** What the request asks for: the score has its own idea of what follows from it. */
export interface Expected {
  readonly project: string;
  readonly subject: string;
  readonly event: string;
  readonly trialSponsor: string;
  readonly dateIncrement: number;
  readonly uidRoot: string;
}

/** CID 7050 in the order in which the gateway writes them: basic profile; clean graphics, structured content, descriptors; retain modified
 * dates, patient characteristics, safe private. */
const methodCodes = ['113100', '113103', '113104', '113105', '113107', '113108', '113111']
  .map(code => `${code} DCM`)
  .join();

/** Counts required actions over many instances, and how many were taken. */
export class Score {
  readonly required = new Map<ActionKind, number>();
  readonly met = new Map<ActionKind, number>();
  readonly failures: string[] = [];
  readonly #expected: Expected;
  /** Original UIDs by new ones: two may not become one. */
  readonly #originals = new Map<string, string>();

  #naming: ReadonlySet<string> = new Set();

  constructor(expected: Expected) {
    this.#expected = expected;
  }

  /** Compares an instance with what became of it, element by element. */
  add(instance: CorpusInstance, output: Buffer): void {
    const before = parseInstance(instance.file);
    const after = parseInstance(output);
    this.#naming = namingWords(before.dataSet);
    this.#compare(instance, before.dataSet, after.dataSet, true, instance.name);
    this.#addStamps(after.dataSet, instance.name);
    this.#addBeginning(output, instance.name);
    const tags = after.dataSet.elements.map(({tag}) => tag);
    this.#count(
      'tag retained',
      tags.every((tag, index) => tag >= (tags[index - 1] ?? 0)),
      `${instance.name} in order`,
    );
    if (after.pixelData === undefined && instance.picture.length === 0) return;
    const {offset = 0, length = 0, fragments} = after.pixelData ?? {};
    const [, ...coded] = fragments ?? [];
    const bytes = after.dataSet.bytes;
    const pixels =
      fragments === undefined
        ? bytes.subarray(offset, offset + length)
        : Buffer.concat(coded.map(one => bytes.subarray(one.offset, one.offset + one.length)));
    this.#count('pixels retained', holdsInOrder(pixels, instance.picture), instance.name);
  }

  /** What every instance says of itself afterwards, whatever it said before. */
  #addStamps(root: DataSet, at: string): void {
    const {subject, project, event, trialSponsor} = this.#expected;
    for (const tag of [0x0010_0010, 0x0010_0020, 0x0012_0040])
      this.#count('patient id consistent', textAt(root, tag) === subject, at);
    const texts: readonly (readonly [Tag, string | RegExp])[] = [
      ...[0x0008_0080, 0x0012_0020, 0x0012_0021].map(tag => [tag, project] as const),
      ...[0x0012_0050, 0x0012_0051].map(tag => [tag, event] as const),
      ...[0x0008_0090, 0x0040_1002, 0x0040_2001].map(tag => [tag, `EventName:${event}`] as const),
      [0x0012_0010, trialSponsor],
      [0x0008_0020, /^\d{8}$/],
      [0x0012_0062, 'YES'],
      [0x0012_0063, /^Per DICOM PS 3\.15 AnnexE\\Fiona \d+\.\d+\\Profile /],
      [0x0028_0303, 'MODIFIED'],
    ];
    for (const [tag, wanted] of texts) {
      const text = textAt(root, tag);
      this.#count(
        'text not null',
        typeof wanted === 'string' ? text === wanted : wanted.test(text),
        `${at} stamp ${formatTag(tag)}`,
      );
    }
    for (const tag of [0x0008_0030, 0x0008_0070, 0x0012_0030, 0x0012_0031])
      this.#count('tag retained', findElement(root, tag) !== undefined, `${at} stamp ${formatTag(tag)}`);
    const codes = itemsOf(root, 0x0012_0064).map(item => `${textAt(item, 0x0008_0100)} ${textAt(item, 0x0008_0102)}`);
    this.#count('text not null', codes.join() === methodCodes, `${at} stamp of method codes`);
  }

  /** Preamble and file meta information: ours, and nothing else. */
  #addBeginning(file: Buffer, at: string): void {
    this.#count(
      'text removed',
      file.subarray(0, 128).every(byte => byte === 0),
      `${at} preamble`,
    );
    const end = 144 + file.readUInt32LE(140);
    const tags = scanDataSet(file.subarray(132, end), explicitLittleEndian).elements.map(({tag}) => tag & 0xffff);
    this.#count('text removed', tags.join() === [0, 1, 2, 3, 0x10, 0x12, 0x13].join(), `${at} file meta information`);
  }

  /** @param isAsked false inside of what only has to lose what identifies */
  #compare(
    instance: CorpusInstance,
    before: DataSet,
    after: DataSet | undefined,
    isAsked: boolean,
    at: string,
    sequence?: Tag,
  ): void {
    const seen = new Map<Tag, number>();
    const names = namesStudy(before, sequence) ? studyNames : studyItself;
    for (const element of before.elements) {
      const {tag} = element;
      if (isPixelData(tag)) continue;
      const turn = seen.get(tag) ?? 0;
      seen.set(tag, turn + 1);
      const found = after?.elements.filter(other => other.tag === tag)[turn];
      const where = `${at} ${formatTag(tag)}`;
      const items = itemsIn(before, element);
      // an element that comes twice is to be clean, and to be there once
      const requirement = isAsked && turn === 0 ? requirementIn(before, element) : 'free';
      if (items !== undefined) {
        this.#compareItems(instance, items, requirement, found, after, where, tag);
        continue;
      }
      const raw = bytesOf(before, element);
      const result = found === undefined || after === undefined ? undefined : bytesOf(after, found);
      if (holdsPlanted(raw, instance.plants))
        this.#count('text removed', result === undefined || !holdsPlanted(result, instance.plants), where);
      if (requirement !== 'free')
        this.#ask(requirement, {before, element, raw, result, where, isStudy: names.has(tag)}, instance);
    }
  }

  #compareItems(
    instance: CorpusInstance,
    items: readonly Item[],
    requirement: Requirement,
    found: Element | undefined,
    after: DataSet | undefined,
    where: string,
    sequence: Tag,
  ): void {
    if (requirement !== 'free') this.#count('tag retained', found !== undefined, where);
    const others = found === undefined || after === undefined ? undefined : itemsIn(after, found);
    items.forEach((item, index) => {
      this.#compare(
        instance,
        item,
        others?.[index],
        requirement === 'items' && !isNaming(item),
        `${where}[${index}]`,
        sequence,
      );
    });
  }

  #ask(requirement: Requirement, one: Compared, instance: CorpusInstance): void {
    const {before, element, raw, result, where} = one;
    const text = trimmed(raw);
    const isThere = result !== undefined;
    if (requirement === 'code' && !isPublicCode(before)) return;
    if (isUndecodable(before, element)) return;
    if (requirement !== 'classUid') this.#count('tag retained', isThere, where);
    const got = result === undefined ? '' : trimmed(result);
    switch (requirement) {
      case 'subject':
        this.#count('patient id consistent', got === this.#expected.subject, where);
        return;
      case 'notNull':
        // what stands for bytes are as many zeros
        if (text !== '') this.#count('text not null', result !== undefined && result.length > 0, where);
        return;
      case 'date': {
        const shifted = this.#shifted(text, element.vr);
        if (shifted !== undefined) this.#count('date shifted', got === shifted, where);
        return;
      }
      case 'uid':
        this.#askUid(one, text, got);
        return;
      case 'words': {
        if (isTooLong(before, element)) return;
        const words = (text.match(harmless) ?? []).filter(word => !this.#naming.has(word.toLowerCase()));
        if (words.length > 0)
          this.#count(
            'text retained',
            words.every(word => got.includes(word)),
            `${where} ${JSON.stringify([text, got])}`,
          );
        return;
      }
      default: {
        const isOurs = holdsPlanted(raw, instance.plants) || !isValid(text, element.vr) || text === '';
        if (requirement !== 'present' && requirement !== 'items' && !isOurs)
          this.#count('text retained', got === text, `${where} ${JSON.stringify([text, got])}`);
      }
    }
  }

  #askUid({isStudy, where}: Compared, text: string, got: string): void {
    const news = got.split('\\');
    text.split('\\').forEach((old, index) => {
      if (!/^[0-9.]+$/.test(old) || old.startsWith('1.2.840.10008.')) return;
      const mapped = news[index] ?? '';
      this.#count('UID changed', mapped !== '' && mapped !== old, where);
      const original = this.#originals.get(mapped) ?? `${isStudy} ${old}`;
      this.#originals.set(mapped, original);
      const isConsistent = mapped === this.#mapped(old, isStudy) && original === `${isStudy} ${old}`;
      this.#count('UID consistent', isConsistent, where);
    });
  }

  #mapped(uid: string, isStudy: boolean): string {
    const {project, uidRoot} = this.#expected;
    const stored = !isStudy && uid.length % 2 === 1 ? `${uid}\0` : uid;
    const digest = createHash('sha256')
      .update(stored + project)
      .digest('hex');
    const digits = [...digest].map(nibble => String(Number.parseInt(nibble, 16) % 10)).join('');
    return (uidRoot + digits).slice(0, 63);
  }

  /** Every date of a value moved; undefined where one is none. */
  #shifted(text: string, vr: Vr): string | undefined {
    if (text === '') return undefined;
    const moved = text.split('\\').map(one => {
      const match = (vr === 'DT' ? /^(\d{4})(\d\d)(\d\d)([\d.]*(?:[+-]\d{4})?)$/ : /^(\d{4})(\d\d)(\d\d)$/).exec(one);
      if (match === null) return undefined;
      const [year, month, day] = [Number(match[1]), Number(match[2]) - 1, Number(match[3])];
      if (year < 1 || month > 11 || day < 1 || new Date(Date.UTC(year, month, day)).getUTCDate() !== day)
        return undefined;
      const date = new Date(Date.UTC(year, month, day + this.#expected.dateIncrement));
      return date.toISOString().slice(0, 10).replaceAll('-', '') + (match[4] ?? '');
    });
    return moved.includes(undefined) ? undefined : moved.join('\\');
  }

  /** One line a kind: how many actions were taken of those required. */
  lines(): string[] {
    return actionKinds.map(kind => {
      const [met, required] = [this.met.get(kind) ?? 0, this.required.get(kind) ?? 0];
      return `${kind.padEnd(22)}${String(met).padStart(9)} of ${required} (${((100 * met) / required).toFixed(2)} %)`;
    });
  }

  #count(kind: ActionKind, isMet: boolean, where: string): void {
    this.required.set(kind, (this.required.get(kind) ?? 0) + 1);
    if (isMet) this.met.set(kind, (this.met.get(kind) ?? 0) + 1);
    else this.failures.push(`${kind}: ${where}`);
  }
}

interface Compared {
  readonly before: DataSet;
  readonly element: Element;
  readonly raw: Buffer;
  readonly result: Buffer | undefined;
  readonly where: string;
  /** The UID is that of a study. */
  readonly isStudy: boolean;
}
