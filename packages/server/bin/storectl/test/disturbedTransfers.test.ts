import {existsSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {encodePdu} from '@fiona/lib/dimse/pduWriter';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {ReceiverSite} from '../../../../../test/support/receiverSite.ts';
import {associateRequest, RawPeer, storeMessage} from '../../../../lib/test/dimse/rawPeer.ts';
import {
  type Answer,
  archiveOf,
  dataSetOf,
  discrepancies,
  eventually,
  sample,
  samples,
  send,
  startedSite,
} from './instances.ts';

const root = '1.2.826.0.1.3680043.10.995';

describe('a transfer that is disturbed', () => {
  let site: ReceiverSite;
  beforeAll(async () => {
    site = await startedSite({metricsSeconds: 1});
  });
  afterAll(() => site.remove());
  const metrics = (): string => readFileSync(join(site.serverDir, 'logs/storescpdABCD.prom'), 'utf8');

  it('keeps nothing of a data set that is cut in the middle, wherever it is cut', async () => {
    const study = `${root}.10`;
    const {path, sop} = sample(study, {pixelBytes: 200_000});
    const message = storeMessage(sop, dataSetOf(path));
    for (const at of [200, 3000, message.length - 1]) {
      const peer = await RawPeer.connect(site.port);
      await peer.associate(associateRequest());
      peer.write(message.subarray(0, at));
      peer.socket.end();
    }
    await eventually(() => (site.log().match(/RAW .*: closed, stored 0/g) ?? []).length === 3);
    expect(site.archive()[`scp_${study}`] ?? []).toEqual([]);
    expect(site.journal().filter(line => line.includes(study))).toEqual([]);
  });

  it('files an instance whose study comes after megabytes of private data, and leaves none behind that is cut or refused', async () => {
    const study = `${root}.11`;
    const long = sample(study, {privateBytes: 5_000_000});
    const stray = sample('..%2F', {privateBytes: 3_000_000, sop: `${root}.11.99`});
    const answers = await send(site, [long, stray]);
    expect(answers.map(({sop, status}) => [sop === long.sop, status])).toEqual(
      expect.arrayContaining([
        [true, 0],
        [false, 0xc000],
      ]),
    );
    expect(discrepancies(site, answers)).toEqual([]);
    const peer = await RawPeer.connect(site.port);
    await peer.associate(associateRequest());
    peer.write(storeMessage(long.sop, dataSetOf(long.path)).subarray(0, 4_000_000));
    await eventually(() => readdirSync(archiveOf(site)).some(name => name.startsWith('.unfiled')));
    peer.socket.destroy();
    await eventually(() => readdirSync(archiveOf(site)).every(name => name.startsWith('scp_')));
  });

  it('is taken from senders whose AE title is of any bytes, which never stand raw in log, journal or file', async () => {
    const study = `${root}.18`;
    const titles = ['  A B ', 'A\r\nB', '\x1b[2J', 'MÜNCHEN', '\0', '', 'A\\B,"C'];
    for (const title of titles) {
      const {path, sop} = sample(study);
      const request = encodePdu(associateRequest());
      request.write(title.padEnd(16), 26, 16, 'utf8');
      const peer = await RawPeer.connect(site.port);
      peer.write(request);
      expect(await peer.next()).toMatchObject({kind: 'associate-accept'});
      peer.write(storeMessage(sop, dataSetOf(path)));
      expect(await peer.nextCommand(), JSON.stringify(title)).toMatchObject({status: 0});
      peer.release();
      const header = readFileSync(join(archiveOf(site), `scp_${study}`, `CT.${sop}`)).subarray(128, 400);
      expect(header.includes(Buffer.from('\x1b')) || header.includes(Buffer.from('Ü'))).toBe(false);
    }
    const lines = site.journal().filter(line => line.includes(study));
    expect(lines).toHaveLength(titles.length);
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
    expect(site.log()).toMatch(/^[ -~\n]*$/);
  });

  it('keeps one whole instance when two associations bring the same one at once with different bytes', async () => {
    const study = `${root}.12`;
    const sop = `${study}.1`;
    for (let round = 0; round < 20; round++) {
      const both = [1, 2].map(() => sample(study, {sop, pixelBytes: 30_000}));
      const answers = (await Promise.all(both.map(one => send(site, [one])))).flat();
      expect(answers.map(({status}) => status)).toEqual([0, 0]);
      const kept = dataSetOf(join(archiveOf(site), `scp_${study}`, `CT.${sop}`));
      expect(both.filter(({path}) => dataSetOf(path).equals(kept))).toHaveLength(1);
    }
    expect(site.archive()[`scp_${study}`]).toEqual([`CT.${sop}`]);
    expect(site.journal().filter(line => line.endsWith(`CT.${sop}`))).toHaveLength(40);
  });

  it('sums up each association in one line without anything of a patient, and counts it for Prometheus', async () => {
    const counted = (name: string): number =>
      Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.+)$`, 'm').exec(metrics())?.[1] ?? 0);
    const released = (): number => site.log().match(/: released, stored/g)?.length ?? 0;
    await eventually(() => counted('fiona_receiver_associations_ended_total{end="released"}') === released());
    const [stored, refused, bytes] = [
      'instances_total{status="0000"}',
      'instances_total{status="C000"}',
      'bytes_total',
    ].map(name => counted(`fiona_receiver_${name}`));
    await send(site, [...samples(4, `${root}.13`), sample('../x', {sop: `${root}.13.9`})]);
    await eventually(() => counted('fiona_receiver_instances_total{status="0000"}') === (stored ?? 0) + 4);
    expect(counted('fiona_receiver_instances_total{status="C000"}')).toBe((refused ?? 0) + 1);
    expect(counted('fiona_receiver_bytes_total')).toBeGreaterThan((bytes ?? 0) + 2048);
    expect(counted('fiona_receiver_finish_seconds_count')).toBeGreaterThan(4);
    expect(
      site
        .log()
        .trim()
        .split('\n')
        .findLast(line => line.includes('released')),
    ).toMatch(
      /INFO association \d+: CT1 \(127\.0\.0\.1\) -> FIONA: released, stored 4, failed 1 \(C000 x 1\), \d+ bytes, \d\.\d s$/,
    );
    // Every line is a comment, or a name with labels and a number.
    for (const line of metrics().trim().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{(le|end|status)="[^"]+"\})? (\d+(\.\d+)?(e[+-]?\d+)?|\+Inf))$/,
      );
    }
  });

  it('is refused when the archive is gone, lest it be made again on the disk below', async () => {
    renameSync(archiveOf(site), `${archiveOf(site)}.away`);
    const refused = await send(site, samples(2, `${root}.16`));
    expect(refused.map(({status}) => status)).toEqual([0xa700, 0xa700]);
    expect(existsSync(archiveOf(site))).toBe(false);
    expect(site.log()).toContain('site/archive is gone, is its disk mounted?');
    renameSync(`${archiveOf(site)}.away`, archiveOf(site));
    expect(await send(site, samples(1, `${root}.16`))).toMatchObject([{kind: 'stored'}]);
  });

  it('is announced in a new segment when somebody removes the journal under the receiver', async () => {
    const journal = join(site.dataDir, 'site/.journal');
    for (const name of readdirSync(journal)) rmSync(join(journal, name));
    const answers = await send(site, samples(5, `${root}.17`));
    expect(answers.every(({kind}) => kind === 'stored')).toBe(true);
    expect(discrepancies(site, answers)).toEqual([]);
  });

  it('comes to its end when the receiver is told to stop: all is answered, and what was answered is there', async () => {
    const instances = samples(200, `${root}.14`, {pixelBytes: 100_000});
    const sending = send(site, instances);
    await eventually(() => site.journal().some(line => line.includes(`scp_${root}.14`)));
    process.kill(site.pid(), 'SIGTERM');
    const answers = await sending;
    await eventually(() => site.log().includes('summary: connections'));
    expect(answers.every(({kind}) => kind === 'stored')).toBe(true);
    expect(discrepancies(site, answers)).toEqual([]);
    expect(site.log()).toContain('stopping, 1 associations open');
    expect((await site.storectl('start')).code).toBe(0);
  });

  it('loses nothing that was answered, and doubles nothing, however often the receiver is killed', async () => {
    const study = `${root}.15`;
    const instances = samples(400, study, {pixelBytes: 30_000});
    const answers = new Map<string, Answer>();
    const left = () => instances.filter(({sop}) => answers.get(sop)?.kind !== 'stored');
    for (let round = 0; round < 3; round++) {
      const before = site.journal().length;
      const sending = send(site, left(), {associations: 3});
      await eventually(() => site.journal().length > before + 15 + 12 * round);
      process.kill(site.pid(), 'SIGKILL');
      for (const answer of await sending) if (answer.kind === 'stored') answers.set(answer.sop, answer);
      expect(discrepancies(site, [...answers.values()])).toEqual([]);
      expect((await site.storectl('start')).code).toBe(0);
    }
    expect(left().length).toBeGreaterThan(0);
    for (const answer of await send(site, left())) answers.set(answer.sop, answer);
    expect(left()).toEqual([]);
    expect(discrepancies(site, [...answers.values()])).toEqual([]);
    await eventually(() => site.archive()[`scp_${study}`]?.length === 400);
  }, 60_000);
});
