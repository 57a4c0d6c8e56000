import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {aClient, failureOf, temporaryFolder} from './support/client.ts';
import {type FakeRedcap, startFakeRedcap} from './support/fakeRedcap.ts';

let server: FakeRedcap;
beforeEach(async () => {
  server = await startFakeRedcap();
  server.rows = [{record: '1', form: 'series', instance: 4, values: {uid: 'old'}}];
});
afterEach(() => server.close());

const wanted = ['a', 'b'].map(uid => ({record: '1', form: 'series', values: {uid}}));
const stored = () => server.rows.map(({record, instance, values}) => [record, instance, values.uid]);

describe('append', () => {
  it('numbers upwards from the highest instance', async () => {
    const rows = await aClient(server.url).redcap.append([
      ...wanted,
      {record: '2', form: 'series', values: {uid: 'c'}},
    ]);
    expect(rows.map(row => row.instance)).toEqual([5, 6, 1]);
    expect(stored()).toEqual([
      ['1', 4, 'old'],
      ['1', 5, 'a'],
      ['1', 6, 'b'],
      ['2', 1, 'c'],
    ]);
  });

  it.each(['resetAfterCommit', 'gatewayTimeoutAfterCommit'])(
    'reads back after %s and writes nothing twice',
    async fault => {
      server.faults = [{match: {import: true}, do: fault, times: 1}];
      await aClient(server.url).redcap.append(wanted);
      expect(stored()).toEqual([
        ['1', 4, 'old'],
        ['1', 5, 'a'],
        ['1', 6, 'b'],
      ]);
      expect(server.requests.filter(request => request.has('data'))).toHaveLength(1);
    },
  );

  it('writes what is missing after a reset that stored nothing', async () => {
    server.faults = [{match: {import: true}, do: 'reset', times: 1}];
    await aClient(server.url).redcap.append(wanted);
    expect(stored()).toHaveLength(3);
  });

  it('takes the next number when another writer took ours meanwhile', async () => {
    const {redcap} = aClient(server.url);
    let taken = false;
    server.check = () => {
      // the other writer is quicker, and stores the same instance with other values behind our back
      if (!taken)
        setImmediate(() => Object.assign(server.rows.find(row => row.instance === 5)?.values ?? {}, {uid: 'theirs'}));
      taken = true;
      return undefined;
    };
    const rows = await redcap.append(wanted);
    expect(rows.map(row => row.instance)).toEqual([7, 6]);
    expect(stored()).toEqual([
      ['1', 4, 'old'],
      ['1', 5, 'theirs'],
      ['1', 6, 'b'],
      ['1', 7, 'a'],
    ]);
  });

  it('ends after five rounds when the server never stores what it confirms', async () => {
    server.faults = [{match: {import: true}, do: 'status:200 ["1"]'}];
    expect(await failureOf(aClient(server.url).redcap.append(wanted))).toMatchObject({kind: 'incomplete'});
    expect(server.requests.filter(request => request.has('data'))).toHaveLength(5);
  });

  it('of a refused value is an error and no endless loop', async () => {
    server.check = () => 'no';
    expect(await failureOf(aClient(server.url).redcap.append(wanted))).toMatchObject({kind: 'rejected'});
  });

  it('by two processes gives each row a number of its own', async () => {
    server.rows = [];
    const stateDir = temporaryFolder();
    const child = fileURLToPath(new URL('support/appendChild.ts', import.meta.url));
    const exits = ['x', 'y'].map(async name => {
      const process_ = spawn(process.execPath, [child, server.url, stateDir, name], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const [code] = (await once(process_, 'exit')) as [number];
      return code;
    });
    expect(await Promise.all(exits)).toEqual([0, 0]);
    expect(server.rows.map(row => row.instance).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({length: 100}, (_, index) => index + 1),
    );
    expect(new Set(server.rows.map(row => row.values.uid)).size).toBe(100);
  });
});
