import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readdirSync, readFileSync, renameSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {echo} from '@fiona/lib/dimse/echoScu';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {until} from '../support/installedTools.ts';
import {mrImage, planted} from '../support/mrImage.ts';
import {freePort} from '../support/receiverSite.ts';

const root = '1.2.826.0.1.3680043.10.999.76';
const images = 4;
/** One for each test; the last one is for the PACS that takes implicit VR only. */
const studies = 14;

describe('a research PACS in trouble', () => {
  let gateway: InstalledGateway;
  let study = '';
  let number = 0;

  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
    for (let one = 1; one <= studies; one += 1) await prepare(one);
    await gateway.settle();
    for (const tool of ['populateIncoming', 'createTransferRequests']) await gateway.run(`bin/${tool}`);
    expect(gateway.requests().waiting).toHaveLength(studies);
    renameSync(gateway.path('transfer_requests'), gateway.path('later'));
    mkdirSync(gateway.path('transfer_requests'));
  });
  afterAll(() => gateway?.stop());

  const uidOf = (one: number): string => `${root}.${one}`;
  const imageOf = (one: number, series: number, instance: number, vr: 'explicit' | 'implicit' = 'explicit'): Buffer => {
    const uid = `${uidOf(one)}.${series}`;
    return mrImage(
      {StudyInstanceUID: uidOf(one), SeriesInstanceUID: uid, SOPInstanceUID: `${uid}.${instance}`},
      {},
      vr,
    );
  };

  /** A study of which all instances but one of the last study are in the same transfer syntax. */
  async function prepare(one: number): Promise<void> {
    await gateway.coupleStudy(one, uidOf(one), 'DEMO-BRAIN', `BRAIN_000${one}`);
    await gateway.send(Array.from({length: images}, (_, index) => imageOf(one, 1, index + 1)));
    await gateway.indexed(uidOf(one), `${uidOf(one)}.1`, images);
    if (one < studies) return;
    await gateway.send([imageOf(one, 2, 1, 'implicit')]);
    await gateway.indexed(uidOf(one), `${uidOf(one)}.2`, 1);
  }

  /** Every test has a study of its own whose request is waiting. */
  beforeEach(() => {
    number += 1;
    study = uidOf(number);
    const name = readdirSync(gateway.path('later')).find(each => each.startsWith(`${study}_`)) ?? '';
    renameSync(gateway.path('later', name), gateway.path('transfer_requests', name));
  });

  const waiting = (): string[] => gateway.requests().waiting.filter(name => name.startsWith(`${study}_`));
  const failed = (): string[] => gateway.requests().failed.filter(name => name.startsWith(`${study}_`));
  const row = async (): Promise<Record<string, string>> =>
    (await gateway.transfers()).find(({record}) => record === study)?.values ?? {};
  const send = () => gateway.run('bin/anonymizeAndSend');
  const spool = (): string[] => readdirSync(gateway.path('spool'));

  /** Nothing may say that the study was transferred. */
  async function expectOpen({code, stdout}: Awaited<ReturnType<typeof send>>, exit: number): Promise<void> {
    expect([code, stdout]).toEqual([exit, stdout]);
    expect(waiting()).toHaveLength(1);
    expect(failed()).toEqual([]);
    const retry = JSON.parse(readFileSync(gateway.path('transfer_requests', `.${waiting()[0]}.retry`), 'utf8'));
    expect(retry).toMatchObject({attempts: 1, reason: expect.any(String)});
    const values = await row();
    expect(values).toMatchObject({
      transfer_date: '',
      transfer_mapped_uid: '',
      transfer_error___2: '1',
      transfers_complete: '1',
    });
    expect(JSON.parse(values.transfer_error_message ?? '')).toHaveProperty('retry');
    expect(spool()).toEqual([]);
    for (const text of Object.values(planted)) expect(stdout + values.transfer_error_message).not.toContain(text);
  }

  async function expectTransferred(): Promise<void> {
    expect((await row()).transfer_error_message).toBe('');
    expect(await row()).toMatchObject({transfers_complete: '2', transfer_error___1: '0', transfer_error___2: '0'});
    const {transfer_mapped_uid: mapped} = await row();
    expect(gateway.pacs().filter(name => name.startsWith(`${mapped}/`))).toHaveLength(images);
    expect(waiting()).toEqual([]);
    expect(spool()).toEqual([]);
  }

  async function expectCompletes(): Promise<void> {
    gateway.clearFaults();
    gateway.letRetriesPass();
    expect((await send()).code).toBe(0);
    await expectTransferred();
  }

  it.each([
    ['is full (A700)', {match: {pacs: 'store'}, do: 'status:A700'}],
    ['is full after two instances (A700)', {match: {pacs: 'store'}, do: 'status:A700', after: 2}],
    ['fails to process them (0110)', {match: {pacs: 'store'}, do: 'status:0110'}],
    ['aborts at the first instance', {match: {pacs: 'store'}, do: 'abort'}],
    ['aborts in the middle', {match: {pacs: 'store'}, do: 'abort', after: 2}],
    ['rejects the association for now', {match: {pacs: 'associate'}, do: 'reject:transient'}],
  ])('%s: the request stays open, REDCap says so, and it completes later', async (_, fault) => {
    gateway.fault(fault);
    const result = await send();
    expect([69, 75]).toContain(result.code);
    await expectOpen(result, result.code ?? -1);
    await expectCompletes();
  });

  it('is down: 69, and it completes when it is back', async () => {
    const {RESEARCH_PACS} = JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8'));
    gateway.configure({RESEARCH_PACS: {...RESEARCH_PACS, storage: {...RESEARCH_PACS.storage, port: await freePort()}}});
    await expectOpen(await send(), 69);
    // the next run waits for its time
    expect((await send()).stdout).not.toContain('ERROR');
    expect(waiting()).toHaveLength(1);
    gateway.configure({RESEARCH_PACS});
    await expectCompletes();
  });

  it('takes the connection and says nothing: 69 within its time limit', async () => {
    const mute: Server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const {port} = mute.address() as {port: number};
    const {RESEARCH_PACS} = JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8'));
    const storage = {...RESEARCH_PACS.storage, port};
    gateway.configure({
      RESEARCH_PACS: {...RESEARCH_PACS, storage, connectTimeoutSeconds: 1, responseTimeoutSeconds: 1},
    });
    await expectOpen(await send(), 69);
    mute.close();
    gateway.configure({RESEARCH_PACS});
    await expectCompletes();
  });

  it.each([
    ['does not know our title', {match: {pacs: 'associate'}, do: 'reject:permanent'}, 0],
    ['refuses every instance (C000)', {match: {pacs: 'store'}, do: 'status:C000'}, 0],
    ['refuses one instance (C000)', {match: {pacs: 'store'}, do: 'status:C000', after: 1, times: 1}, images - 1],
    ['refuses one instance (A900)', {match: {pacs: 'store'}, do: 'status:A900', after: 3, times: 1}, images - 1],
    ['refuses the SOP class (0122)', {match: {pacs: 'store'}, do: 'status:0122'}, 0],
  ])('%s: final, the others are sent, the message names each refused instance', async (_, fault, stored) => {
    const before = gateway.pacs().length;
    gateway.fault(fault);
    const {code, stdout} = await send();
    gateway.clearFaults();
    expect([code, stdout]).toEqual([65, stdout]);
    expect(gateway.pacs().length - before).toBe(stored);
    expect(waiting()).toEqual([]);
    expect(failed().filter(name => name.endsWith('_fail.log'))).toHaveLength(1);
    const values = await row();
    expect(values).toMatchObject({transfer_mapped_uid: '', transfer_error___2: '1', transfers_complete: '1'});
    expect(values.transfer_date).toMatch(/^\d{4}-/);
    const message = JSON.parse(values.transfer_error_message ?? '');
    expect(message.instances).toMatchObject({
      planned: images,
      deidentified: images,
      sent: stored,
      failed: images - stored,
    });
    expect(message.storescu_output.trim().split('\n')).toHaveLength(images - stored);
    expect(spool()).toEqual([]);
  });

  describe('that takes implicit VR only (DCMTK storescp)', () => {
    let storescp: ChildProcess;
    let port = 0;
    beforeAll(async () => {
      port = await freePort();
      mkdirSync(gateway.path('storescp'));
      storescp = spawn('storescp', ['+xi', '-od', gateway.path('storescp'), String(port)], {stdio: 'ignore'});
      const peer = {host: '127.0.0.1', port, aeTitle: 'ANY', callingAeTitle: 'TEST'};
      await until(
        () =>
          echo(peer).then(
            () => true,
            () => false,
          ),
        'storescp answers',
      );
    });
    afterAll(async () => {
      storescp.kill();
      await once(storescp, 'exit');
    });

    it('gets every instance, converted where it refused the presentation context, and the study is transferred', async () => {
      const {RESEARCH_PACS} = JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8'));
      gateway.configure({RESEARCH_PACS: {...RESEARCH_PACS, storage: {...RESEARCH_PACS.storage, port}}});
      const {code, stdout} = await send();
      gateway.configure({RESEARCH_PACS});
      expect([code, stdout]).toEqual([0, stdout]);
      expect(stdout).toContain(`${images} of ${images + 1} instances were converted, without loss`);
      expect(readdirSync(gateway.path('storescp'))).toHaveLength(images + 1);
      expect(await row()).toMatchObject({transfer_error___2: '0', transfers_complete: '2', transfer_error_message: ''});
      expect(waiting()).toEqual([]);
      // after all this no identifier stands in a log, note, request or state file
      expect(gateway.leaks(Object.values(planted))).toEqual([]);
    });
  });
});
