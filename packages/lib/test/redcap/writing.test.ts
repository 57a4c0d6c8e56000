import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {planBatches, planImport} from '../../src/redcap/importPlan.ts';
import {aClient, failureOf} from './support/client.ts';
import {type FakeRedcap, metadata, startFakeRedcap} from './support/fakeRedcap.ts';

let server: FakeRedcap;
beforeEach(async () => {
  server = await startFakeRedcap();
});
afterEach(() => server.close());

const importsMade = () => server.requests.filter(request => request.has('data'));
const series = (record: string, instance: number, values: Record<string, string>) => ({
  record,
  form: 'series',
  instance,
  values,
});

describe('a write', () => {
  it('is confirmed record by record', async () => {
    const {redcap} = aClient(server.url);
    const rows = [
      {record: '1', values: {name: 'Ada', box___1: true}},
      series('1', 1, {uid: '1.2'}),
      {record: '2', values: {name: 'Bo'}},
    ];
    expect(await redcap.write(rows)).toEqual({written: ['1', '2'], rejected: []});
    expect(server.rows).toEqual([
      {record: '1', form: 'base', instance: '', values: {name: 'Ada', box___1: '1'}},
      {record: '1', form: 'series', instance: 1, values: {uid: '1.2'}},
      {record: '2', form: 'base', instance: '', values: {name: 'Bo'}},
    ]);
    expect(importsMade().map(request => request.get('returnContent'))).toEqual(['ids']);
  });

  it('that the server does not confirm is incomplete', async () => {
    server.faults = [{match: {import: true}, do: 'status:200 ["1"]'}];
    const {redcap} = aClient(server.url);
    const result = await redcap.write([
      {record: '1', values: {name: 'a'}},
      {record: '2', values: {name: 'b'}},
    ]);
    expect(result.written).toEqual(['1']);
    expect(result.rejected).toMatchObject([{record: '2', kind: 'incomplete'}]);
  });

  it.each(['resetAfterCommit', 'gatewayTimeoutAfterCommit', 'reset', 'gatewayTimeout'])(
    'is repeated after %s and stored once',
    async fault => {
      server.faults = [{match: {import: true}, do: fault, times: 1}];
      const {redcap} = aClient(server.url);
      expect(await redcap.write([series('1', 1, {uid: '1.2'}), series('1', 2, {uid: '1.3'})])).toEqual({
        written: ['1'],
        rejected: [],
      });
      expect(server.rows).toHaveLength(2);
      expect(importsMade()).toHaveLength(2);
    },
  );

  it('of 1000 rows loses only the one that REDCap refuses, in few requests', async () => {
    server.check = (field, value) =>
      field === 'n' && !/^\d+$/.test(value) ? 'The value you provided is not an integer' : undefined;
    const {redcap, log} = aClient(server.url);
    const rows = Array.from({length: 1000}, (_, index) =>
      series(`r${index}`, 1, {uid: 'x', n: index === 314 ? 'Secret, "quoted"\nvalue' : '1'}),
    );
    const result = await redcap.write(rows);
    expect(result.written).toHaveLength(999);
    expect(result.rejected).toEqual([
      {record: 'r314', kind: 'rejected', reasons: [{field: 'n', message: 'The value you provided is not an integer'}]},
    ]);
    expect(server.requests.length).toBeLessThanOrEqual(22);
    expect(log.lines.join('\n')).not.toContain('Secret');
    expect(log.lines.join('\n')).not.toContain('r314');
  });

  it('of a code that the dictionary does not have stores the other records', async () => {
    const {redcap} = aClient(server.url);
    const result = await redcap.write([
      {record: '1', values: {pick: '9'}},
      {record: '2', values: {pick: '2'}},
    ]);
    expect(result).toMatchObject({written: ['2'], rejected: [{record: '1', reasons: [{field: 'pick'}]}]});
  });

  it('halves the batch until the record with an unknown spelling in the message stands alone', async () => {
    server.faults = [];
    server.check = (field, value) => (field === 'name' && value === 'bad' ? 'no' : undefined);
    const {redcap} = aClient(server.url);
    // REDCap may decorate the record in its lines; then only standing alone proves which one it is
    server.faults = [
      {match: {import: true}, do: 'status:400 {"error":"\\"? (visit)\\",\\"name\\",\\"bad\\",\\"no\\""}', times: 1},
    ];
    const rows = ['a', 'b', 'c', 'd'].map(record => ({record, values: {name: record === 'c' ? 'bad' : 'good'}}));
    expect(await redcap.write(rows)).toMatchObject({written: ['a', 'b', 'd'], rejected: [{record: 'c'}]});
  });

  it('with a column the project does not have is refused before any row is stored, naming the column', async () => {
    const {redcap} = aClient(server.url);
    const error = await failureOf(
      redcap.write([
        {record: '1', values: {name: 'a'}},
        {record: '2', values: {shoe_size: '42', sum: '3'}},
      ]),
    );
    expect(error).toMatchObject({kind: 'rejected', exitCode: 65});
    expect(error.hint).toContain('shoe_size, sum');
    expect(importsMade()).toEqual([]);
  });

  it('that the server refuses as a whole stops at once and says what was stored before', async () => {
    server.faults = [
      {
        match: {import: true},
        do: 'status:400 {"error":"The following fields were not found in the project as real data fields: uid"}',
        after: 1,
      },
    ];
    const {redcap} = aClient(server.url, {limits: {importRows: 1}});
    const error = await failureOf(redcap.write(['1', '2', '3'].map(record => series(record, 1, {uid: 'x'}))));
    expect(error).toMatchObject({kind: 'rejected', exitCode: 65});
    expect(error.written).toEqual(['1']);
    expect(importsMade()).toHaveLength(2);
  });

  it('keeps blanks from erasing, unless overwriting is meant', async () => {
    const {redcap} = aClient(server.url);
    await redcap.write([{record: '1', values: {name: 'Ada'}}]);
    await redcap.write([{record: '1', values: {name: null}}]);
    expect(server.rows[0]?.values.name).toBe('Ada');
    await redcap.write([{record: '1', values: {name: null}}], {overwrite: true});
    expect(server.rows[0]?.values.name).toBe('');
  });

  it('that is read back finds values that were not stored', async () => {
    const {redcap} = aClient(server.url);
    server.faults = [{match: {import: true}, do: 'status:200 ["1","2"]'}];
    server.rows = [{record: '1', form: 'base', instance: '', values: {name: 'Ada', pick: '1'}}];
    const result = await redcap.write(
      [
        {record: '1', values: {name: ' Ada', pick: '1'}},
        {record: '2', values: {name: 'Bo'}},
      ],
      {verify: 'values'},
    );
    expect(result).toMatchObject({
      written: ['1'],
      rejected: [{record: '2', kind: 'incomplete', reasons: [{field: 'name'}]}],
    });
  });

  it('brings any text through unchanged', async () => {
    const value = 'Ø "x", \'y\' \n <b>&amp; 😀 %2C + a=b&c';
    const {redcap} = aClient(server.url);
    await redcap.write([{record: 'Ø,1', values: {name: value}}], {verify: 'values'});
    expect((await redcap.read({fields: ['name'], records: ['Ø,1']}))[0]?.values.name).toBe(value);
  });

  it('of nothing makes no request', async () => {
    expect(await aClient(server.url).redcap.write([])).toEqual({written: [], rejected: []});
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['no record name', [{record: ' ', values: {}}]],
    ['an instance of 0', [series('1', 0, {})]],
    ['an instrument without instance', [{record: '1', form: 'series', values: {}}]],
    ['one key twice with different values', [series('1', 1, {uid: 'a'}), series('1', 1, {uid: 'b'})]],
  ])('with %s is a mistake of the tool', async (_, rows) => {
    await expect(aClient(server.url).redcap.write(rows)).rejects.toThrow(TypeError);
  });
});

describe('imports', () => {
  const dictionary = {
    fields: metadata.map(row => ({
      name: row.field_name,
      form: row.form_name,
      type: row.field_type,
      label: '',
      choices: row.select_choices_or_calculations,
      validation: '',
    })),
    project: {title: 'S', longitudinal: false, repeating: true, autoNumbering: true},
  };

  it('keep all rows of a record together and stay within rows and bytes', () => {
    const rows = Array.from({length: 300}, (_, index) =>
      series(`r${index % 60}`, Math.floor(index / 60) + 1, {uid: 'é'.repeat(40)}),
    );
    const {records} = planImport(rows, dictionary, false);
    expect(records.map(record => record.rows)).toEqual(Array.from({length: 60}, () => 5));
    const byRows = planBatches(records, {exportRecords: 1, importRows: 12, importBytes: 1e9});
    expect(byRows.map(batch => batch.length)).toEqual(Array.from({length: 30}, () => 2));
    const byBytes = planBatches(records, {exportRecords: 1, importRows: 1e9, importBytes: 20_000});
    for (const batch of byBytes)
      expect(batch.reduce((sum, record) => sum + record.encoded.length, 0)).toBeLessThan(20_000);
    expect(byBytes.flat()).toEqual(records);
  });

  it('merge equal rows of one key', () => {
    const {records} = planImport(
      [series('1', 1, {uid: 'a'}), series('1 ', 1, {uid: 'a'}), series('1', 1, {uid: 'a'})]
        .slice(0, 3)
        .filter(row => row.record === '1'),
      dictionary,
      false,
    );
    expect(records).toMatchObject([{record: '1', rows: 1}]);
  });
});

describe('removing', () => {
  beforeEach(() => {
    server.rows = ['1', '2', '3'].map(record => ({record, form: 'base', instance: '', values: {}}));
  });

  it('gives the number of records', async () => {
    expect(await aClient(server.url).redcap.remove(['1', '3'])).toBe(2);
    expect(server.rows.map(row => row.record)).toEqual(['2']);
  });

  it('whose answer was lost is repeated, and "do not exist" means done', async () => {
    server.faults = [{match: {action: 'delete'}, do: 'resetAfterCommit', times: 1}];
    expect(await aClient(server.url).redcap.remove(['1', '3'])).toBe(2);
    expect(server.rows.map(row => row.record)).toEqual(['2']);
  });

  it('of what does not exist is an error', async () => {
    expect((await failureOf(aClient(server.url).redcap.remove(['1', '77']))).kind).toBe('rejected');
    server.faults = [{match: {action: 'delete'}, do: 'reset', times: 1}];
    expect((await failureOf(aClient(server.url).redcap.remove(['1', '77']))).kind).toBe('rejected');
    expect(server.rows).toHaveLength(3);
  });
});
