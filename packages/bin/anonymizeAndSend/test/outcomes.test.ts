import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {patientMarks} from '@fiona/lib/deid/original';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {failureMessages, messagesForRedcap} from '../src/failureMessages.ts';
import {judgeRun, type RunFacts} from '../src/judgeRun.ts';
import {finalFailure, temporaryFailure} from '../src/outcome.ts';
import {exitCodeOf, type RequestResult, summarize} from '../src/requestResult.ts';
import {type EndedTransfer, transferRow} from '../src/transferRow.ts';
import {noFigures} from '../src/transferred.ts';
import {uidOf} from './support/gateway.ts';

const request: TransferRequest = {
  study: uidOf('1.2.3'),
  instance: 2,
  project: 'PROJ',
  name: 'P_01',
  event: '',
  requestedDate: '',
  transferDate: '',
};

describe('the row of a transfer', () => {
  const columns = [
    'transfer_date',
    'transfer_mapped_uid',
    'transfer_error',
    'transfer_active_proc_time',
    'transfer_error_message',
    'transfers_complete',
  ];
  const facts = {
    snapshotTime: new Date('2024-01-31T10:15:59Z'),
    seconds: 61.9,
    message: '',
    timeZone: 'Europe/Oslo',
    columns,
  };
  const done: EndedTransfer = {kind: 'done', mappedStudyUid: '1.3', note: undefined};
  const date = '2024-01-31 11:15';

  it.each<[string, EndedTransfer, Record<string, unknown>]>([
    [
      'of a success',
      done,
      {
        transfer_date: date,
        transfer_mapped_uid: '1.3',
        transfer_error___1: false,
        transfer_error___2: false,
        transfer_active_proc_time: '61',
        transfer_error_message: null,
        transfers_complete: '2',
      },
    ],
    [
      'of a failure before sending',
      finalFailure('x', 'why'),
      {transfer_date: date, transfer_mapped_uid: undefined, transfer_error___1: true, transfer_error___2: false},
    ],
    [
      'of a failure of a study that is not here',
      {...finalFailure('x', 'why'), onThisMachine: false},
      {transfer_date: undefined, transfer_error___1: true, transfers_complete: '1', transfer_active_proc_time: '61'},
    ],
    [
      'of a failure to send',
      {...finalFailure('x', 'why'), stage: 'sending'},
      {transfer_date: date, transfer_error___1: false, transfer_error___2: true, transfers_complete: '1'},
    ],
    [
      'of what may pass',
      temporaryFailure('x', 'why'),
      {
        transfer_date: undefined,
        transfer_active_proc_time: undefined,
        transfer_error___1: true,
        transfer_error___3: false,
        transfers_complete: '1',
      },
    ],
  ])('%s', (_, ended, expected) => {
    const row = transferRow(request, ended, facts);
    expect(row).toMatchObject({record: '1.2.3', form: 'transfers', instance: 2, values: expected});
  });

  it('has only columns that the project has', () => {
    const few = columns.filter(column => column !== 'transfer_active_proc_time' && column !== 'transfer_error');
    expect(Object.keys(transferRow(request, done, {...facts, columns: few}).values)).toEqual([
      'transfer_date',
      'transfer_mapped_uid',
      'transfer_error_message',
      'transfers_complete',
    ]);
  });
});

describe('the messages of a failure', () => {
  const program = (lines: string[]) => ({returnCode: 1, command: ['x'], lines});
  const counts = {planned: 1, deidentified: 1, sent: 0, failed: 1, skipped: 0};

  it('name fifty instances and count the others', () => {
    const lines = Array.from({length: 80}, (_, n) => `1.3.${n}: why`);
    const {storescu_output: output} = failureMessages(request, 'e', {storescu: program(lines)});
    expect(String(output).split('\n')).toHaveLength(51);
    expect(output).toMatch(/\n… and 30 more$/);
  });

  it('fit into REDCap as JSON, whatever they hold, and count what they leave out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({maxLength: 3000}), {maxLength: 70}),
        fc.string({maxLength: 20_000}),
        (lines, error) => {
          const messages = failureMessages(request, error, {storescu: program(lines), instances: counts});
          const text = messagesForRedcap(messages);
          expect(text.length).toBeLessThanOrEqual(10_000);
          expect(typeof JSON.parse(text)).toBe('object');
        },
      ),
      {numRuns: 200},
    );
    const lines = Array.from({length: 80}, (_, n) => `1.3.${n}: ${'why '.repeat(100)}`);
    const short = messagesForRedcap(failureMessages(request, 'e', {storescu: program(lines), instances: counts}));
    const {storescu_output: output, instances} = JSON.parse(short) as {storescu_output: string; instances: unknown};
    const kept = output.split('\n').length - 1;
    expect(output).toMatch(new RegExp(`… and ${80 - kept} more$`));
    expect(instances).toEqual(counts);
  });

  it('leave out a name that is none', () => {
    expect(JSON.stringify(failureMessages(request, 'e', {}, {hideName: true}))).not.toContain('P_01');
  });
});

describe('a de-identification', () => {
  const written = (n: number, study = '1.3'): FileOutcome => ({
    kind: 'written',
    input: `/in/${n}`,
    path: `/out/${n}`,
    size: 1,
    sopInstanceUid: `1.3.${n}`,
    seriesInstanceUid: '1.3.0',
    studyInstanceUid: study,
    sopClassUid: '1',
    transferSyntaxUid: '1',
    modality: 'MR',
    original: {studyInstanceUid: '1.2.3', sopInstanceUid: `1.2.${n}`, patient: patientMarks('1', 'A^B', '19700101')},
  });
  const of = (n: number, id: string, name: string, birthDate = ''): FileOutcome => ({
    ...(written(n) as Extract<FileOutcome, {kind: 'written'}>),
    original: {studyInstanceUid: '1.2.3', sopInstanceUid: `1.2.${n}`, patient: patientMarks(id, name, birthDate)},
  });
  const set = (reason: 'unreadable' | 'write-failed' | 'identifier-survived'): FileOutcome => ({
    kind: 'quarantined',
    input: '/in/9',
    reason,
    detail: 'why',
  });
  const skipped: FileOutcome = {kind: 'skipped', input: '/in/8', reason: 'raw-data', sopClassUid: '1'};
  const run = (outcomes: FileOutcome[], change: Partial<RunFacts> = {}) =>
    judgeRun({
      plan: [],
      outcomes,
      acceptQuarantine: false,
      pseudonyms: ['P_01'],
      expectedStudyUid: '1.3',
      command: [],
      sopInstanceUidOf: path => path,
      isGone: () => false,
      ...change,
    });
  const stop = (...args: Parameters<typeof run>) => {
    const judged = run(...args);
    return judged.kind === 'stopped' ? judged.outcome : judged.kind;
  };

  it('in which all is written or skipped may leave', () => {
    expect(run([written(1), skipped])).toMatchObject({
      kind: 'ready',
      mappedStudyUid: '1.3',
      counts: {planned: 2, deidentified: 1, skipped: 1, failed: 0},
      note: undefined,
    });
  });

  it.each<[string, FileOutcome[], Partial<RunFacts>, object]>([
    ['with a quarantined instance', [written(1), set('unreadable')], {}, {kind: 'failed', reason: 'unreadable'}],
    ['with an identifier left', [written(1), set('identifier-survived')], {}, {kind: 'failed', stage: 'anonymization'}],
    ['on a full disk', [written(1), set('write-failed')], {}, {kind: 'temporary', reason: 'spool'}],
    ['with a file that went', [set('unreadable')], {isGone: () => true}, {kind: 'temporary', reason: 'vanished'}],
    ['with nothing left', [skipped], {}, {kind: 'failed', reason: 'nothing-left'}],
    ['of two studies', [written(1), written(2, '1.4')], {}, {kind: 'failed', reason: 'wrong-study'}],
    ['of another study', [written(1, '1.4')], {}, {kind: 'failed', reason: 'wrong-study'}],
    [
      'with one SOPInstanceUID for two instances',
      [written(1), {...written(1), path: '/out/other'} as FileOutcome],
      {},
      {kind: 'failed', reason: 'duplicate-uid'},
    ],
    [
      'of two patients',
      [of(1, '1', 'DOE^JOHN'), of(2, '2', 'ROE^MARY')],
      {},
      {kind: 'failed', reason: 'several-patients', detail: expect.stringContaining('2 patients')},
    ],
    [
      'of two patients in one series with one id',
      [of(1, '0', 'DOE^JOHN', '19700101'), of(2, '0', 'ROE^MARY', '19800202')],
      {},
      {kind: 'failed', reason: 'several-patients'},
    ],
    ['of two patients of one name', [of(1, '1', 'DOE^J'), of(2, '2', 'DOE^J')], {}, {reason: 'several-patients'}],
    ['on a full disk, accepted', [written(1), set('write-failed')], {acceptQuarantine: true}, {kind: 'temporary'}],
    [
      'with nothing clean, accepted',
      [set('unreadable')],
      {acceptQuarantine: true},
      {kind: 'failed', reason: 'nothing-left'},
    ],
  ])('%s does not leave', (_, outcomes, change, expected) => {
    expect(stop(outcomes, change)).toMatchObject(expected);
  });

  it.each<[string, FileOutcome[]]>([
    ['whose name was corrected', [of(1, '1', 'DOE^JOHN'), of(2, '1', 'ROE^JOHN')]],
    [
      'whose name is spelt in two ways',
      [of(1, '1', 'ÅSE^BJØRN', '19700101'), of(2, ' 1 ', 'Aase Bjoern^^^', '19700101')],
    ],
    [
      'with two ids, one name and one birth date',
      [of(1, '1', 'DOE^J', '19700101'), of(2, 'X-2', 'Doe^J^K', '19700101')],
    ],
    ['without any sign in some instances', [of(1, '1', 'DOE^J', '19700101'), of(2, '', ''), of(3, '1', '')]],
    ['some of which came back under the pseudonym', [of(1, '1', 'DOE^J'), of(2, 'P_01', 'P_01')]],
  ])('of one patient %s leaves', (_, outcomes) => {
    expect(run(outcomes)).toMatchObject({kind: 'ready', note: undefined});
  });

  it('of two patients leaves as one when an operator says so', () => {
    const judged = run([of(1, '1', 'DOE^JOHN'), of(2, '2', 'ROE^MARY')], {acceptQuarantine: true});
    expect(judged).toMatchObject({
      kind: 'ready',
      note: {note: 'instances of 2 patients were sent as one, as an operator decided'},
    });
  });

  it('with a quarantined instance leaves without it when an operator says so', () => {
    expect(run([written(1), set('unreadable')], {acceptQuarantine: true})).toMatchObject({
      kind: 'ready',
      note: {note: '1 of 2 instances were set aside and left out, as an operator decided'},
    });
  });
});

describe('a run', () => {
  const quarantined = {...noFigures, quarantined: 1};

  it.each<[string, RequestResult[], boolean, number]>([
    ['without requests', [], false, 0],
    ['in which all went well', [{kind: 'done'}, {kind: 'postponed'}], false, 0],
    ['with something to try later', [{kind: 'done'}, {kind: 'retry', reason: 'not-classified'}], false, 75],
    ['with a full spool', [{kind: 'retry', reason: 'spool'}], false, 73],
    ['with a failure', [{kind: 'retry', reason: 'spool'}, {kind: 'failed'}], false, 65],
    ['with an obsolete request', [{kind: 'obsolete'}], false, 65],
    ['with a file that is no request', [{kind: 'unusable'}], false, 65],
    ['with notes for an operator', [{kind: 'done', figures: quarantined}], false, 65],
    ['with trouble in the projects', [{kind: 'done'}], true, 65],
    ['with a refused project', [{kind: 'failed'}, {kind: 'refused'}], false, 78],
    ['with a row that REDCap refused', [{kind: 'refused'}, {kind: 'unconfirmed'}], false, 69],
    ['with a service that is down', [{kind: 'failed'}, {kind: 'retry', serviceDown: true}], false, 69],
  ])('%s', (_, results, trouble, code) => {
    expect(exitCodeOf(results, trouble)).toBe(code);
    expect(summarize(results, trouble).exitCode ?? 0).toBe(code);
  });
});
