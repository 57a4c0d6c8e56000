import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {projectL, projectS} from './support/projects.ts';

let sandbox: RunningSandbox;
let classic: string;
let longitudinal: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
});
beforeEach(async () => {
  classic = await sandbox.load(projectS());
  longitudinal = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

type Parameters = Record<string, string | string[]>;

const keys = async (token: string): Promise<unknown[][]> => {
  const {json} = await sandbox.call(token, {content: 'record'});
  return (json as Record<string, unknown>[]).map(row =>
    [row.record_id, row.redcap_event_name, row.redcap_repeat_instrument, row.redcap_repeat_instance].filter(
      value => value !== undefined && value !== '',
    ),
  );
};
const remove = async (token: string, parameters: Parameters): Promise<string> => {
  const {text} = await sandbox.call(token, {content: 'record', action: 'delete', ...parameters});
  return text;
};
const error = (text: string): string => (JSON.parse(text) as {error: string}).error;

describe('delete', () => {
  it('removes records as a whole and answers their number in every format', async () => {
    expect(await remove(classic, {records: ['1', '2', '2']})).toBe('2');
    expect(await keys(classic)).toEqual([['10']]);
    expect(await remove(classic, {records: '10', format: 'xml'})).toBe('1');
    expect(await keys(classic)).toEqual([]);
  });

  it('needs records', async () => {
    expect(error(await remove(classic, {}))).toBe('No records were provided to delete');
    expect(error(await remove(classic, {records: ''}))).toBe('No records were provided to delete');
  });

  it('removes an arm, and the record when nothing is left', async () => {
    expect(await remove(longitudinal, {records: ['007'], arm: '2'})).toBe('1');
    expect(await keys(longitudinal)).toHaveLength(5);
    expect(await remove(longitudinal, {records: ['007'], arm: '1'})).toBe('1');
    expect(await keys(longitudinal)).toEqual([['b', 'event_1_arm_2']]);
    expect(error(await remove(longitudinal, {records: ['b'], arm: '3'}))).toContain('"arm"');
  });

  it('removes an event, or one instance of a repeating event', async () => {
    await remove(longitudinal, {records: ['007'], event: 'visits_arm_1', repeat_instance: '1'});
    expect(await keys(longitudinal)).toContainEqual(['007', 'visits_arm_1', 2]);
    await remove(longitudinal, {records: ['007'], event: 'visits_arm_1'});
    expect(await keys(longitudinal)).toEqual([
      ['007', 'event_1_arm_1'],
      ['007', 'event_1_arm_1', 'imaging', 2],
      ['b', 'event_1_arm_2'],
    ]);
  });

  it('blanks an instrument, and drops the row when no form holds data any more', async () => {
    expect(error(await remove(longitudinal, {records: ['b'], instrument: 'person'}))).toContain('"event" is required');
    await remove(longitudinal, {records: ['b'], instrument: 'visit', event: 'event_1_arm_2'});
    expect(await keys(longitudinal)).toContainEqual(['b', 'event_1_arm_2']);
    await remove(longitudinal, {records: ['b'], instrument: 'person', event: 'event_1_arm_2'});
    expect(await keys(longitudinal)).not.toContainEqual(['b', 'event_1_arm_2']);
  });

  it('removes all instances of a repeating instrument without an instance number', async () => {
    await remove(classic, {records: ['1'], instrument: 'series'});
    expect(await keys(classic)).toEqual([['1'], ['2'], ['10']]);
  });

  it('names what it does not know', async () => {
    expect(error(await remove(classic, {records: ['1'], instrument: 'x'}))).toContain("not valid: 'x'");
    expect(error(await remove(longitudinal, {records: ['b'], event: 'x'}))).toContain("not valid: 'x'");
    expect(error(await remove(classic, {records: ['1'], instrument: 'series', repeat_instance: '0'}))).toContain(
      'repeat_instance',
    );
  });

  it('leaves a trace in the log', async () => {
    await remove(classic, {records: ['1']});
    const {json} = await sandbox.call(classic, {content: 'log', logtype: 'record_delete'});
    expect(json).toMatchObject([{username: 'sandbox_user', action: 'Delete record (API) 1', record: '1'}]);
  });
});

describe('rename', () => {
  const rename = (record: string, name: string): Promise<string> =>
    sandbox.call(classic, {content: 'record', action: 'rename', record, new_record_name: name}).then(({text}) => text);

  it('gives a record another name', async () => {
    expect(await rename('1', '7')).toBe('1');
    expect(await keys(classic)).toEqual([['2'], ['7'], ['7', 'series', 1], ['10']]);
    expect((await sandbox.call(classic, {content: 'generateNextRecordName'})).text).toBe('11');
  });

  it('refuses names that exist or are none', async () => {
    expect(error(await rename('1', '2'))).toBe('The record name 2 already exists');
    expect(error(await rename('1', ''))).toBe('The record name  is not valid');
    expect(error(await rename('77', '3'))).toContain('77');
    await rename('1', 'abc');
    expect(await rename('ABC', 'Abc')).toBe('1');
    expect((await keys(classic))[2]).toEqual(['Abc']);
  });
});
