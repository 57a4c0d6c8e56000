import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Clock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import {Backlog} from '@fiona/lib/dimse/backlog';
import {echo} from '@fiona/lib/dimse/echoScu';
import {startReceiver} from '@fiona/lib/dimse/receiver';
import {JournalWriter} from '@fiona/lib/site/journalWriter';
import {compatibleModes} from '@fiona/lib/site/modes';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {freePort, makeReceiverSite, type ReceiverSite} from '../../../../../test/support/receiverSite.ts';
import {archiveStore} from '../src/archiveSink.ts';
import {FolderSync} from '../src/folderSync.ts';
import {Durations} from '../src/metrics.ts';
import {defaultReserve, SpaceWatch} from '../src/spaceWatch.ts';
import {Turns} from '../src/turns.ts';
import {dataSetOf, discrepancies, eventually, samples, send} from './instances.ts';

const root = '1.2.826.0.1.3680043.10.996';
const dir = mkdtempSync(join(tmpdir(), 'fiona-serving-'));
afterAll(() => rmSync(dir, {recursive: true, force: true}));

describe('a receiver with TLS, allow lists and without durability', () => {
  const [certFile, keyFile] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '10', '-subj', '/CN=receiver'];
  const makeCertificate = [...request, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile];
  let site: ReceiverSite;
  let tlsPort: number;
  beforeAll(async () => {
    execFileSync('openssl', makeCertificate, {stdio: 'ignore'});
    chmodSync(keyFile, 0o640);
    tlsPort = await freePort();
    const tls = {port: tlsPort, certFile, keyFile};
    const lists = {allowCallers: ['CT1'], allowNetworks: ['127.0.0.0/8']};
    site = await makeReceiverSite({RECEIVER: {listenAddress: '127.0.0.1', tls, ...lists, durability: 'none'}});
  });
  afterAll(() => site.remove());

  it('starts although it is no caller of its own list, and warns of what a power cut may take', async () => {
    const {code, stdout} = await site.storectl('start');
    expect([code, stdout]).toEqual([0, expect.stringContaining('receiver of ABCD runs')]);
    expect(stdout).toMatch(/WARN .*RECEIVER\.durability is none: a power cut may lose instances/);
    expect(site.log()).toContain(`TLS port ${tlsPort}, profile bcp195, for any client`);
    expect(site.log()).toMatch(/WARN TLS: the certificate .* ends in 9 days/);
  });

  it('stores what an allowed caller sends and rejects the others, on both ports', async () => {
    const answers = await send(site, samples(20, `${root}.1`));
    expect(answers.every(({kind}) => kind === 'stored')).toBe(true);
    expect(discrepancies(site, answers)).toEqual([]);
    const tls = {ca: readFileSync(certFile)};
    for (const port of [site.port, tlsPort]) {
      const peer = {host: '127.0.0.1', port, aeTitle: 'ANY', ...(port === tlsPort && {tls})};
      await echo({...peer, callingAeTitle: 'CT1'});
      await expect(echo({...peer, callingAeTitle: 'CT2'})).rejects.toMatchObject({
        failure: 'rejected-permanent',
        reason: 3,
      });
    }
    expect(site.log()).toContain('CT2 is no allowed caller (A-ASSOCIATE-RJ 1/1/3)');
    expect(readFileSync(join(site.serverDir, 'logs/storescpdABCD.prom'), 'utf8')).toContain('certificate_end_seconds');
  });

  it('takes new certificate files over when it is told to look', async () => {
    const old = readFileSync(certFile);
    execFileSync('openssl', makeCertificate, {stdio: 'ignore'});
    process.kill(site.pid(), 'SIGHUP');
    const peer = {host: '127.0.0.1', port: tlsPort, aeTitle: 'ANY', callingAeTitle: 'CT1'};
    await eventually(() => site.log().includes(`TLS: certificate taken over from ${certFile}`));
    await echo({...peer, tls: {ca: readFileSync(certFile)}});
    await expect(echo({...peer, tls: {ca: old}})).rejects.toMatchObject({failure: 'connect'});
  });

  it('does not start with certificate files it cannot use, and says which key', async () => {
    await site.storectl('stop');
    const good = readFileSync(certFile);
    writeFileSync(certFile, 'broken');
    expect(await site.storectl('start')).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('RECEIVER.tls: the certificate'),
    });
    writeFileSync(certFile, good);
    chmodSync(keyFile, 0o644);
    expect(await site.storectl('start')).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('RECEIVER.tls.keyFile'),
    });
  });
});

describe('a clock that jumps', () => {
  it('neither ends associations nor loses, doubles or delays anything', async () => {
    const dataDir = join(dir, 'data');
    let looks = 0;
    const years = [0, -2, 3, 0.001, -40];
    const clock: Clock = {
      now: () => new Date(Date.now() + (years[looks++ % years.length] ?? 0) * 31_557_600_000),
      monotonic: () => performance.now(),
    };
    mkdirSync(join(dataDir, 'site/archive'), {recursive: true});
    const journal = await JournalWriter.open({
      root: dataDir,
      segmentBytes: 1 << 20,
      modes: compatibleModes,
      clock,
      log: silentLog,
    });
    const space = new SpaceWatch({
      folders: [dataDir],
      reserve: undefined,
      waitingBytes: () => 0,
      clock,
      log: silentLog,
    });
    const store = archiveStore({
      root: dataDir,
      modes: compatibleModes,
      journal,
      durable: true,
      folders: new FolderSync(),
      turns: new Turns(),
      space,
      backlog: new Backlog(1 << 20),
      finishing: new Durations(),
      log: silentLog,
    });
    const receiver = await startReceiver({
      host: '127.0.0.1',
      port: 0,
      services: {store},
      log: silentLog,
      idleTimeoutMs: 2000,
    });
    const instances = samples(90, `${root}.2`, {pixelBytes: 100_000});
    const answers = await send(receiver, instances, {associations: 3});
    await receiver.close();
    await journal.close();
    expect(answers.every(({status}) => status === 0)).toBe(true);
    expect(looks).toBeGreaterThan(3);
    for (const {path, sop} of answers) {
      expect(dataSetOf(join(dataDir, `site/archive/scp_${root}.2/CT.${sop}`)).equals(dataSetOf(path))).toBe(true);
    }
    const segments = readdirSync(join(dataDir, 'site/.journal')).map(name => join(dataDir, 'site/.journal', name));
    const lines = segments.flatMap(path => readFileSync(path, 'utf8').trim().split('\n'));
    expect(new Set(lines).size).toBe(90);
    expect(lines).toHaveLength(90);
  });
});

describe('the reserve of the disk', () => {
  it('is 1 GiB, or a hundredth of a smaller disk', () => {
    expect(defaultReserve(5e12)).toBe(1 << 30);
    expect(defaultReserve(50e9)).toBe(500e6);
  });

  it('counts what was taken since the last look, and does not fail where the disk does not answer', () => {
    let now = 0;
    const clock = {now: () => new Date(0), monotonic: () => now};
    const options = {reserve: 0, waitingBytes: () => 0, clock, log: silentLog};
    const watch = new SpaceWatch({...options, folders: [dir]});
    const spare = watch.spareBytes;
    watch.take(1000);
    expect(watch.spareBytes).toBe(spare - 1000);
    now += 1000;
    expect(Math.abs(watch.spareBytes - spare)).toBeLessThan(1 << 30);
    expect(new SpaceWatch({...options, folders: [join(dir, 'missing')]}).hasRoom).toBe(true);
    expect(new SpaceWatch({...options, folders: [dir], reserve: Number.MAX_SAFE_INTEGER}).hasRoom).toBe(false);
  });
});
