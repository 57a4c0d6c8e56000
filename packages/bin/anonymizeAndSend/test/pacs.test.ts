import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readdirSync} from 'node:fs';
import {silentLog} from '@fiona/lib/cli/log';
import type {DimseError} from '@fiona/lib/dimse/dimseError';
import {echo} from '@fiona/lib/dimse/echoScu';
import {startReceiver} from '@fiona/lib/dimse/receiver';
import {afterEach, describe, expect, it} from 'vitest';
import {freePort} from '../../../../test/support/receiverSite.ts';
import {gatewayForEachTest} from './support/eachTest.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

/** The PACS answers the third instance with a status, so often. */
const answerThird = (status: string, times = 1) =>
  test.services.sandbox.fault({match: {pacs: 'store'}, do: `status:${status}`, after: 2, times});

describe('an instance that the PACS answers with', () => {
  it.each(['B000', '0111'])('%s counts as stored', async status => {
    const {uid} = await askedStudy();
    await answerThird(status);
    expect((await run()).code).toBe(0);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___2: '0', transfers_complete: '2'});
    expect(test.gateway.names('requests')).toEqual([]);
  });

  it.each(['C000', 'A900', '0122', '0124'])('%s is refused for good, the others are stored', async status => {
    const {uid} = await askedStudy();
    await answerThird(status);
    const {code, counts} = await run();
    expect([code, counts]).toEqual([65, expect.objectContaining({failed: 1, instances: 5})]);
    expect(test.gateway.stored(uid)).toHaveLength(5);
    const messages = test.gateway.json('fail', '_fail_messages.log');
    expect(messages).toMatchObject({
      error: 'the research PACS refused 1 of 6 instances',
      storescu_return_code: Number.parseInt(status, 16),
      instances: {planned: 6, deidentified: 6, sent: 5, failed: 1, skipped: 0},
    });
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({transfer_error___1: '0', transfer_error___2: '1', transfers_complete: '1'});
    expect(row.transfer_date).not.toBe('');
    expect(row.transfer_mapped_uid).toBe('');
    expect(JSON.parse(String(row.transfer_error_message))).toEqual(messages);
    expect(messages.storescu_output).toMatch(
      new RegExp(`^1\\.3\\.6\\.1\\.4\\.1\\.45037\\.\\d+: refused with status ${status}`),
    );
  });

  it.each(['A700', '0110'])('%s is tried again, and stored', async status => {
    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {...storage(), retries: 1}}});
    const {uid} = await askedStudy();
    await answerThird(status);
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });

  it('A700 all the time ends the run: a full PACS is full for everybody', async () => {
    const {uid} = await askedStudy({ageSeconds: 200});
    const other = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'status:A700', times: 50});
    const {code, counts} = await run();
    expect([code, counts]).toEqual([69, expect.objectContaining({retry: 1, done: 0})]);
    const waiting = [
      `.${uid}_PROJ_PROJ_0017_1.json.retry`,
      `${uid}_PROJ_PROJ_0017_1.json`,
      `${other.uid}_PROJ_PROJ_0017_1.json`,
    ];
    expect(test.gateway.names('requests').toSorted()).toEqual(waiting.toSorted());
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___2: '1', transfer_date: ''});
    expect(await test.gateway.row(other.uid)).toMatchObject({transfer_error_message: ''});
  });
});

const storage = () => {
  const {host, port} = test.services.sandbox.pacs;
  return {host, port};
};

describe('a PACS that', () => {
  it('is down leaves the request, tells REDCap once, and gets everything when it is back', async () => {
    const {uid} = await askedStudy();
    const port = await freePort();
    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {...storage(), port, retries: 0}}});
    expect((await run()).code).toBe(69);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({attempts: 1, reason: 'pacs'});
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({
      transfer_error___1: '0',
      transfer_error___2: '1',
      transfers_complete: '1',
      transfer_date: '',
    });
    expect(JSON.parse(String(row.transfer_error_message))).toMatchObject({
      storescu_return_code: -1,
      retry: {attempts: 1},
    });
    expect(test.gateway.names('spool')).toEqual([]);

    // Within the pause nothing is done, after it nothing is told anew.
    test.services.proxy.calls = [];
    expect((await run()).code).toBe(0);
    expect(test.services.proxy.calls).toEqual([]);
    expect((await run({}, {later: 2})).code).toBe(69);
    expect(test.services.proxy.calls.filter(({kind}) => kind === 'import')).toEqual([]);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({attempts: 2});

    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {...storage(), retries: 0}}});
    expect((await run({}, {later: 6})).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error_message: '', transfers_complete: '2'});
    expect(test.gateway.names('requests')).toEqual([]);
  });

  it('is down for a day makes the transfer fail', async () => {
    const {uid} = await askedStudy({ageSeconds: 90_000});
    const port = await freePort();
    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {...storage(), port, retries: 0}}});
    expect((await run()).code).toBe(69);
    expect((await run({}, {later: 24 * 60 + 1})).code).toBe(69);
    expect(test.gateway.names('requests')).toEqual([]);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toMatch(
      /; given up after 2 attempts in more than 24 hours$/,
    );
    const row = await test.gateway.row(uid);
    expect([row.transfer_error___2, row.transfer_date]).toEqual(['1', expect.stringMatching(/^\d{4}-/)]);
  });

  it('rejects the association for now is tried again later', async () => {
    await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'reject:transient', times: 9});
    expect((await run()).code).toBe(69);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'pacs'});
  });

  it('does not know our AE title for good makes the transfer fail', async () => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'reject:permanent', times: 9});
    expect((await run()).code).toBe(65);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___2: '1', transfers_complete: '1'});
    expect(test.gateway.names('requests')).toEqual([]);
  });

  it('breaks the association after three instances gets the rest by another one', async () => {
    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {...storage(), retries: 2}}});
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'abortAfter:3', times: 1});
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });

  it('breaks every association leaves the request, never as transferred', async () => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'abort', times: 9});
    const {code} = await run();
    expect(code).toBe(75);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___2: '1', transfer_date: ''});
    expect(test.gateway.names('requests')).toHaveLength(2);
  });
});

describe('storescp of DCMTK', () => {
  let storescp: ChildProcess | undefined;
  afterEach(async () => {
    if (storescp?.exitCode === null && storescp.signalCode === null) {
      storescp.kill();
      await once(storescp, 'exit');
    }
  });

  async function start(...args: string[]): Promise<void> {
    const port = await freePort();
    mkdirSync(test.gateway.path('received'));
    storescp = spawn('storescp', ['-od', test.gateway.path('received'), ...args, String(port)], {
      stdio: 'ignore',
      env: {...process.env, TCP_NODELAY: '1'},
    });
    const peer = {host: '127.0.0.1', port, aeTitle: 'DICOM_STORAGE', callingAeTitle: 'TEST'};
    test.gateway.configure({RESEARCH_PACS: {...peer, storage: {host: peer.host, port, retries: 0}}});
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
      const failure = await echo(peer).catch((error: DimseError) => error.failure);
      if (failure !== 'connect') return;
    }
    throw new Error('storescp does not answer');
  }

  it('gets every instance', async () => {
    await start();
    await askedStudy();
    expect((await run()).code).toBe(0);
    expect(readdirSync(test.gateway.path('received'))).toHaveLength(6);
  });

  it('that takes implicit VR only gets every instance converted', async () => {
    await start('+xi');
    await askedStudy();
    const {code, log} = await run();
    expect([code, log]).toEqual([0, expect.stringContaining('6 of 6 instances were converted, without loss')]);
    expect(readdirSync(test.gateway.path('received'))).toHaveLength(6);
  });

  it('that takes no presentation context we need makes the transfer fail', async () => {
    const receiver = await startReceiver({host: '127.0.0.1', port: 0, services: {}, log: silentLog});
    const {host} = storage();
    test.gateway.configure({RESEARCH_PACS: {...storage(), storage: {host, port: receiver.port, retries: 3}}});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(65);
    expect(receiver.counters.ends.get('released')).toBeLessThanOrEqual(3);
    await receiver.close();
    const {storescu_output: output} = test.gateway.json('fail', '_fail_messages.log');
    expect(String(output).split('\n')).toHaveLength(6);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___1: '0', transfer_error___2: '1'});
  });

  it('that aborts while it receives leaves the request', async () => {
    await start('--abort-during');
    await askedStudy();
    expect((await run()).code).toBe(75);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({attempts: 1});
    expect(test.gateway.names('done')).toEqual([]);
  });

  it('that refuses all associations makes the transfer fail', async () => {
    await start('--refuse');
    await askedStudy();
    expect((await run()).code).toBe(65);
    expect(test.gateway.names('done')).toEqual([]);
  });
});

describe('a PACS that is down', () => {
  it('costs no de-identification: it is asked for a sign of life before', async () => {
    const {uid} = await askedStudy();
    const port = await freePort();
    test.gateway.configure({RESEARCH_PACS: {host: '127.0.0.1', port, storage: {host: '127.0.0.1', port, retries: 0}}});
    const {code, transfers} = await run();
    expect([code, transfers]).toEqual([69, [expect.objectContaining({reason: 'pacs', report: undefined})]]);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___1: '0', transfer_error___2: '1'});
    expect(JSON.parse(String((await test.gateway.row(uid)).transfer_error_message))).toMatchObject({
      storescu_return_code: -1,
      retry: {attempts: 1},
    });
  });
});
