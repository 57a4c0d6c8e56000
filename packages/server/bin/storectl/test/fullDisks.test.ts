import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {echo} from '@fiona/lib/dimse/echoScu';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {ReceiverSite} from '../../../../../test/support/receiverSite.ts';
import {type Answer, archiveOf, discrepancies, eventually, samples, send, startedSite} from './instances.ts';

const root = '1.2.826.0.1.3680043.10.997';
const mebibyte = 1 << 20;

/** A small file system, gone with the test. */
function smallDisk(path: string, options: string): void {
  mkdirSync(path, {recursive: true});
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
}
// Lazily: a process that has just ended may hold its files a moment longer.
const unmount = (path: string): void => void execFileSync('umount', ['-l', path]);

const filesOf = (site: ReceiverSite): string[] => Object.values(site.archive()).flat();
const descriptorsOf = (site: ReceiverSite): number => readdirSync(`/proc/${site.pid()}/fd`).length;

describe('a disk that fills up', () => {
  let disk: string;
  let site: ReceiverSite | undefined;
  afterEach(async () => {
    await site?.remove();
    site = undefined;
    unmount(disk);
    rmSync(disk, {recursive: true, force: true});
  });

  async function siteOn(megabytes: number, receiver: object): Promise<ReceiverSite> {
    disk = mkdtempSync(join(tmpdir(), 'fiona-small-disk-'));
    smallDisk(disk, `size=${megabytes}m`);
    site = await startedSite(receiver, join(disk, 'data'));
    return site;
  }

  it('is never filled beyond its reserve: A700 comes first, and goes by itself', async () => {
    const on = await siteOn(24, {minFreeBytes: '8 MiB'});
    const study = `${root}.1`;
    const answers = await send(on, samples(30, study, {pixelBytes: mebibyte}), {associations: 4});
    const stored = answers.filter(({kind}) => kind === 'stored');
    expect(stored.length).toBeGreaterThan(5);
    expect(answers.filter(({status}) => status === 0xa700)).toHaveLength(30 - stored.length);
    expect(discrepancies(on, answers)).toEqual([]);
    expect(filesOf(on)).toHaveLength(stored.length);
    expect(on.journal()).toHaveLength(stored.length);
    const {bavail, bsize} = statfsSync(disk);
    expect(bavail * bsize).toBeGreaterThan(7 * mebibyte);
    expect(on.log()).toContain('site/archive is full but for its reserve');
    await echo({host: '127.0.0.1', port: on.port, aeTitle: 'FIONA', callingAeTitle: 'X'});

    rmSync(join(archiveOf(on), `scp_${study}`), {recursive: true});
    expect(await send(on, samples(1, study))).toMatchObject([{kind: 'stored'}]);
    expect(on.log()).toContain('there is room on the disk again');
  });

  it('to the last byte: what was answered with success is there, what was not is not, and no descriptor stays open', async () => {
    const on = await siteOn(12, {minFreeBytes: 0});
    await send(on, samples(1, `${root}.2`));
    const before = descriptorsOf(on);
    const all: Answer[] = [];
    for (const round of [1, 2, 3]) {
      const instances = [700_000, 40_000, 300].flatMap(pixelBytes => samples(20, `${root}.2.${round}`, {pixelBytes}));
      all.push(...(await send(on, instances, {associations: 6})));
    }
    const stored = all.filter(({kind}) => kind === 'stored');
    expect(stored.length).toBeGreaterThan(10);
    expect(all.filter(({status}) => status === 0xa700).length).toBe(180 - stored.length);
    expect(discrepancies(on, all)).toEqual([]);
    expect(filesOf(on)).toHaveLength(stored.length + 1);
    expect(on.journal()).toHaveLength(stored.length + 1);
    await eventually(() => descriptorsOf(on) <= before);
    rmSync(join(archiveOf(on), `scp_${root}.2.1`), {recursive: true});
    expect(await send(on, samples(1, `${root}.2`, {pixelBytes: 900_000}))).toMatchObject([{kind: 'stored'}]);
  });
});

describe('a place that cannot be written', () => {
  let site: ReceiverSite;
  let dir: string;
  let journal: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fiona-small-journal-'));
    journal = join(dir, 'data/site/.journal');
    smallDisk(journal, 'size=24k');
    site = await startedSite({minFreeBytes: 0}, join(dir, 'data'));
  });
  afterAll(async () => {
    await site.remove();
    unmount(journal);
    rmSync(dir, {recursive: true, force: true});
  });

  it('is the journal: A700, the file is taken away again, and all is well when there is room', async () => {
    expect(await send(site, samples(1, `${root}.3`))).toMatchObject([{kind: 'stored'}]);
    const filler = join(journal, 'filler');
    writeFileSync(filler, Buffer.alloc(16_384));
    const answers = await send(site, samples(60, `${root}.3`), {associations: 3});
    expect(answers.some(({status}) => status === 0xa700)).toBe(true);
    expect(discrepancies(site, answers)).toEqual([]);
    const stored = answers.filter(({kind}) => kind === 'stored').length + 1;
    expect(filesOf(site)).toHaveLength(stored);
    expect(site.journal()).toHaveLength(stored);
    rmSync(filler);
    expect(await send(site, samples(1, `${root}.3`))).toMatchObject([{kind: 'stored'}]);
    expect(site.journal()).toHaveLength(stored + 1);
  });

  it('is a read-only archive: A700, association and receiver live on', async () => {
    smallDisk(archiveOf(site), 'ro');
    const refused = await send(site, samples(3, `${root}.4`));
    unmount(archiveOf(site));
    expect(refused.map(({status}) => status)).toEqual([0xa700, 0xa700, 0xa700]);
    expect(site.log()).toContain('the file system is mounted read-only (EROFS)');
    expect(await send(site, samples(1, `${root}.4`))).toMatchObject([{kind: 'stored'}]);
    expect(site.archive()[`scp_${root}.4`]).toHaveLength(1);
  });
});
