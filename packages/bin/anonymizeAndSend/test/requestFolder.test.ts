import {existsSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {lockStudy} from '@fiona/lib/site/studyLock';

import {describe, expect, it} from 'vitest';
import {gatewayForEachTest} from './support/eachTest.ts';
import {uidOf} from './support/gateway.ts';
import {placeStudy, smallStudy} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;
const inRequests = (name: string) => `${test.gateway.path('requests')}/${name}`;

describe('the request folder', () => {
  /** The order in which studies were begun. */
  const begun = () => [...test.log.matchAll(/INFO transfer (\S+)/g)].map(match => match[1]);

  it.each(['oldest', 'newest'] as const)('is worked off %s first', async order => {
    test.gateway.configure({ANONYMIZER: {order}});
    const uids: string[] = [];
    for (const ageSeconds of [300, 600, 100]) {
      const uid = smallStudy().studyInstanceUid;
      await test.gateway.ask(uid, {ageSeconds});
      uids.push(uid);
    }
    await run();
    const [middle, first, last] = uids;
    expect(begun()).toEqual(order === 'oldest' ? [first, middle, last] : [last, middle, first]);
  });

  it('is looked at again after each request, unless once is enough (AS-40)', async () => {
    const {uid} = await askedStudy();
    const late = smallStudy().studyInstanceUid;
    await test.gateway.enter(late);
    test.services.proxy.answered = call => {
      if (call.kind === 'import') test.gateway.write(late);
    };
    await run({once: true});
    expect(begun()).toEqual([uid]);
    expect((await run()).counts).toMatchObject({failed: 1});
    expect(begun()).toEqual([uid, late]);
  });

  it('is left when the run has lasted its time', async () => {
    test.gateway.configure({ANONYMIZER: {maxRunMinutes: 60}});
    await askedStudy();
    await askedStudy();
    expect((await run({}, {pace: 1_000_000})).counts).toMatchObject({done: 1});
    expect(test.gateway.names('requests')).toHaveLength(1);
  });

  it('may be worked off several at a time, never two of one study', async () => {
    test.gateway.configure({ANONYMIZER: {parallelTransfers: 3}});
    const {uid} = await askedStudy({ageSeconds: 400});
    await test.gateway.ask(uid, {instance: 2, name: 'PROJ_0099', ageSeconds: 300});
    const other = await askedStudy({ageSeconds: 200});
    expect((await run()).counts).toMatchObject({done: 3, instances: 18});
    const lines = test.log.split('\n');
    const at = (part: string) => lines.findIndex(line => line.includes(part));
    expect(at(`transfer ${other.uid}`)).toBeLessThan(at(`done ${uid}`));
    expect(at(`transfer ${uid} PROJ instance 2`)).toBeGreaterThan(at(`done ${uid}`));
  });

  it('without requests costs no call', async () => {
    test.services.proxy.calls = [];
    expect((await run()).code).toBe(0);
    expect(test.services.proxy.calls).toEqual([]);
  });

  it('with a thousand requests costs few calls', async () => {
    // REDCap's dictionaries are asked for once a day.
    await test.gateway.ask(smallStudy().studyInstanceUid);
    await run();
    const study = smallStudy().studyInstanceUid;
    for (let n = 0; n < 1000; n += 1) test.gateway.write(`${study}.${n}`, {ageSeconds: 5000 - n});
    test.services.proxy.calls = [];
    expect((await run({}, {dryRun: true})).lines.filter(line => line.endsWith(': obsolete'))).toHaveLength(1000);
    expect(test.services.proxy.calls.length).toBeLessThanOrEqual(12);
  });
});

describe('a request named by an operator', () => {
  it('may lie anywhere and needs no row', async () => {
    const study = smallStudy();
    placeStudy(test.gateway.dataDir, study);
    const request = test.gateway.write(study.studyInstanceUid, {}, test.gateway.path('elsewhere'));
    const waiting = await askedStudy();
    expect((await run({request})).counts).toMatchObject({done: 1});
    expect(test.gateway.stored(study.studyInstanceUid)).toHaveLength(6);
    expect(test.gateway.names('requests')).toEqual([`${waiting.uid}_PROJ_PROJ_0017_1.json`]);
    expect(existsSync(request)).toBe(false);
  });

  it('that does not exist is a usage error', async () => {
    const {code, log} = await run({request: '/nowhere/x.json'});
    expect([code, log]).toEqual([64, expect.stringContaining('--request: /nowhere/x.json is no file')]);
  });
});

describe('a request that changes under the tool', () => {
  it('and is removed while its study is sent is recorded all the same, with a warning', async () => {
    const {uid, request} = await askedStudy();
    test.services.proxy.answered = call => {
      if (call.kind === 'import') rmSync(request);
    };
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('WARN the request of');
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '2'});
  });

  it('and is replaced before its turn is read anew', async () => {
    const {uid, request} = await askedStudy();
    test.services.proxy.answered = call => {
      if (!call.parameters.has('records[0]') || call.kind === 'import') return;
      test.services.proxy.answered = () => {};
      test.gateway.put(`${request}.new`, readFileSync(request, 'utf8'), 60);
      renameSync(`${request}.new`, request);
    };
    expect((await run()).counts).toMatchObject({postponed: 1, done: 1});
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });

  it('waits while somebody deletes the study', async () => {
    const {uid} = await askedStudy();
    const lock = await lockStudy(test.gateway.dataDir, uidOf(uid), 'exclusive');
    expect((await run()).counts).toMatchObject({postponed: 1});
    lock?.release();
    expect((await run()).counts).toMatchObject({done: 1});
  });

  it('and was written anew after failed attempts begins anew', async () => {
    const {uid, request} = await askedStudy();
    const past = new Date(Date.now() - 90_000_000).toISOString();
    const retry = {attempts: 9, first: past, last: past, next: past, reason: 'pacs'};
    test.gateway.put(inRequests(`.${uid}_PROJ_PROJ_0017_1.json.retry`), JSON.stringify(retry));
    await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'reject:transient', times: 1});
    expect((await run()).code).toBe(69);
    expect(existsSync(request)).toBe(true);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({attempts: 1});
  });
});
