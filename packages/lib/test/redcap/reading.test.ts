import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {equals, notBlank} from '../../src/redcap/filter.ts';
import {aClient, failureOf} from './support/client.ts';
import {type FakeRedcap, startFakeRedcap} from './support/fakeRedcap.ts';

let server: FakeRedcap;
beforeEach(async () => {
  server = await startFakeRedcap();
  server.rows = [
    {record: '1', form: 'base', instance: '', values: {name: 'Ada', box___1: '0', box___2: '1', pick: '1'}},
    {record: '1', form: 'series', instance: 1, values: {uid: '1.2.3', n: '5'}},
    {record: '2', form: 'base', instance: '', values: {pick: '2'}},
    {record: '10', form: 'base', instance: '', values: {}},
  ];
});
afterEach(() => server.close());

const exportsMade = () => server.requests.filter(request => request.get('content') === 'record');
const variablesOf = (request: Map<string, string> | undefined, name: string) =>
  [...(request ?? [])].filter(([key]) => key.startsWith(`${name}[`)).map(([, value]) => value);

function manyRecords(count: number): string[] {
  const names = Array.from({length: count}, (_, index) => `r${index}`);
  server.rows = names.map(record => ({record, form: 'base', instance: '', values: {name: record}}));
  return names;
}

describe('a read', () => {
  it('of no records makes no request', async () => {
    const {redcap} = aClient(server.url);
    expect(await redcap.read({fields: ['uid'], records: []})).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  it('asks for the record id first and gives records, instruments and numbered instances', async () => {
    const {redcap} = aClient(server.url);
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toEqual([
      {record: '1', values: {record_id: '1', uid: ''}},
      {record: '1', form: 'series', instance: 1, values: {record_id: '1', uid: '1.2.3'}},
    ]);
    const [request] = exportsMade();
    expect(variablesOf(request, 'fields')).toEqual(['record_id', 'uid']);
    expect(request?.get('records[0]')).toBe('1');
    expect(request?.get('rawOrLabel')).toBe('raw');
  });

  it('takes instance numbers as text, too', async () => {
    const {redcap} = aClient(server.url);
    const asNumbers = await redcap.read({fields: ['uid']});
    server.faults = [{do: 'stringInstances'}];
    expect(await redcap.read({fields: ['uid']})).toEqual(asNumbers);
  });

  it('of 1200 names goes out in three requests below the limit of variables, nothing lost', async () => {
    const names = manyRecords(1200);
    const {redcap} = aClient(server.url);
    const rows = await redcap.read({fields: ['name'], records: names});
    expect(rows.map(row => row.record)).toEqual(names);
    expect(exportsMade().map(request => variablesOf(request, 'records').length)).toEqual([500, 500, 200]);
    expect(Math.max(...exportsMade().map(request => request.size))).toBeLessThan(950);
  });

  it('stays below the limit of variables also with larger chunks configured', async () => {
    const names = manyRecords(1500);
    const {redcap} = aClient(server.url, {limits: {exportRecords: 2000}});
    expect(await redcap.read({fields: ['name'], records: names})).toHaveLength(1500);
    expect(Math.max(...exportsMade().map(request => request.size))).toBeLessThan(950);
  });

  it('of a name that does not exist gives nothing for it', async () => {
    const {redcap} = aClient(server.url);
    expect(await redcap.read({fields: ['name'], records: ['1', 'nobody'], onlyForm: ''})).toHaveLength(1);
    expect(await redcap.read({fields: ['name'], records: ['nobody']})).toEqual([]);
  });

  it('of records that must exist asks once more and then says that they are missing', async () => {
    const {redcap} = aClient(server.url);
    server.faults = [{match: {content: 'record'}, do: 'dropRecord:2', times: 1}];
    expect(await redcap.read({fields: ['name'], records: ['1', '2'], mustExist: true})).toHaveLength(3);
    expect(await failureOf(redcap.read({fields: ['name'], records: ['1', 'nobody'], mustExist: true}))).toMatchObject({
      kind: 'incomplete',
    });
  });

  it('of the whole project begins with the list of names', async () => {
    const {redcap} = aClient(server.url);
    expect(await redcap.read({fields: ['uid']})).toHaveLength(4);
    const [names, rows] = exportsMade();
    expect([variablesOf(names, 'fields'), variablesOf(names, 'records')]).toEqual([['record_id'], []]);
    expect(variablesOf(rows, 'records')).toEqual(['1', '2', '10']);
  });

  it('of the whole project asks again for records the server dropped', async () => {
    const names = manyRecords(100);
    const {redcap} = aClient(server.url);
    server.faults = [{match: {content: 'record'}, do: 'dropRecords:7', after: 1}];
    const rows = await redcap.read({fields: ['name']});
    expect(new Set(rows.map(row => row.record))).toEqual(new Set(names));
  });

  it('of the whole project that stays without a listed record is incomplete', async () => {
    const {redcap} = aClient(server.url);
    await redcap.metadata();
    server.faults = [
      {match: {content: 'record'}, do: 'none', times: 1},
      {match: {content: 'record'}, do: 'dropRecord:2', times: 3},
    ];
    expect(await failureOf(redcap.read({fields: ['name']}))).toMatchObject({kind: 'incomplete', exitCode: 69});
  });

  it('takes a record that is no longer listed as deleted meanwhile', async () => {
    const {redcap} = aClient(server.url);
    await redcap.metadata();
    server.faults = [
      {match: {content: 'record'}, do: 'none', times: 1},
      {match: {content: 'record'}, do: 'dropRecord:2'},
    ];
    expect(new Set((await redcap.read({fields: ['name']})).map(row => row.record))).toEqual(new Set(['1', '10']));
  });

  it('of the whole project does not believe a list of names that shrinks to nothing', async () => {
    const {redcap} = aClient(server.url);
    await redcap.metadata();
    server.faults = [{match: {content: 'record'}, do: 'dropRecords:1', after: 1}];
    expect(await failureOf(redcap.read({fields: ['name']}))).toMatchObject({kind: 'incomplete'});
  });

  it('halves the list as long as the server runs out of memory, and remembers the size', async () => {
    const names = manyRecords(1000);
    const {redcap} = aClient(server.url);
    server.faults = [{match: {content: 'record'}, do: 'outOfMemory:100'}];
    const rows = await redcap.read({fields: ['name'], records: names});
    expect(rows.map(row => row.record)).toEqual(names);
    expect(exportsMade().length).toBeLessThan(7 + 8 + 9);
  });

  it('since a time asks with the local time of the server', async () => {
    const {redcap} = aClient(server.url);
    await redcap.read({fields: ['name'], since: new Date('2026-07-01T10:00:00Z')});
    expect(exportsMade().map(request => request.get('dateRangeBegin'))).toEqual(['2026-07-01 12:00:00']);
  });

  it('since a time falls back to the records concerned when the server cannot answer at once', async () => {
    const {redcap} = aClient(server.url);
    await redcap.metadata();
    server.faults = [{match: {content: 'record'}, do: 'outOfMemory:-1', times: 1}];
    expect(await redcap.read({fields: ['name'], since: new Date()})).toHaveLength(4);
  });

  it.each([
    ['dropColumn:uid', /lacks uid/],
    ['dropColumn:record_id', /lacks record_id/],
    ['dropColumn:redcap_repeat_instance', /lacks redcap_repeat_instance/],
    ['hashNames', /hashed/],
  ])('with %s is incomplete and drops the cached dictionary', async (fault, why) => {
    const {redcap} = aClient(server.url);
    await redcap.metadata();
    server.faults = [{match: {content: 'record'}, do: fault, times: 1}];
    const error = await failureOf(redcap.read({fields: ['uid'], records: ['2', '10']}));
    expect(error.kind).toBe('incomplete');
    expect(error.message).toMatch(why);
    const before = server.requests.filter(request => request.get('content') === 'metadata').length;
    await redcap.read({fields: ['uid'], records: ['2']});
    expect(server.requests.filter(request => request.get('content') === 'metadata').length).toBe(before + 1);
  });

  it('with one row twice is malformed', async () => {
    const {redcap} = aClient(server.url);
    server.faults = [{match: {content: 'record'}, do: 'repeatRow'}];
    expect((await failureOf(redcap.read({fields: ['uid'], records: ['1']}))).kind).toBe('malformed');
  });

  it('of a checkbox gives its columns', async () => {
    const {redcap} = aClient(server.url);
    expect((await redcap.read({fields: ['box'], records: ['1'], onlyForm: ''}))[0]?.values).toEqual({
      record_id: '1',
      box___1: '0',
      box___2: '1',
    });
  });

  it('of an unknown field is refused by the server, with the name in the message', async () => {
    const {redcap} = aClient(server.url);
    expect((await failureOf(redcap.read({fields: ['nonsense'], records: ['1']}))).message).toContain("'nonsense'");
  });
});

describe('the dictionary', () => {
  it('is asked for once a day by all tools together', async () => {
    const {redcap, stateDir} = aClient(server.url);
    const fields = await redcap.metadata();
    expect(fields.map(field => field.name)).toContain('uid');
    expect(await aClient(server.url, {stateDir}).redcap.project()).toMatchObject({
      longitudinal: false,
      repeating: true,
    });
    expect(server.requests.map(request => request.get('content'))).toEqual(['metadata', 'project']);
    const tomorrow = {now: () => new Date(Date.now() + 24 * 3600_000), monotonic: () => performance.now()};
    await aClient(server.url, {stateDir, clock: tomorrow}).redcap.metadata();
    expect(server.requests).toHaveLength(4);
  });
});

describe('a filter', () => {
  it('takes UIDs and nothing that could end a literal', () => {
    expect(equals('series_instance_uid', '1.2.3')).toBe('[series_instance_uid] = "1.2.3"');
    expect(notBlank('transfer_name')).toBe('[transfer_name] <> ""');
    expect(() => equals('uid', '1" or "1"="1')).toThrow(RangeError);
    expect(() => notBlank('uid] <> "')).toThrow(RangeError);
  });
});
