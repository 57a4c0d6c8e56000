import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {encodeParameters, postRaw, type RedcapAnswer} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {parseFault} from '../src/faults/faultFormat.ts';
import {projectS} from './support/projects.ts';

let sandbox: RunningSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
  token = await sandbox.load(projectS());
});
afterEach(async () => {
  await sandbox.clearFaults();
});
afterAll(async () => {
  await sandbox.stop();
});

const read = (): Promise<RedcapAnswer> => sandbox.call(token, {content: 'record'});
const write = (name: string): Promise<RedcapAnswer> =>
  sandbox.call(token, {content: 'record', data: JSON.stringify([{record_id: name}])});
const exists = async (name: string): Promise<boolean> =>
  ((await sandbox.call(token, {content: 'record', records: name})).json as unknown[]).length > 0;
const once = (fault: string): Promise<void> => sandbox.fault({do: fault, times: 1});

describe('faults', () => {
  it.each([
    ['gatewayTimeout', 504, /<h1>504/],
    ['maintenance', 200, /^<!DOCTYPE html>/],
    ['maintenance503', 503, /^<!DOCTYPE html>/],
    ['empty200', 200, /^$/],
    ['outOfMemory', 200, /^REDCap ran out of server memory/],
    ['error200', 200, /^\{"error":/],
    ['ban', 403, /banned/],
    ['badToken', 403, /^\{"error":"You do not have permissions to use the API"\}$/],
    ['redirect301', 301, /Moved/],
  ])('%s answers %i once and does not carry the call out', async (fault, status, body) => {
    await once(fault);
    const answer = await write(fault);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(body);
    expect(await exists(fault)).toBe(false);
  });

  it('reset breaks the connection before, resetAfterCommit after the call', async () => {
    await once('reset');
    await expect(write('r1')).rejects.toThrow();
    expect(await exists('r1')).toBe(false);
    await once('resetAfterCommit');
    await expect(write('r2')).rejects.toThrow();
    expect(await exists('r2')).toBe(true);
    await once('gatewayTimeoutAfterCommit');
    expect((await write('r3')).status).toBe(504);
    expect(await exists('r3')).toBe(true);
  });

  it('cuts answers, with and without a complete HTTP answer', async () => {
    await once('truncate:10');
    await expect(read()).rejects.toThrow(/aborted|hang up/);
    await once('truncateJson');
    const cut = await read();
    expect([cut.status, cut.json]).toEqual([200, undefined]);
    expect(cut.text.startsWith('[{')).toBe(true);
  });

  it('changes rows: drops records, sends instances as text', async () => {
    const all = ((await read()).json as {record_id: string}[]).map(row => row.record_id);
    await once('dropRecords:2');
    const some = new Set(((await read()).json as {record_id: string}[]).map(row => row.record_id));
    expect([...new Set(all)].filter((_, index) => index % 2 === 0)).toEqual([...some]);
    await once('stringInstances');
    const rows = (await read()).json as Record<string, unknown>[];
    expect(rows.map(row => row.redcap_repeat_instance)).toContain('1');
  });

  it('delays, and sends slowly', async () => {
    await once('delay:300');
    const start = performance.now();
    expect((await read()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(295);
    await once('slowBody');
    const slow = postRaw(sandbox, encodeParameters({token, content: 'version'}), {signal: AbortSignal.timeout(1500)});
    await expect(slow).rejects.toThrow(/abort/);
  });

  it('are consumed in order, for the calls they match', async () => {
    await sandbox.fault([
      {match: {content: 'record', import: true}, do: 'gatewayTimeout', times: 1, after: 1},
      {match: {project: 'other'}, do: 'ban'},
      {match: {content: 'metadata'}, do: 'maintenance503', times: 2},
      {match: {moreThanRecords: 2}, do: 'outOfMemory'},
    ]);
    expect((await read()).status).toBe(200);
    expect([(await write('o')).status, (await write('o')).status, (await write('o')).status]).toEqual([200, 504, 200]);
    const metadata = async (): Promise<number> => (await sandbox.call(token, {content: 'metadata'})).status;
    expect([await metadata(), await metadata(), await metadata()]).toEqual([503, 503, 200]);
    const named = async (records: string[]): Promise<unknown> =>
      (await sandbox.call(token, {content: 'record', records})).json;
    expect(await named(['1', '2', '3'])).toBeUndefined();
    expect(await named(['1', '2'])).toHaveLength(3);
  });

  it('are refused with every reason when they are not understood', () => {
    const problems = (fault: unknown): number => {
      const parsed = parseFault(fault);
      return 'problems' in parsed ? parsed.problems.length : 0;
    };
    expect(problems([])).toBe(1);
    expect(problems({do: 'explode', times: 0, after: -1, foo: 1})).toBe(4);
    expect(problems({match: {contents: 'x', import: 1, pacs: 'nap'}, do: 'abort'})).toBe(3);
    expect(problems({match: {pacs: 'store'}, do: 'status:A700'})).toBe(0);
    expect(problems({match: {pacs: 'find'}, do: 'gatewayTimeout'})).toBe(1);
  });
});
