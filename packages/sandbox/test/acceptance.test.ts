import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {encodeParameters, postRaw} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {openDatabase} from '../src/store/database.ts';
import {projectS} from './support/projects.ts';

let sandbox: RunningSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false});
});
beforeEach(async () => {
  token = await sandbox.load(projectS());
});
afterAll(async () => {
  await sandbox.stop();
});

type Parameters = Record<string, string | string[]>;
const call = (parameters: Parameters): ReturnType<RunningSandbox['call']> => sandbox.call(token, parameters);
const records = async (parameters: Parameters = {}): Promise<Record<string, unknown>[]> =>
  (await call({content: 'record', ...parameters})).json as Record<string, unknown>[];
const importRows = (rows: unknown, more: Parameters = {}): ReturnType<RunningSandbox['call']> =>
  call({content: 'record', data: typeof rows === 'string' ? rows : JSON.stringify(rows), ...more});

/** Looks into, or changes, the sandbox's database behind its back. */
function inspect(sql: string): Record<string, unknown>[] {
  const database = openDatabase(sandbox.dir);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe('the acceptance examples', () => {
  it('B-1 exports everything in order, with keys in column order', async () => {
    const rows = await records();
    expect(rows.map(row => [row.record_id, row.redcap_repeat_instrument, row.redcap_repeat_instance])).toEqual([
      ['1', '', ''],
      ['1', 'series', 1],
      ['2', '', ''],
      ['10', '', ''],
    ]);
    const keys =
      'record_id redcap_repeat_instrument redcap_repeat_instance name box___1 box___2 pick when base_complete uid n series_complete';
    for (const row of rows) expect(Object.keys(row).join(' ')).toBe(keys);
    expect(rows[0]).toMatchObject({
      name: 'Ada',
      box___1: '0',
      box___2: '1',
      pick: '1',
      base_complete: '0',
      uid: '',
      series_complete: '',
    });
    expect(rows[1]).toMatchObject({box___2: '', base_complete: '', uid: '1.2.3', n: '5', series_complete: '0'});
  });

  it('B-2 exports single keys when the record id is not asked for', async () => {
    const rows = await records({fields: ['name']});
    expect(rows).toEqual([{name: 'Ada'}]);
  });

  it('B-3 filters each row by its own values', async () => {
    const rows = await records({fields: 'record_id,uid', filterLogic: '[uid] <> ""'});
    expect(rows).toEqual([
      {record_id: '1', redcap_repeat_instrument: 'series', redcap_repeat_instance: 1, uid: '1.2.3'},
    ]);
  });

  it('B-4 exports labels and label headers', async () => {
    const {text} = await call({
      content: 'record',
      format: 'csv',
      fields: 'record_id,pick',
      rawOrLabel: 'label',
      rawOrLabelHeaders: 'label',
    });
    const [header, first, second] = text.split('\n');
    expect(header).toBe('"Label of record_id","Repeat Instrument","Repeat Instance","Label of pick"');
    expect(first).toBe('1,,,One');
    expect(second).toBe('1,Series,1,');
  });

  it('B-5 refuses a filter it cannot read', async () => {
    const {status, json} = await call({content: 'record', filterLogic: '[pick] = '});
    expect(status).toBe(400);
    expect((json as {error: string}).error).toMatch(/^The filter logic is not valid: /);
  });

  it('B-6 exports one line per value as eav', async () => {
    const rows = await records({type: 'eav', records: '1'});
    const key = {record: '1', redcap_repeat_instrument: '', redcap_repeat_instance: ''};
    expect(rows).toContainEqual({...key, field_name: 'box', value: '2'});
    expect(rows).toContainEqual({...key, field_name: 'record_id', value: '1'});
    expect(rows.filter(row => row.field_name === 'box')).toHaveLength(1);
  });

  it('B-7 gives a new instance the next number', async () => {
    const row = {record_id: 1, redcap_repeat_instrument: 'series', redcap_repeat_instance: 'new', uid: '1.2.4'};
    expect((await importRows([row])).text).toBe('{"count":1}');
    const rows = await records({fields: ['record_id', 'uid'], filterLogic: '[uid] = "1.2.4"'});
    expect(rows.map(found => found.redcap_repeat_instance)).toEqual([2]);
    await importRows([row, {...row, uid: '1.2.5'}]);
    expect((await records({records: ['1']})).map(found => found.redcap_repeat_instance)).toEqual(['', 1, 2, 3, 4]);
  });

  it('B-8 refuses the whole import and names every wrong value', async () => {
    const {status, json} = await importRows([
      {record_id: '3', pick: '9'},
      {record_id: '4', when: '13/45/2020'},
    ]);
    expect(status).toBe(400);
    const lines = (json as {error: string}).error.split('\n');
    expect(lines[0]).toBe('"3","pick","9","The value is not a valid category for pick"');
    expect(lines[1]).toBe(
      '"4","when","13/45/2020","Invalid date format. (NOTE: Dates must be imported here only in Y-M-D format, regardless of the specific date format designated for this field.)"',
    );
    expect(lines).toHaveLength(2);
    expect(await records({records: ['3', '4']})).toEqual([]);
  });

  it('B-9 reads dates as told and answers ids', async () => {
    const {text} = await importRows('record_id,when\n5,1/7/2022', {
      format: 'csv',
      dateFormat: 'MDY',
      returnContent: 'ids',
    });
    expect(text).toBe('id\n5');
    expect(await records({records: '5', fields: ['when']})).toEqual([{when: '2022-01-07'}]);
  });

  it('B-10 ignores blanks, or erases with them', async () => {
    const row = [{record_id: '1', name: ''}];
    expect((await importRows(row)).text).toBe('{"count":1}');
    expect(await records({records: '1', fields: ['name']})).toEqual([{name: 'Ada'}]);
    expect((await importRows(row, {overwriteBehavior: 'overwrite'})).text).toBe('{"count":1}');
    expect((await records({records: '1'}))[0]?.name).toBe('');
  });

  it('B-11 deletes one instance and leaves the others their numbers', async () => {
    await importRows([{record_id: 1, redcap_repeat_instrument: 'series', redcap_repeat_instance: 2, uid: '1.2.4'}]);
    const {text} = await call({
      content: 'record',
      action: 'delete',
      records: ['1'],
      instrument: 'series',
      repeat_instance: '1',
    });
    expect(text).toBe('1');
    const rows = await records({records: ['1']});
    expect(rows.map(row => [row.redcap_repeat_instance, row.uid])).toEqual([
      ['', ''],
      [2, '1.2.4'],
    ]);
  });

  it('B-12 deletes nothing when one record is unknown', async () => {
    const {status, json} = await call({content: 'record', action: 'delete', records: ['1', '77']});
    expect(status).toBe(400);
    expect((json as {error: string}).error).toBe(
      'One or more of the records provided cannot be deleted because they do not exist in the project. The following records do not exist: 77',
    );
    expect(await records({records: ['1']})).toHaveLength(2);
  });

  it('B-13 drops variables beyond the limit silently', async () => {
    const names = Array.from({length: 1500}, (_, index) => String(index + 1));
    await importRows(names.map(name => ({record_id: name})));
    const rows = await records({records: names, fields: ['record_id']});
    const found = new Set(rows.map(row => row.record_id));
    // token, content and format come first, the fields last
    expect(found.size).toBeGreaterThan(990);
    expect(found.size).toBeLessThan(1000);
    expect(await records({records: names.join(','), fields: 'record_id', filterLogic: '[uid] = ""'})).toHaveLength(
      1500,
    );
  });

  it('B-14 refuses wrong tokens and methods', async () => {
    const body = encodeParameters({content: 'record', format: 'json'});
    for (const wrong of [`${body}&token=${token.slice(1)}`, body]) {
      const answer = await postRaw(sandbox, wrong);
      expect([answer.status, answer.text]).toEqual([403, '{"error":"You do not have permissions to use the API"}']);
    }
    const get = await postRaw(sandbox, '', {method: 'GET'});
    expect(get.status).toBe(501);
    expect(get.text).toBe(
      '<?xml version="1.0" encoding="UTF-8" ?><hash><error>The requested method is not implemented.</error></hash>',
    );
    const elsewhere = await postRaw({...sandbox, redcapUrl: sandbox.redcapUrl.replace('/api/', '/redcap/')}, body);
    expect([elsewhere.status, elsewhere.text.slice(0, 9)]).toEqual([404, '<!DOCTYPE']);
  });

  it('B-16 makes two projects of a file that is loaded twice', async () => {
    const other = await sandbox.load(projectS());
    expect(other).toMatch(/^[0-9A-F]{32}$/);
    expect(other).not.toBe(token);
    await sandbox.call(other, {content: 'record', action: 'delete', records: ['1']});
    expect(await records({records: ['1']})).toHaveLength(2);
  });

  it('B-17 takes an import of the same rows for no change', async () => {
    const row = {record_id: '1', name: 'Ada', box___2: '1', base_complete: '0'};
    const [{now} = {now: ''}] = inspect('SELECT max(modified) AS now FROM record');
    // the stored time is that of the load; only a change may move it
    inspect(`UPDATE record SET modified = '2001-02-03 04:05:06'`);
    expect((await importRows([row])).text).toBe('{"count":1}');
    expect(await records({dateRangeBegin: '2001-02-03 04:05:07'})).toEqual([]);
    expect(await records({dateRangeBegin: '2001-02-03 04:05:06', records: '1'})).toHaveLength(2);
    expect((await call({content: 'log', logtype: 'record'})).json).toEqual([]);
    await importRows([{...row, name: 'Bea'}]);
    const changed = await records({dateRangeBegin: String(now), fields: ['record_id', 'name']});
    expect(changed.map(found => found.name)).toEqual(['Bea', '']);
    expect(await records({dateRangeBegin: '2999-01-01 00:00:00'})).toEqual([]);
    expect(await records({dateRangeEnd: '2000-01-01'})).toEqual([]);
    expect(await records({dateRangeEnd: '2001-02-03 04:05'})).toEqual([]);
    expect(await records({dateRangeEnd: '2001-02-03 04:05:06', fields: 'record_id'})).toHaveLength(2);
  });

  it('B-18 has no arms in a classic project', async () => {
    const {status, json} = await call({content: 'arm'});
    expect([status, json]).toEqual([400, {error: 'You cannot export arms for classic projects'}]);
  });
});
