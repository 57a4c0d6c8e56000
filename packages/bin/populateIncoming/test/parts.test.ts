import type {Uid} from '@fiona/lib/dicom/uid';
import type {CouplingEntry} from '@fiona/lib/redcap/couplingList';
import type {Stamp} from '@fiona/lib/transfers/rawScan';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {chooseStudies, type Findings} from '../src/chooseStudies.ts';
import {couplingLine, hashedCoupling, mergeCouplings} from '../src/couplings.ts';
import {fingerprint} from '../src/fingerprint.ts';
import {severalPatients} from '../src/patients.ts';
import {planStudy} from '../src/planStudy.ts';
import {noRecord, recordDigest, type StudyRecord} from '../src/record.ts';
import {inOrder, isProblem, type SeriesSummary, summaryOf} from '../src/seriesSummary.ts';
import {sortSeries} from '../src/sortSeries.ts';

const study = '1.2' as Uid;
const uid = (text: string) => text as Uid;
const nowMs = 1_000_000_000;
const secondsAgo = (seconds: number): Stamp => ({modified: nowMs - seconds * 1000, size: 10});

function scan(files: Record<string, Stamp>) {
  const series = new Map(Object.entries(files).map(([name, stamp]) => [uid(name), stamp]));
  return {studies: new Map([[study, series]]), misplaced: []};
}

describe('series on disk', () => {
  it('are settled or still arriving', () => {
    const files = {a: secondsAgo(90), b: secondsAgo(60), c: secondsAgo(59), d: secondsAgo(0)};
    const sorted = sortSeries(scan(files), {}, nowMs, 60);
    expect([...(sorted.studies.get(study)?.settled.keys() ?? [])]).toEqual(['a', 'b']);
    expect(sorted.young.map(({series, ageSeconds}) => `${series} ${ageSeconds}`)).toEqual(['c 59', 'd 0']);
  });

  it('have another version when a settled one comes, goes or changes, whatever the order of the listing', () => {
    const versionOf = (files: Record<string, Stamp>) =>
      sortSeries(scan(files), {}, nowMs, 60).studies.get(study)?.version;
    const version = versionOf({a: secondsAgo(90), b: secondsAgo(80)});
    expect(versionOf({b: secondsAgo(80), a: secondsAgo(90), c: secondsAgo(5)})).toBe(version);
    for (const files of [
      {a: secondsAgo(90)},
      {a: secondsAgo(91), b: secondsAgo(80)},
      {a: {...secondsAgo(90), size: 11}, b: secondsAgo(80)},
      {a: secondsAgo(90), b: secondsAgo(80), c: secondsAgo(70)},
    ]) {
      expect(versionOf(files)).not.toBe(version);
    }
  });

  it('dated in the future are settled a minute after they were first seen as they are', () => {
    const future = {a: secondsAgo(-3600)};
    const first = sortSeries(scan(future), {}, nowMs, 60);
    expect(first.young).toHaveLength(1);
    const second = sortSeries(scan(future), first.ahead, nowMs + 59_000, 60);
    expect(second.young).toHaveLength(1);
    const third = sortSeries(scan(future), second.ahead, nowMs + 60_000, 60);
    expect(third.young).toEqual([]);
    expect(third.studies.get(study)?.settled.size).toBe(1);
    const touched = sortSeries(scan({a: secondsAgo(-3601)}), second.ahead, nowMs + 60_000, 60);
    expect(touched.young).toHaveLength(1);
  });
});

const coupling = (id: number, change: Partial<CouplingEntry> = {}): CouplingEntry => ({
  id: String(id),
  order: id,
  accession: 'ACC1',
  studyUid: '',
  project: 'PROJ',
  subject: `P_${id}`,
  event: '',
  date: '',
  ...change,
});

describe('the coupling list in the state', () => {
  const idOf = (line: string) => hashedCoupling(line).id;

  it('holds no text but the record ids', () => {
    expect(JSON.stringify(couplingLine(coupling(7)))).not.toMatch(/ACC1|PROJ|P_7/);
  });

  it('learns of new, changed and, on a full pass, deleted entries', () => {
    const known = [1, 2, 3].map(id => couplingLine(coupling(id)));
    const found = [coupling(1), coupling(2, {event: 'x'}), coupling(4)].map(couplingLine);
    const changes = mergeCouplings(known, found, 'changes');
    expect(changes.changed.map(idOf)).toEqual(['2', '4']);
    expect(changes.couplings.map(idOf)).toEqual(['1', '2', '3', '4']);
    expect(mergeCouplings(known, found, 'full').couplings.map(idOf)).toEqual(['1', '2', '4']);
  });
});

describe('the choice of studies', () => {
  const record: StudyRecord = {
    base: undefined,
    series: [{study, instance: 1, seriesUid: 'a', values: {}}],
    transfers: [],
  };
  const quiet: Findings = {
    studies: new Map([[study, {study, settled: new Map([[uid('a'), secondsAgo(90)]]), version: 'now'}]]),
    known: {[study]: {files: 'now', accession: fingerprint('ACC1'), record: recordDigest(record)}},
    pending: [],
    couplings: [],
    changedCouplings: [],
    records: new Map(),
    compared: new Set(),
    all: false,
    refused: new Set(),
  };
  const entry = couplingLine(coupling(1));
  const workOf = (change: Partial<Findings>) => chooseStudies({...quiet, ...change}).work;
  const transfer = {study, instance: 1, project: 'PROJ', name: 'P_1', event: ''};

  it('is empty when nothing has changed', () => {
    expect(chooseStudies(quiet)).toEqual({work: [], noted: new Map()});
  });

  it.each<[string, Partial<Findings>]>([
    [
      'has a changed series',
      {studies: new Map([[study, {study, settled: new Map([[uid('a'), secondsAgo(90)]]), version: 'later'}]])},
    ],
    ['is not known', {known: {}}],
    ['was left over', {pending: [study]}],
    ['is matched by a new entry', {couplings: [entry], changedCouplings: [entry]}],
    ['lost its record', {compared: new Set([study])}],
    ['lost a series in REDCap', {records: new Map([[study, noRecord]])}],
    ['lacks a coupled transfer', {couplings: [entry], records: new Map([[study, record]])}],
    ['everything is asked for', {all: true}],
  ])('takes a study that %s', (_, change) => {
    expect(workOf(change)).toEqual([study]);
  });

  it.each<[string, Partial<Findings>]>([
    ['that REDCap refused as it is', {known: {}, refused: new Set([study])}],
    [
      'whose series are all arriving',
      {known: {}, studies: new Map([[study, {study, settled: new Map(), version: ''}]])},
    ],
    [
      'with an entry for another study',
      {couplings: [entry], changedCouplings: [couplingLine(coupling(1, {accession: 'x'}))]},
    ],
    [
      'whose coupled transfer is there',
      {couplings: [entry], records: new Map([[study, {...record, transfers: [transfer]}]])},
    ],
  ])('leaves a study %s', (_, change) => {
    expect(workOf(change)).toEqual([]);
  });

  it('takes note of what others did to a record', () => {
    const changed = {...record, transfers: [transfer]};
    expect(chooseStudies({...quiet, records: new Map([[study, changed]])}).noted).toEqual(
      new Map([[study, recordDigest(changed)]]),
    );
  });
});

function aSummary(series: string, change: Partial<SeriesSummary> = {}): SeriesSummary {
  const found = summaryOf(study, uid(series), {StudyInstanceUID: study, SeriesInstanceUID: series});
  if (isProblem(found)) throw new Error(found.detail);
  return {...found, ...change};
}

describe('the order of series', () => {
  it('is by number, not by text, then by UID; without a number last', () => {
    const summaries = [
      aSummary('c'),
      aSummary('b', {number: '10'}),
      aSummary('a', {number: '9'}),
      aSummary('d', {number: '9'}),
    ];
    expect(inOrder(summaries).map(({series}) => series)).toEqual(['a', 'd', 'b', 'c']);
  });
});

describe('the plan of a study', () => {
  const circumstances = {rules: [], importAll: undefined, now: '2024-01-31 10:15', hasArrivalDate: true};
  const instances = fc.uniqueArray(fc.integer({min: 1, max: 60}), {maxLength: 20});

  it('never touches an instance that is there, and numbers new ones without gaps behind the highest', () => {
    fc.assert(
      fc.property(instances, fc.uniqueArray(fc.integer({min: 1, max: 60}), {maxLength: 20}), (stored, onDisk) => {
        const record: StudyRecord = {
          base: {study, values: {}},
          series: stored.map(instance => ({study, instance, seriesUid: String(instance), values: {}})),
          transfers: [],
        };
        const summaries = onDisk.map(n => aSummary(String(n)));
        const {rows, newSeries} = planStudy({study, summaries, record, couplings: []}, circumstances);
        const added = rows.filter(row => row.form === 'series' && row.values.series_instance_uid !== undefined);
        const highest = Math.max(0, ...stored);
        expect(newSeries).toBe(onDisk.filter(n => !stored.includes(n)).length);
        expect(added.map(row => row.instance)).toEqual(added.map((_, index) => highest + 1 + index));
      }),
    );
  });

  it('is empty when REDCap holds all of it already', () => {
    const facts = {
      study,
      summaries: [aSummary('a', {files: '3', classifyTypes: '["T1", "axial"]'})],
      record: noRecord,
      couplings: [],
    };
    const first = planStudy(facts, circumstances);
    const [base, series] = first.rows;
    const record: StudyRecord = {
      base: {study, values: base?.values as Record<string, string>},
      series: [
        {
          study,
          instance: 1,
          seriesUid: 'a',
          values: {...(series?.values as Record<string, string>), series_classify_types: '["T1","axial"]'},
        },
      ],
      transfers: [],
    };
    expect(planStudy({...facts, record}, circumstances).rows).toEqual([]);
    expect(recordDigest(first.outcome)).toBe(recordDigest(record));
  });

  it('leaves out control characters and the arrival date where the project has none', () => {
    const {rows} = planStudy(
      {
        study,
        summaries: [aSummary('a', {description: 't1\u0000\n\u0085x', studyDescription: 'missing'})],
        record: noRecord,
        couplings: [],
      },
      {...circumstances, hasArrivalDate: false},
    );
    expect(rows[0]?.values).not.toHaveProperty('study_arrival_date');
    expect(rows[0]?.values).toMatchObject({study_description: 'missing'});
    expect(rows[1]?.values).toMatchObject({series_description: 't1x'});
  });
});

describe('the patients of a study', () => {
  const patientsOf = (ids: readonly string[], pseudonyms: readonly string[] = []) =>
    severalPatients(
      ids.map((patientId, index) => aSummary(`s${index}`, {patientId})),
      {...noRecord, transfers: pseudonyms.map(name => ({study, instance: 1, project: 'P', name, event: ''}))},
    );

  it('are several when its series have several ids, padding and blanks apart', () => {
    expect(patientsOf(['A', 'B', 'A '])).toEqual(['A', 'B']);
    expect(patientsOf(['A', ' A ', ''])).toEqual([]);
    expect(patientsOf([''])).toEqual([]);
  });

  it('are one when a series came back under the pseudonym of a transfer', () => {
    expect(patientsOf(['A', 'PROJ_01'], ['PROJ_01'])).toEqual([]);
    expect(patientsOf(['A', 'PROJ_01', 'B'], ['PROJ_01'])).toEqual(['A', 'B']);
  });
});
