import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {inspect} from 'node:util';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {ConnectOptions} from '../../src/redcap/options.ts';
import {aClient, failureOf, temporaryFolder} from './support/client.ts';
import {projectS, type Sandbox, startSandbox} from './support/sandbox.ts';

let sandbox: Sandbox;
let shared: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  shared = sandbox.load(projectS());
});
afterEach(() => sandbox.clearFaults());
afterAll(() => sandbox.stop());

const records = {content: 'record'};

function clientOf(project: object = projectS(), options: Partial<ConnectOptions> = {}) {
  const token = sandbox.load(project);
  return {token, ...aClient(sandbox.url, {token, ...options})};
}

/** The client once it knows the dictionary, and a counter of requests from there on. */
async function warm(project?: object, options?: Partial<ConnectOptions>) {
  return counted(clientOf(project, options));
}

/** A client of a project that all tests share which only read. */
async function reading(options?: Partial<ConnectOptions>) {
  return counted({token: shared, ...aClient(sandbox.url, {token: shared, ...options})});
}

async function counted(client: ReturnType<typeof clientOf>) {
  await client.redcap.metadata();
  const before = client.redcap.requests;
  return {...client, made: () => client.redcap.requests - before};
}

const base = (record: string, values: Record<string, string> = {}) => ({record_id: record, ...values});

describe('the client at a REDCap-compatible server', () => {
  it('C-1 reads no records without a request', async () => {
    const {redcap} = clientOf();
    expect(await redcap.read({fields: ['uid'], records: []})).toEqual([]);
    expect(redcap.requests).toBe(0);
  });

  it('C-2 gets records, instruments and instances with any field', async () => {
    const {redcap} = clientOf();
    const rows = await redcap.read({fields: ['uid']});
    expect(rows).toContainEqual({record: '1', form: 'series', instance: 1, values: {record_id: '1', uid: '1.2.3'}});
    expect(rows.map(row => row.record)).toEqual(['1', '1', '2', '10']);
  });

  it('C-3 reads 1200 names in three requests', async () => {
    const names = Array.from({length: 1200}, (_, index) => `r${index}`);
    const {redcap, made} = await warm(projectS(names.map(name => base(name))));
    const rows = await redcap.read({fields: ['name'], records: names});
    expect(new Set(rows.map(row => row.record))).toEqual(new Set(names));
    expect(made()).toBe(3);
  });

  it('C-4 reads again after two gateway time-outs', async () => {
    const {redcap, log, made} = await reading();
    sandbox.fault({match: records, do: 'gatewayTimeout', times: 2});
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
    expect(made()).toBe(3);
    expect(log.lines.filter(line => line.startsWith('INFO'))).toHaveLength(2);
  });

  it('C-5 gives up after five attempts', async () => {
    const {redcap, made} = await reading();
    sandbox.fault({match: records, do: 'gatewayTimeout', times: 9});
    expect(await failureOf(redcap.read({fields: ['uid']}))).toMatchObject({kind: 'gateway', attempts: 5, exitCode: 69});
    expect(made()).toBe(5);
  });

  it.each([
    ['C-6', 'maintenance', 'maintenance', 2],
    ['C-7', 'empty200', 'malformed', 2],
    ['C-7', 'truncateJson', 'malformed', 2],
    ['C-7', 'error200', 'rejected', 1],
    ['C-7', 'truncate:30', 'malformed', 2],
  ])('%s takes %s for %s, not for data', async (_, fault, kind, requests) => {
    const {redcap, made} = await reading();
    sandbox.fault({match: records, do: fault, times: requests});
    expect(await failureOf(redcap.read({fields: ['uid']}))).toMatchObject({kind, exitCode: 69});
    expect(made()).toBe(requests);
  });

  it('C-8 repeats a write whose answer was lost', async () => {
    const {redcap} = await warm();
    sandbox.fault({match: {...records, import: true}, do: 'resetAfterCommit', times: 1});
    const rows = [1, 2, 3].map(instance => ({record: '7', form: 'series', instance, values: {uid: `1.${instance}`}}));
    expect(await redcap.write(rows, {verify: 'values'})).toEqual({written: ['7'], rejected: []});
    expect(await redcap.read({fields: ['uid'], records: ['7'], onlyForm: 'series'})).toHaveLength(3);
  });

  it('C-9 appends exactly two instances although the answer was lost', async () => {
    const {redcap} = await warm();
    sandbox.fault({match: {...records, import: true}, do: 'resetAfterCommit', times: 1});
    await redcap.append(['8', '9'].map(n => ({record: '1', form: 'series', values: {n}})));
    const rows = await redcap.read({fields: ['n'], records: ['1'], onlyForm: 'series'});
    expect(rows.map(row => [row.instance, row.values.n])).toEqual([
      [1, '5'],
      [2, '8'],
      [3, '9'],
    ]);
  });

  it('C-10 two processes append 50 instances each', async () => {
    const {redcap, token} = clientOf(projectS([]));
    const stateDir = temporaryFolder();
    const child = fileURLToPath(new URL('support/appendChild.ts', import.meta.url));
    const exits = ['x', 'y'].map(async name => {
      const started = spawn(process.execPath, [child, sandbox.url, stateDir, name, token], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      return ((await once(started, 'exit')) as [number])[0];
    });
    expect(await Promise.all(exits)).toEqual([0, 0]);
    const rows = await redcap.read({fields: ['uid'], onlyForm: 'series'});
    expect(rows.map(row => row.instance)).toEqual(Array.from({length: 100}, (_, index) => index + 1));
    expect(new Set(rows.map(row => row.values.uid)).size).toBe(100);
  });

  it('C-11 stores 999 of 1000 rows, and says which one not and why', async () => {
    const {redcap, made} = await warm(projectS([]));
    const rows = Array.from({length: 1000}, (_, index) => ({
      record: `r${index}`,
      form: 'series',
      instance: 1,
      values: {n: index === 500 ? 'five' : '5'},
    }));
    const {written, rejected} = await redcap.write(rows);
    expect(written).toHaveLength(999);
    expect(rejected).toMatchObject([{record: 'r500', kind: 'rejected', reasons: [{field: 'n'}]}]);
    expect(rejected[0]?.reasons[0]?.message).not.toBe('');
    expect(made()).toBeLessThanOrEqual(22);
  });

  it('C-12 asks again for records that a full read lost', async () => {
    const names = Array.from({length: 50}, (_, index) => `r${index}`);
    const {redcap} = await warm(projectS(names.map(name => base(name, {name}))));
    sandbox.fault({match: records, do: 'dropRecords:7', after: 1});
    const rows = await redcap.read({fields: ['name']});
    expect(new Set(rows.map(row => row.record))).toEqual(new Set(names));
    sandbox.clearFaults();
    sandbox.fault({match: records, do: 'dropRecords:1', after: 1});
    expect(await failureOf(redcap.read({fields: ['name']}))).toMatchObject({kind: 'incomplete', exitCode: 69});
  });

  it('C-13 halves what the server has no memory for', async () => {
    const names = Array.from({length: 600}, (_, index) => `r${index}`);
    const {redcap} = await warm(projectS(names.map(name => base(name))));
    sandbox.fault({match: {...records, moreThanRecords: 100}, do: 'outOfMemory'});
    const rows = await redcap.read({fields: ['name'], records: names});
    expect(new Set(rows.map(row => row.record))).toEqual(new Set(names));
  });

  it('C-14 shows a wrong token nowhere, after one request', async () => {
    const wrong = 'FEDCBA98765432100123456789ABCDEF';
    const {redcap, log} = aClient(sandbox.url, {token: wrong});
    const error = await failureOf(redcap.read({fields: ['uid']}));
    expect(error).toMatchObject({kind: 'auth', exitCode: 78});
    expect(redcap.requests).toBe(1);
    const everything = [
      inspect(error, {showHidden: true, depth: 9}),
      error.stack,
      JSON.stringify(error),
      ...log.lines,
    ].join('\n');
    expect(everything).not.toContain(wrong);
  });

  it('C-15 makes no request for 15 minutes after a ban', async () => {
    const {redcap, stateDir, token} = await reading();
    sandbox.fault({match: records, do: 'ban', times: 1});
    expect(await failureOf(redcap.read({fields: ['uid']}))).toMatchObject({kind: 'rateLimited', exitCode: 75});
    const next = aClient(sandbox.url, {token, stateDir}).redcap;
    expect(await failureOf(next.read({fields: ['uid']}))).toMatchObject({kind: 'rateLimited', exitCode: 75});
    expect(next.requests).toBe(0);
  });

  it('C-16 takes instances as text, too', async () => {
    const {redcap} = await reading();
    const rows = await redcap.read({fields: ['uid']});
    sandbox.fault({match: records, do: 'stringInstances', times: 2});
    expect(await redcap.read({fields: ['uid']})).toEqual(rows);
  });

  it('C-18 ends a dripping answer in time', async () => {
    const {redcap} = await reading({http: {requestSeconds: 2, totalSeconds: 2}});
    sandbox.fault({match: records, do: 'slowBody', times: 1});
    const begun = performance.now();
    expect((await failureOf(redcap.read({fields: ['uid']}))).kind).toBe('timeout');
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it('C-19 stores nothing when a column is unknown, and names it', async () => {
    const {redcap} = await warm(projectS([]));
    const error = await failureOf(
      redcap.write([
        {record: '1', values: {name: 'a'}},
        {record: '2', values: {shoe: '42'}},
      ]),
    );
    expect(error).toMatchObject({kind: 'rejected', exitCode: 65, hint: expect.stringContaining('shoe') as string});
    expect(await redcap.names()).toEqual([]);
  });

  it('C-20 takes "do not exist" for done when the first answer was lost', async () => {
    const {redcap} = await warm();
    sandbox.fault({match: {action: 'delete'}, do: 'resetAfterCommit', times: 1});
    expect(await redcap.remove(['1', '2'])).toBe(2);
    expect(await redcap.names()).toEqual(['10']);
    expect(await failureOf(redcap.remove(['77']))).toMatchObject({kind: 'rejected'});
  });

  it('C-21 brings any text through unchanged', async () => {
    const {redcap} = await warm();
    const value = 'Ø "x", \'y\' \n <b>&amp; 😀';
    expect(await redcap.write([{record: '1', values: {name: value}}], {verify: 'values'})).toEqual({
      written: ['1'],
      rejected: [],
    });
    expect((await redcap.read({fields: ['name'], records: ['1'], onlyForm: ''}))[0]?.values.name).toBe(value);
  });

  it('follows a redirect to itself', async () => {
    const {redcap} = await reading();
    sandbox.fault({match: records, do: 'redirect301', times: 1});
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
  });

  it('removes one instance, and erases a value only when overwriting', async () => {
    const {redcap} = await warm();
    await redcap.append([{record: '1', form: 'series', values: {uid: '9'}}]);
    await redcap.remove(['1'], {form: 'series', instance: 1});
    expect(
      (await redcap.read({forms: ['series'], records: ['1'], onlyForm: 'series'})).map(row => row.instance),
    ).toEqual([2]);
    await redcap.write([{record: '1', values: {name: null, box___2: false}}], {overwrite: true});
    const [row] = await redcap.read({fields: ['name', 'box'], records: ['1'], onlyForm: ''});
    expect(row?.values).toMatchObject({name: '', box___2: '0'});
  });
});
