import {silentLog} from '@fiona/lib/cli/log';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {Transfer} from '@fiona/lib/redcap/incoming';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import {describe, expect, it} from 'vitest';
import {identifiersOf} from '../src/deidSettings.ts';
import {matchingExclusion} from '../src/exclusions.ts';
import {checkImportRules, unusablePatterns} from '../src/importRules.ts';
import {judgeSnapshot} from '../src/judgeSnapshot.ts';
import {findProject} from '../src/researchProject.ts';
import {planSeries} from '../src/seriesPlan.ts';
import type {SeriesOnDisk} from '../src/snapshot.ts';
import {obstacleOf} from '../src/studyPlan.ts';
import {wantedBy} from '../src/wanted.ts';
import {uidOf} from './support/gateway.ts';

const request: TransferRequest = {
  study: uidOf('1.2.3'),
  instance: 1,
  project: 'PROJ',
  name: 'P_01',
  event: 'Baseline',
  requestedDate: '',
  transferDate: '',
};

function series(change: Partial<SeriesOnDisk> = {}): SeriesOnDisk {
  return {
    seriesInstanceUid: uidOf('1.2.3.1'),
    summaryPath: '/data/site/raw/1.2.3/1.2.3.1.json',
    summary: {ClassifyRulesHash: '0123', Modality: ['OT'], SeriesDescription: 'Perfusion'},
    summaryModified: Date.parse('2024-01-31T10:00:00Z'),
    instances: [{sopInstanceUid: '1.2.3.1.1', path: '/data/site/archive/scp_1.2.3/1', bytes: 10}],
    dangling: 0,
    outside: 0,
    ...change,
  };
}

describe('a request, compared with its row', () => {
  const row: Transfer = {
    study: '1.2.3',
    instance: 1,
    project: 'PROJ',
    name: 'P_01',
    event: 'Baseline',
    date: '',
    mappedUid: '',
    errors: {anonymization: false, sending: false, pixels: false},
  };
  const good = {mappedUid: '1.3', date: '2024-01-31 10:16'};
  const modified = new Date('2024-01-31T10:15:59Z');
  const rules = {requireRow: true, timeZone: 'UTC'};

  it.each<[string, Partial<Transfer> | undefined, string]>([
    ['the same', {}, 'wanted'],
    ['the same but for blanks and tabs', {name: ' P_01\t', project: 'PROJ '}, 'wanted'],
    ['another name', {name: 'P_02'}, 'obsolete'],
    ['another name, in case only', {name: 'p_01'}, 'obsolete'],
    ['another project', {project: 'QC'}, 'obsolete'],
    ['another event', {event: ''}, 'obsolete'],
    ['the row of another instance', {instance: 2}, 'obsolete'],
    ['no row', undefined, 'obsolete'],
    ['good, a minute after the request', good, 'already-done'],
    ['good, in the minute of the request', {...good, date: '2024-01-31 10:15'}, 'wanted'],
    ['good, before the request: sent again', {...good, date: '2024-01-31 10:00'}, 'wanted'],
    ['failed after the request', {...good, errors: {anonymization: true, sending: false, pixels: false}}, 'wanted'],
    ['without mapped UID after the request', {...good, mappedUid: ''}, 'wanted'],
    ['a date that is none', {...good, date: 'yesterday'}, 'wanted'],
  ])('%s', (_, change, expected) => {
    const rows = change === undefined ? [] : [{...row, ...change}];
    expect(wantedBy(request, modified, rows, rules)).toBe(expected);
  });

  it('without a row is wanted where no row is required', () => {
    expect(wantedBy(request, modified, [], {...rules, requireRow: false})).toBe('wanted');
  });
});

describe('a series', () => {
  const none = {removePresentationStates: false, neverRewritePixels: false, removeSecondaryCaptures: false};
  const f0 = {...none, removePresentationStates: true};
  const f1 = {...none, neverRewritePixels: true};
  const f2 = {...none, removeSecondaryCaptures: true};
  const exclusion = {tag: 0x0008103e, tagText: '0x0008:0x103E', pattern: 'Perf', instance: 1};
  const burned = ['CHECKBURNEDINFO'];

  it.each<[string, object, ResearchProject['features'], boolean, string]>([
    ['burned in', {ClassifyType: burned}, none, false, 'rewrite'],
    ['burned in, never rewritten', {ClassifyType: burned}, f1, false, 'send cleared'],
    ['burned in, captures unwanted', {ClassifyType: burned}, f2, false, 'skip secondary-capture'],
    [
      'burned in, both',
      {ClassifyType: burned},
      {...f1, ...f2, neverRewritePixels: true},
      false,
      'skip secondary-capture',
    ],
    ['burned in, excluded', {ClassifyType: burned}, none, true, 'send cleared'],
    ['our own, cleaned', {ClassifyType: burned, SeriesDescription: '(shadow) Perfusion'}, f2, false, 'send cleared'],
    ['presentation state, unwanted', {Modality: ['PR']}, f0, false, 'skip presentation-state'],
    ['presentation state, wanted', {Modality: ['PR']}, none, false, 'send'],
    ['burned-in presentation state', {Modality: ['PR'], ClassifyType: burned}, f2, false, 'skip secondary-capture'],
    ['one that says nothing special', {}, none, false, 'send'],
    ['vouched for by the project', {}, none, true, 'send cleared'],
    ['never classified', {ClassifyRulesHash: undefined}, f2, true, 'hold'],
  ])('%s', (_, summary, features, excluded, expected) => {
    const one = series();
    const whole = {...one, summary: {...one.summary, ...summary}} as SeriesOnDisk;
    const plan = planSeries(whole, features, true, () => (excluded ? exclusion : undefined));
    const detail = plan.kind === 'skip' ? ` ${plan.reason}` : plan.kind === 'send' && plan.cleared ? ' cleared' : '';
    expect(plan.kind + detail).toBe(expected);
  });

  it('that was never classified goes where that is not required', () => {
    expect(planSeries(series({summary: {}}), none, false, () => undefined).kind).toBe('send');
  });

  it('that holds up its study holds up all others', () => {
    const send = planSeries(series(), none, true, () => undefined);
    const hold = planSeries(series({summary: {}}), none, true, () => undefined);
    const rewrite = planSeries(
      series({summary: {ClassifyRulesHash: '1', ClassifyType: burned}}),
      none,
      true,
      () => undefined,
    );
    expect(obstacleOf([send])).toBeUndefined();
    expect(obstacleOf([send, rewrite])).toMatchObject({kind: 'failed', reason: 'burned-in-text-possible'});
    expect(obstacleOf([send, rewrite, hold])).toMatchObject({kind: 'temporary', reason: 'not-classified'});
  });

  it('is vouched for by no rule whose pattern cannot be used', () => {
    const rules = ['(', '  ', '(a+)+$(?=b)'].map(pattern => ({...exclusion, pattern}));
    expect(matchingExclusion(series(), rules, 100, silentLog)).toBeUndefined();
  });

  it('tells names and ids of the patient, but not that there are none', () => {
    const found = identifiersOf([
      series({summary: {PatientID: ' 12 ', PatientName: 'missing'}}),
      series({summary: {PatientID: '12', PatientName: 'A^B'}}),
      series({summary: undefined}),
    ]);
    expect(found).toEqual(['12', 'A^B']);
  });
});

describe('a snapshot', () => {
  const taken = new Date('2024-01-31T10:01:00Z');

  it.each<[string, Partial<SeriesOnDisk>[], string]>([
    ['of a quiet study', [{}], 'ready'],
    ['of a study that was quiet for 59 s', [{summaryModified: taken.getTime() - 59_000}], 'still-arriving'],
    ['of which one series still arrives', [{}, {summaryModified: taken.getTime()}], 'still-arriving'],
    ['without series', [], 'not-on-this-machine'],
    ['with an empty series only', [{instances: []}], 'not-on-this-machine'],
    ['whose links all lead nowhere', [{instances: [], dangling: 3}], 'not-on-this-machine'],
    ['of which some links lead nowhere', [{}, {instances: [], dangling: 3}], 'final dangling-links'],
    ['with an entry outside of the archive', [{outside: 1, instances: []}], 'final link-outside-archive'],
    ['without a summary', [{}, {summary: undefined, summaryModified: undefined}], 'temporary no-series-summary'],
    [
      'with an unreadable summary still fresh',
      [{summary: undefined, summaryModified: taken.getTime()}],
      'still-arriving',
    ],
  ])('%s', (_, all, expected) => {
    const state = judgeSnapshot({taken, series: all.map(series), trouble: undefined}, 60);
    expect(state.kind + ('reason' in state ? ` ${state.reason}` : '')).toBe(expected);
  });

  it('of what cannot be read waits', () => {
    expect(judgeSnapshot({taken, series: [], trouble: 'EACCES'}, 60)).toMatchObject({kind: 'temporary'});
  });
});

describe('an import rule', () => {
  const rule = (tag: number | undefined, pattern = '(.*)') => ({
    importRules: [{field: 'project_import_rule_2_tag', tag, tagText: 'the tag', pattern}],
  });

  it.each([0x00324000, 0x0008103e, 0x00081030, 0x00080020, 0x00181030, 0x00101010])('may name %s', tag => {
    expect(checkImportRules(rule(tag)).kind).toBe('usable');
  });

  it.each<[string, number | undefined, string]>([
    ['nothing', undefined, 'names no element'],
    ['PatientName', 0x00100010, 'is an element that the transfer itself sets'],
    ['PatientID', 0x00100020, 'is an element that the transfer itself sets'],
    ['InstitutionName', 0x00080080, 'is an element that the transfer itself sets'],
    ['ReferringPhysicianName', 0x00080090, 'is an element that the transfer itself sets'],
    ['the event', 0x00120050, 'is an element that the transfer itself sets'],
    ['a UID', 0x0020000d, 'is a UID'],
    ['the file header', 0x00020016, 'is an element of the file header'],
    ['pixel data', 0x7fe00010, 'is no text element'],
    ['a number', 0x00280010, 'is no text element'],
    ['a sequence', 0x00081140, 'is no text element'],
    ['a private element', 0x00091001, 'is no text element'],
  ])('may not name %s', (_, tag, problem) => {
    const checked = checkImportRules(rule(tag));
    expect(checked).toMatchObject({kind: 'refused'});
    expect(checked.kind === 'refused' && checked.detail).toBe(
      `DataTransferProjects, project_import_rule_2_tag: "the tag" ${problem}; correct it`,
    );
  });

  it('with a pattern that cannot be used is reported by its field', () => {
    expect(unusablePatterns(rule(0x00324000, '('))).toMatchObject([{field: 'project_import_rule_2_regexp'}]);
    expect(unusablePatterns(rule(0x00324000, ''))).toHaveLength(1);
    expect(unusablePatterns(rule(0x00324000))).toEqual([]);
  });
});

describe('a project', () => {
  const found = findProject('PROJ', {projects: new Map(), duplicates: [], problems: []}, true);
  const project = found.kind === 'known' ? {...found.project, record: '7'} : undefined;
  const projects = new Map(project === undefined ? [] : [['PROJ', project]]);

  it.each<[string, string, string[], boolean, string]>([
    ['by its name', 'PROJ', [], false, 'PROJ'],
    ['by its record', '7', [], false, 'PROJ'],
    ['nobody knows', 'PRJO', [], false, 'unknown'],
    ['nobody knows, allowed', 'PRJO', [], true, 'PRJO'],
    ['whose name stands twice', 'TWIN', ['TWIN'], true, 'unknown'],
  ])('%s', (_, name, duplicates, allowUnknown, expected) => {
    const result = findProject(name, {projects, duplicates, problems: []}, allowUnknown);
    expect(result.kind === 'known' ? result.project.name : result.kind).toBe(expected);
  });
});
