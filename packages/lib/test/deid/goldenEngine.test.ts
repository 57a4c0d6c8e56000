import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {DeidError} from '../../src/deid/deidError.ts';
import {type DataSet, findElement, itemsOf} from '../../src/dicom/dataSet.ts';
import {tagOf} from '../../src/dicom/dictionary.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {parseTag, type Tag} from '../../src/dicom/tag.ts';
import {text as textOf} from '../../src/dicom/values.ts';
import type {Vr} from '../../src/dicom/vr.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {aFile, aRequest, bytes, bytesOf, deidentified, sequence, text} from './support/instances.ts';

interface GoldenCase {
  id: string;
  file: string;
  keyword: string;
  tag: string;
  vr: string;
  where: string;
  originalBytes: string;
  studyInstanceUIDBytes?: string;
  project: string;
  style: 'oid' | 'hex';
  patientId: string;
  dateIncrement: number;
  outputName?: string;
  expected: string;
  rewrite: 'same' | {defect: string; expected: string | null};
}

const path = fileURLToPath(new URL('../../../../../shared/data/golden/uid-vectors.json', import.meta.url));
const cases = (JSON.parse(readFileSync(path, 'utf8')) as {cases: GoldenCase[]}).cases;
const files = Map.groupBy(cases, one => one.file);
/** Sequences for `nested` and `nested3`, whose own name the vectors do not tell. */
const outer: Tag = 0x0008_1140;
const wrapper: Tag = 0x0040_a730;

function tagOfCase(one: GoldenCase): Tag {
  return parseTag(one.tag) ?? 0;
}

function elementOf(one: GoldenCase): NewElement {
  return bytes(tagOfCase(one), one.vr as Exclude<Vr, 'SQ'>, Buffer.from(one.originalBytes, 'hex'));
}

/** Sequences from the root to the item that holds the element. */
function placeOf(one: GoldenCase): readonly Tag[] {
  const [kind, keyword] = one.where.split(':');
  if (kind === 'nested3') return [wrapper, wrapper, outer];
  if (kind !== 'nested') return [];
  return [keyword === undefined ? outer : (tagOf(keyword) ?? outer)];
}

/** Builds the instance of a golden file as the older anonymizer got it. */
function instanceOf(group: readonly GoldenCase[]): Buffer {
  const nested = new Map<string, {path: readonly Tag[]; elements: NewElement[]}>();
  const root: NewElement[] = [];
  const study = group.find(one => one.studyInstanceUIDBytes !== undefined)?.studyInstanceUIDBytes;
  if (study !== undefined && !group.some(one => one.keyword === 'StudyInstanceUID' && one.where === 'root')) {
    root.push(bytes(0x0020_000d, 'UI', Buffer.from(study, 'hex')));
  }
  for (const one of group) {
    const path = placeOf(one);
    if (one.where === 'root') root.push(elementOf(one));
    if (path.length === 0) continue;
    const key = path.join();
    const entry = nested.get(key) ?? {path, elements: []};
    entry.elements.push(elementOf(one));
    nested.set(key, entry);
  }
  for (const {path, elements} of nested.values()) {
    const built = path.toReversed().reduce<readonly NewElement[]>((inside, tag) => [sequence(tag, [inside])], elements);
    root.push(...built);
  }
  if (!root.some(element => element.tag === 0x0008_0060)) root.push(text(0x0008_0060, 'CS', 'OT'));
  return aFile(root);
}

function holderOf(root: DataSet, path: readonly Tag[]): DataSet | undefined {
  return path.reduce<DataSet | undefined>(
    (holder, tag) => (holder === undefined ? undefined : itemsOf(holder, tag)[0]),
    root,
  );
}

async function differences(group: readonly GoldenCase[]): Promise<string[]> {
  const [first] = group;
  if (first === undefined) return [];
  const request = {
    ...aRequest,
    project: first.project,
    subject: first.patientId,
    uidStyle: first.style,
    dateIncrement: first.dateIncrement,
  };
  const refused = group.some(
    one => one.rewrite !== 'same' && (one.rewrite.defect === 'DE-13' || one.rewrite.defect === 'DE-14'),
  );
  try {
    const outcome = await deidentified(instanceOf(group), request);
    if (refused) return [`${first.file}: the request was not refused`];
    const written = parseInstance(bytesOf(outcome));
    return group.flatMap(one => {
      const holder = one.where === 'meta' ? written.meta : holderOf(written.dataSet, placeOf(one));
      const want = one.rewrite === 'same' ? one.expected : one.rewrite.expected;
      const isThere = holder !== undefined && findElement(holder, tagOfCase(one)) !== undefined;
      const got = isThere ? textOf(holder, tagOfCase(one)) : null;
      const name =
        outcome.kind === 'written' ? `${outcome.identity.modality}.${outcome.identity.sopInstanceUid}.dcm` : '';
      const wrongName = one.outputName !== undefined && one.rewrite === 'same' && one.outputName !== name;
      return got === want && !wrongName
        ? []
        : [`${one.id} ${one.keyword} ${one.where}: ${got} ${name}, not ${want} ${one.outputName ?? ''}`];
    });
  } catch (error) {
    if (error instanceof DeidError && refused) return [];
    throw error;
  }
}

describe('the golden vectors, through whole instances', () => {
  it('all come out as laid down', async () => {
    const wrong: string[] = [];
    for (const group of files.values()) wrong.push(...(await differences(group)));
    expect(wrong).toEqual([]);
  });
});
