import {readFileSync, rmSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {linesOf, pipeline} from '../support/installedTools.ts';
import {mrImage, planted} from '../support/mrImage.ts';
import {freePort} from '../support/receiverSite.ts';
import {type Fate, type RedcapProxy, startRedcapProxy} from '../support/redcapProxy.ts';

const study = '1.2.826.0.1.3680043.10.999.71';
const series = `${study}.1`;

/** What a REDCap in trouble does with a call, and how a tool must end. */
const troubles: readonly (readonly [what: string, fate: Fate | 'silence', code: number])[] = [
  ['a web page with status 200', {status: 200, contentType: 'text/html', body: '<!DOCTYPE html><p>Maintenance'}, 69],
  ['status 500', {status: 500, contentType: 'text/html', body: '<html>oops</html>'}, 69],
  ['status 403 and no permission', {status: 403, body: '{"error":"You do not have permissions to use the API"}'}, 78],
  ['status 403 and a ban', {status: 403, contentType: 'text/html', body: '<html>Your IP has been banned</html>'}, 75],
  ['an error object with status 200', {status: 200, body: '{"error":"something went wrong"}'}, 69],
  ['JSON that is cut off', {status: 200, body: '[{"study_instance_uid":"1.2'}, 69],
  ['silence', 'silence', 69],
];

describe('REDCap answers', () => {
  let gateway: InstalledGateway;
  let proxy: RedcapProxy;

  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    proxy = await startRedcapProxy(gateway.config.REDCAP.url ?? '', readFileSync(gateway.path('tls/ca.pem')));
    gateway.configure({
      REDCAP: {...gateway.config.REDCAP, url: proxy.url, attempts: 1, requestSeconds: 1, totalSeconds: 5},
    });
    await gateway.coupleStudy(1, study, 'DEMO-BRAIN', 'BRAIN_0001');
    await gateway.startDaemons();
    const image = (number: number) =>
      mrImage({StudyInstanceUID: study, SeriesInstanceUID: series, SOPInstanceUID: `${series}.${number}`});
    await gateway.send([image(1), image(2)]);
    await gateway.indexed(study, series, 2);
    await gateway.settle();
  });
  afterAll(async () => {
    await proxy?.close();
    await gateway?.stop();
  });

  /** Everything that must stay as it is when a run fails. */
  const state = async () => ({rows: await gateway.incoming(), requests: gateway.requests(), pacs: gateway.pacs()});

  /** REDCap as it should be, some time later: the quarter of an hour that all tools wait after a ban is over. */
  function behaveAgain(): void {
    proxy.fate = () => 'pass';
    gateway.letRetriesPass();
    rmSync(gateway.path('state/redcap-paused.json'), {force: true});
  }

  /** As if the day had not begun; but the research PACS keeps what it has. */
  async function startOver(): Promise<void> {
    behaveAgain();
    for (const name of ['state', 'transfer_requests', 'transfers_done', 'transfers_fail', 'spool'])
      rmSync(gateway.path(name), {recursive: true, force: true});
    await gateway.removeStudies();
  }

  it.each(troubles)('%s: nothing is written, and each tool completes once REDCap behaves', async (_, fate, code) => {
    await startOver();
    for (const tool of pipeline) {
      const before = await state();
      proxy.calls = [];
      proxy.fate = () => (fate === 'silence' ? new Promise(() => {}) : fate);
      const failed = await gateway.run(tool);
      expect([tool, failed.code]).toEqual([tool, code]);
      expect(proxy.calls.filter(({kind}) => kind === 'import')).toEqual([]);
      expect(linesOf(failed.stdout, 'ERROR')).toHaveLength(1);
      expect(failed.stdout + failed.stderr).not.toContain('    at ');
      behaveAgain();
      expect(await state()).toEqual(before);
      const {code: end, stdout} = await gateway.run(tool);
      expect([tool, end, stdout]).toEqual([tool, 0, stdout]);
    }
    await expectTransferred();
  });

  const ofImports = troubles.filter(([what]) => what !== 'status 403 and a ban');
  it.each(ofImports)('%s to an import: it stays to be done, and the next run completes', async (_, fate, code) => {
    await startOver();
    for (const tool of pipeline) {
      const before = await state();
      proxy.fate = ({kind}) => (kind === 'export' ? 'pass' : fate === 'silence' ? new Promise<Fate>(() => {}) : fate);
      const failed = await gateway.run(tool);
      behaveAgain();
      if (tool !== 'bin/createTransferRequests') {
        expect([tool, failed.code]).toEqual([tool, code]);
        const {rows, requests} = await state();
        expect({rows, requests}).toEqual({rows: before.rows, requests: before.requests});
        const next = await gateway.run(tool);
        expect([tool, next.code, next.stdout]).toEqual([tool, 0, next.stdout]);
      }
    }
    await expectTransferred();
  });

  it('nothing, because nobody listens: one line that names the address, also as JSON, and nothing changes', async () => {
    await startOver();
    const {REDCAP} = JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8'));
    for (const tool of pipeline) {
      const before = await state();
      const url = `http://127.0.0.1:${await freePort()}/api/`;
      gateway.configure({REDCAP: {...REDCAP, url}});
      const {code, stdout} = await gateway.run(tool);
      expect([tool, code, linesOf(stdout, 'ERROR').length]).toEqual([tool, 69, 1]);
      expect(stdout).toMatch(/ERROR REDCap \w+ .*127\.0\.0\.1.*check network, firewall and REDCAP\.url/);
      const json = await gateway.run(tool, ['--json']);
      expect(JSON.parse(json.stdout)).toEqual({error: expect.stringContaining('REDCap'), exitCode: 69});
      gateway.configure({REDCAP});
      expect(await state()).toEqual(before);
      expect((await gateway.run(tool)).code).toBe(0);
    }
    await expectTransferred();
  });

  it('no identifier stands in a log, note, request or state file', () => {
    expect(gateway.leaks(Object.values(planted))).toEqual([]);
  });

  async function expectTransferred(): Promise<void> {
    const [transfer, ...others] = await gateway.transfers();
    expect(others).toEqual([]);
    expect(transfer?.values).toMatchObject({
      transfers_complete: '2',
      transfer_error___1: '0',
      transfer_error___2: '0',
      transfer_error_message: '',
    });
    expect(gateway.pacs()).toHaveLength(2);
    expect(gateway.requests()).toMatchObject({waiting: [], failed: []});
  }
});
