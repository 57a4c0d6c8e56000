import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {eachValue, keepTime, keepTimezone, shiftDate, shiftDateTime} from '../../src/deid/dates.ts';
import {fallbackStudyDate, pseudonymousAccessionNumber, pseudonymousStudyId} from '../../src/deid/pseudonym.ts';
import {mapUid, type PseudonymBase} from '../../src/deid/uid.ts';

export interface GoldenCase {
  id: string;
  file: string;
  keyword: string;
  tag: string;
  vr: string;
  where: string;
  original: string;
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

function bytes(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

function computed(one: GoldenCase): string | undefined {
  const base: PseudonymBase = {project: one.project, style: one.style, root: '1.3.6.1.4.1.45037.'};
  const raw = bytes(one.originalBytes);
  const study = bytes(one.studyInstanceUIDBytes ?? one.originalBytes);
  if (one.vr === 'UI') return mapUid(raw, {...base, kind: one.keyword === 'StudyInstanceUID' ? 'study' : 'other'});
  if (one.keyword === 'AccessionNumber') return pseudonymousAccessionNumber(raw, base);
  if (one.keyword === 'StudyID') return pseudonymousStudyId(study, base);
  if (one.keyword === 'TimezoneOffsetFromUTC') return keepTimezone(raw);
  if (one.keyword === 'PatientBirthDate') return '';
  if (one.vr === 'TM') return eachValue(raw, keepTime);
  if (one.vr === 'DT') return eachValue(raw, value => shiftDateTime(value, one.dateIncrement));
  if (one.vr !== 'DA') return undefined;
  const shifted = eachValue(raw, value => shiftDate(value, one.dateIncrement));
  return one.keyword === 'StudyDate' && shifted.replaceAll('\\', '') === '' ? fallbackStudyDate(study, base) : shifted;
}

describe('the pseudonyms of the golden vectors', () => {
  it('has 468 cases', () => expect(cases).toHaveLength(468));

  it('equal what the older anonymizer wrote, and what must differ differs as laid down', () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const one of cases) {
      const want = one.rewrite === 'same' ? one.expected : one.rewrite.expected;
      const got = computed(one);
      if (want === null || got === undefined) continue;
      compared++;
      if (got !== want) wrong.push(`${one.id} ${one.keyword} ${JSON.stringify(one.original)}: ${got}, not ${want}`);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(420);
  });
});
