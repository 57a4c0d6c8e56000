import {once} from 'node:events';
import {watch} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {toolEnd} from '../../../../test/support/runTool.ts';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;
type ToolProcess = ReturnType<typeof test.gateway.start>;

/** As if nothing had happened: everything in the PACS once, the row complete, the request moved, no leftovers. */
async function expectGoodEnd(uid: string): Promise<void> {
  expect(test.gateway.stored(uid)).toHaveLength(6);
  expect(await test.gateway.row(uid)).toMatchObject({
    transfer_mapped_uid: mapped(uid, 'study'),
    transfer_error___1: '0',
    transfer_error___2: '0',
    transfer_error_message: '',
    transfers_complete: '2',
  });
  expect([test.gateway.names('requests'), test.gateway.names('fail'), test.gateway.names('spool')]).toEqual([
    [],
    [],
    [],
  ]);
  expect(test.gateway.names('done').filter(name => name.endsWith('.log'))).toHaveLength(1);
}

/** Kills a tool when it says something, and waits for its end. */
async function killWhenSaid(child: ToolProcess, words: string, signal: NodeJS.Signals): Promise<string> {
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = said;
    said += chunk.toString();
    if (said.includes(words) && !before.includes(words)) child.kill(signal);
  });
  await once(child, 'close');
  expect(said).toContain(words);
  return said;
}

/** Sends a signal, once, when the first instance appears anywhere below the spool; answers how the tool ended. */
async function endWhenSpooled(child: ToolProcess, signal: NodeJS.Signals) {
  // After its sign of life the PACS takes its time: sending has not begun when the signal comes.
  await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'delay:5000', after: 1, times: 1});
  const watcher = watch(test.gateway.dir, {recursive: true}, (_, name) => {
    if (!/^spool\/[0-9a-f]{32}\/.+\.dcm$/.test(String(name))) return;
    watcher.close();
    child.kill(signal);
  });
  const end = await toolEnd(child);
  watcher.close();
  await test.services.sandbox.clearFaults();
  return end;
}

describe('kill -9', () => {
  it('during de-identification: the next run starts afresh', async () => {
    const {uid} = await askedStudy();
    const {code} = await endWhenSpooled(test.gateway.start(), 'SIGKILL');
    expect(code).toBe(null);
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(test.gateway.names('spool')).toHaveLength(1);
    expect((await run()).code).toBe(0);
    await expectGoodEnd(uid);
  });

  it('after three of six instances were stored: the next run sends all, none is there twice', async () => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'delay:5000', after: 3, times: 1});
    const child = test.gateway.start();
    const pacs = watch(test.services.sandbox.dir, {recursive: true}, () => {
      if (test.gateway.stored(uid).length >= 3) child.kill('SIGKILL');
    });
    const {code} = await toolEnd(child);
    pacs.close();
    expect(code).toBe(null);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0', transfer_date: ''});
    expect(test.gateway.names('requests')).toHaveLength(1);
    await test.services.sandbox.clearFaults();
    expect((await run()).code).toBe(0);
    await expectGoodEnd(uid);
  });

  it('after REDCap has confirmed, before the move: the next run only moves', async () => {
    const {uid} = await askedStudy();
    const child = test.gateway.start();
    test.services.proxy.answered = async call => {
      if (call.kind !== 'import') return;
      child.kill('SIGKILL');
      await once(child, 'close');
    };
    await toolEnd(child);
    expect(test.gateway.names('requests')).toHaveLength(1);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '2'});
    await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'reject:permanent', times: 9});
    expect((await run()).code).toBe(0);
    await test.services.sandbox.clearFaults();
    await expectGoodEnd(uid);
  });
});

describe('SIGTERM', () => {
  it('during de-identification stops the tool, and nothing is recorded', async () => {
    const {uid} = await askedStudy();
    const {code, stdout} = await endWhenSpooled(test.gateway.start(), 'SIGTERM');
    expect([code, stdout]).toEqual([75, expect.stringContaining('waits: the tool was asked to stop')]);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0', transfer_error_message: ''});
    expect([test.gateway.names('requests').length, test.gateway.names('spool')]).toEqual([1, []]);
    expect((await run()).code).toBe(0);
    await expectGoodEnd(uid);
  });

  it('while it sends stops the tool, and it is no failure of the PACS', async () => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'delay:5000', after: 3, times: 1});
    const child = test.gateway.start();
    await killWhenSaid(child, 'storescu now', 'SIGTERM');
    expect(child.exitCode).toBe(75);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0', transfer_error_message: ''});
    expect([test.gateway.names('requests').length, test.gateway.names('spool')]).toEqual([1, []]);
    await test.services.sandbox.clearFaults();
    expect((await run()).code).toBe(0);
    await expectGoodEnd(uid);
  });
});

describe('the tool as a process', () => {
  it('lets one copy run at a time', async () => {
    const {uid} = await askedStudy();
    const first = test.gateway.start();
    const firstEnd = toolEnd(first);
    let second: Awaited<typeof firstEnd> | undefined;
    test.services.proxy.answered = async call => {
      if (call.kind === 'import') second = await toolEnd(test.gateway.start());
    };
    expect((await firstEnd).code).toBe(0);
    expect([second?.code, second?.stdout]).toEqual([75, expect.stringContaining('is already running')]);
    await expectGoodEnd(uid);
  });

  it('needs a request when it is to accept quarantined instances', async () => {
    const {code, stdout} = await toolEnd(test.gateway.start('--accept-quarantine'));
    expect([code, stdout]).toEqual([64, expect.stringContaining('--accept-quarantine goes with --request')]);
  });

  it('prints its result with --json and the log elsewhere', async () => {
    await askedStudy();
    const {code, stdout, stderr} = await toolEnd(test.gateway.start('--json'));
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({done: 1, instances: 6})]);
    expect(stderr).toMatch(/\[anonymizeAndSend\] INFO storescu now 6 instances/);
    test.gateway.expectNoIdentifiers(stdout + stderr);
  });

  it('sums up with the counts of its run', async () => {
    const {stdout} = await toolEnd(test.gateway.start());
    expect(stdout).toMatch(/summary: done 0, failed 0, retry 0, postponed 0, obsolete 0, .*\d s\n$/);
  });
});
