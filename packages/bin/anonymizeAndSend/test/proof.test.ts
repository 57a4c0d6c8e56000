import {writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import {freePort} from '../../../../test/support/receiverSite.ts';
import {toolEnd} from '../../../../test/support/runTool.ts';
import {gatewayForEachTest} from './support/eachTest.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

function prove(proof: string, more: object = {}): void {
  const {host, port} = test.services.sandbox.pacs;
  const storage = {host, port, retries: 0, proof, proofSeconds: 1, ...more};
  test.gateway.configure({RESEARCH_PACS: {host, port, storage}});
}

const fault = (operation: string, what: string, more: {after?: number; times?: number} = {}) =>
  test.services.sandbox.fault({match: {pacs: operation}, do: what, times: 1, ...more});

async function expectTransferred(uid: string): Promise<void> {
  expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '2', transfer_error_message: ''});
  expect(test.gateway.stored(uid)).toHaveLength(6);
  expect([test.gateway.names('requests'), test.gateway.names('spool')]).toEqual([[], []]);
}

async function expectWaiting(uid: string): Promise<void> {
  expect(await test.gateway.row(uid)).toMatchObject({
    transfer_date: '',
    transfer_mapped_uid: '',
    transfer_error___2: '1',
    transfers_complete: '1',
  });
  expect([test.gateway.names('done'), test.gateway.names('spool')]).toEqual([[], []]);
  expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'pacs'});
}

describe.each(['query', 'commitment'])('with proof by %s', proof => {
  beforeEach(() => prove(proof));
  const operation = proof === 'query' ? 'find' : 'commit';

  it('a study that the PACS keeps is transferred', async () => {
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(0);
    await expectTransferred(uid);
  });

  it('what the PACS answered with success but lost is sent again', async () => {
    await fault('store', 'dropInstances:2');
    const {uid} = await askedStudy();
    const {code, log} = await run();
    expect([code, log]).toEqual([0, expect.stringMatching(/does not confirm 2 of 6 instances: they are sent again/)]);
    await expectTransferred(uid);
  });

  it('what it loses every time is never called transferred', async () => {
    await fault('store', 'dropInstances:1', {times: 9});
    const {uid} = await askedStudy();
    const {code} = await run();
    expect(code).toBe(75);
    await expectWaiting(uid);
    expect(JSON.parse(String((await test.gateway.row(uid)).transfer_error_message)).storescu_output).toMatch(
      /: stored with success, but (no query finds it|not committed to \(reason 0112\))/,
    );
  });

  it('a PACS that cannot be asked leaves the request, and the next run goes on', async () => {
    await fault(operation, 'abort', {times: 9});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(69);
    await expectWaiting(uid);
    await test.services.sandbox.clearFaults();
    expect((await run({}, {later: 2})).code).toBe(0);
    await expectTransferred(uid);
  });

  it('a kill before the proof is there: the next run ends the same', async () => {
    await fault(operation, 'delay:2000');
    const {uid} = await askedStudy();
    const child = test.gateway.start();
    const stored = setInterval(() => test.gateway.stored(uid).length === 6 && child.kill('SIGKILL'), 20);
    expect((await toolEnd(child)).code).toBe(null);
    clearInterval(stored);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0', transfer_date: ''});
    await test.services.sandbox.clearFaults();
    expect((await run()).code).toBe(0);
    await expectTransferred(uid);
  });
});

describe('reports of storage commitments', () => {
  it('are heard at a port of our own', async () => {
    const port = await freePort();
    const destinations = join(test.services.sandbox.dir, 'destinations.json');
    writeFileSync(destinations, JSON.stringify({FIONA: {host: '127.0.0.1', port}}));
    prove('commitment', {commitmentPort: port});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(0);
    await expectTransferred(uid);
    writeFileSync(destinations, '{}');
  });

  it('that cannot be heard, because the port is taken, leave the request', async () => {
    const server = createServer().listen(0);
    await new Promise(resolve => server.once('listening', resolve));
    prove('commitment', {commitmentPort: (server.address() as {port: number}).port});
    const {uid} = await askedStudy();
    const {code, transfers} = await run();
    server.close();
    expect(code).toBe(69);
    expect(transfers[0]?.detail).toMatch(/cannot listen at RESEARCH_PACS.storage.commitmentPort: .*EADDRINUSE/);
    await expectWaiting(uid);
  });
});
