import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import type {IndexedSite} from '../src/site.ts';
import {announce, archived, image, index, logged, onlySummary} from './batches.ts';
import {aFolder, aSite, summariesOf, treeOf} from './helpers.ts';
import {type Attributes, anInstance, store} from './instances.ts';

describe('an indexed image', () => {
  it('has links, a summary and, last, a marker', async () => {
    const site = archived();
    await index(site, image(1));
    expect(treeOf(site.root)).toEqual([
      'site/.arrived/MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1',
      'site/archive/scp_1.2.3/MR.1.2.3.1.1',
      `site/participants/PAT1/20260102_101010.5 -> ${site.root}/site/raw/1.2.3`,
      'site/raw/1.2.3/1.2.3.1.json',
      `site/raw/1.2.3/1.2.3.1/1.2.3.1.1 -> ${site.root}/site/archive/scp_1.2.3/MR.1.2.3.1.1`,
    ]);
    for (const [path, mode] of [
      ['site/raw', 0o777],
      ['site/raw/1.2.3/1.2.3.1', 0o1777],
      ['site/participants/PAT1', 0o1777],
      ['site/raw/1.2.3/1.2.3.1.json', 0o666],
      ['site/.arrived/MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1', 0o666],
    ] as const) {
      expect(statSync(join(site.root, path)).mode & 0o7777).toBe(mode);
    }
  });

  it('is written sorted, with indent 2 and no newline at the end', async () => {
    const site = archived();
    await index(site, image(1));
    const text = readFileSync(join(site.root, 'site/raw/1.2.3/1.2.3.1.json'), 'utf8');
    const summary = JSON.parse(text);
    expect(Object.keys(summary)).toEqual(Object.keys(summary).sort());
    expect(text).toBe(JSON.stringify(summary, null, 2));
  });

  it('counts once however often it is sent (PF-9), and the summary gets a new time', async () => {
    const site = archived();
    await index(site, image(1), image(2));
    const path = join(site.root, 'site/raw/1.2.3/1.2.3.1.json');
    utimesSync(path, 1000, 1000);
    const marker = join(site.root, 'site/.arrived/MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1');
    utimesSync(marker, 1000, 1000);
    await index(site, image(1));
    expect(onlySummary(site).NumFiles).toBe('2');
    expect(statSync(path).mtimeMs).toBeGreaterThan(1_000_000);
    expect(statSync(marker).mtimeMs).toBeGreaterThan(1_000_000);
  });

  it('makes a second marker when another sender sends it again; the first connection stays', async () => {
    const site = archived();
    await index(site, image(1));
    const indexer = new Indexer(site);
    await indexer.add(announce(store(site.root, image(1)), 'CT 9",,'));
    await indexer.flush();
    expect(readdirSync(join(site.root, 'site/.arrived'))).toEqual([
      'CT9 unknown 0.0.0.0 1.2.3 1.2.3.1',
      'MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1',
    ]);
    expect(onlySummary(site).IncomingConnection).toEqual({
      AETitleCaller: 'MR1',
      AETitleCalled: 'FIONA',
      CallerIP: '192.0.2.1',
    });
  });

  it('keeps series of a study apart', async () => {
    const site = archived();
    await index(site, image(1), image(2, {SeriesInstanceUID: ['UI', '1.2.3.2']}), image(3));
    const counts = Object.entries(summariesOf(site.root)).map(([path, {NumFiles}]) => [path, NumFiles]);
    expect(counts).toEqual([
      ['site/raw/1.2.3/1.2.3.1.json', '2'],
      ['site/raw/1.2.3/1.2.3.2.json', '1'],
    ]);
  });

  it('replaces a dangling raw link (PF-10)', async () => {
    const site = archived();
    mkdirSync(join(site.root, 'site/raw/1.2.3/1.2.3.1'), {recursive: true});
    const link = join(site.root, 'site/raw/1.2.3/1.2.3.1/1.2.3.1.1');
    symlinkSync('/nowhere', link);
    await index(site, image(1));
    expect(existsSync(link)).toBe(true);
    expect(logged(site)).toBe('');
  });

  it('reports an instance that comes from another file although the old one is still there', async () => {
    const site = archived();
    await index(site, image(1));
    const {path} = store(site.root, image(1));
    const other = join(dirname(path), 'OT.1.2.3.1.1');
    writeFileSync(other, anInstance(image(1)));
    const indexer = new Indexer(site);
    await indexer.add(announce({directory: dirname(path), filename: 'OT.1.2.3.1.1'}));
    await indexer.flush();
    expect(readlinkSync(join(site.root, 'site/raw/1.2.3/1.2.3.1/1.2.3.1.1'))).toBe(other);
    expect(logged(site)).toContain('WARN instance 1.2.3.1.1');
  });

  it('reports two patients in one study, by hash, and keeps both', async () => {
    const site = archived();
    await index(site, image(1), image(2, {PatientID: ['LO', 'OTHER7'], SeriesInstanceUID: ['UI', '1.2.3.2']}));
    expect(logged(site)).toContain('two patients');
    expect(logged(site)).not.toContain('OTHER7');
    expect(Object.values(summariesOf(site.root)).map(({PatientID}) => PatientID)).toEqual(['PAT1', 'OTHER7']);
    expect(readdirSync(join(site.root, 'site/participants'))).toEqual(['OTHER7', 'PAT1']);
  });
});

describe('participants', () => {
  const other = (more: Attributes = {}) =>
    image(9, {StudyInstanceUID: ['UI', '1.2.9'], SeriesInstanceUID: ['UI', '1.2.9.1'], ...more});
  const folder = (site: IndexedSite) => join(site.root, 'site/participants/PAT1');

  it('gives a second study of the same time a name of its own (PF-11)', async () => {
    const site = archived();
    await index(site, image(1), other(), other());
    expect(readdirSync(folder(site))).toEqual(['20260102_101010.5', '20260102_101010.5_1.2.9']);
    expect(readlinkSync(join(folder(site), '20260102_101010.5_1.2.9'))).toBe(join(site.root, 'site/raw/1.2.9'));
  });

  it('takes over a name whose study is gone', async () => {
    const site = archived();
    await index(site, image(1));
    rmSync(join(site.root, 'site/raw/1.2.3'), {recursive: true});
    await index(site, other());
    expect(readlinkSync(join(folder(site), '20260102_101010.5'))).toBe(join(site.root, 'site/raw/1.2.9'));
  });

  it('leaves a real folder of that name alone (PF-11)', async () => {
    const site = archived();
    mkdirSync(join(folder(site), '20260102_101010.5'), {recursive: true});
    await index(site, image(1));
    expect(readdirSync(folder(site))).toEqual(['20260102_101010.5', '20260102_101010.5_1.2.3']);
  });

  it('have unknown_unknown without date or time, and no link without id', async () => {
    const site = archived();
    await index(site, image(1, {StudyDate: undefined}));
    expect(readdirSync(folder(site))).toEqual(['unknown_unknown']);
    const nobody = archived();
    await index(nobody, image(1, {PatientID: undefined}), image(2, {PatientID: ['LO', '  ']}));
    expect(existsSync(join(nobody.root, 'site/participants'))).toBe(false);
    expect(onlySummary(nobody).NumFiles).toBe('2');
  });

  it.each([
    ['../x', '.._x'],
    ['/x', '_x'],
    ['a/b', 'a_b'],
    ['..', '_'],
    ['a b', 'a b'],
    ['x'.repeat(300), 'x'.repeat(255)],
  ])('PF-8: PatientID %j stays inside', async (id, name) => {
    const site = aSite({root: join(aFolder(), 'data'), allowOutside: false});
    await index(site, image(1, {PatientID: ['LO', id], StudyDate: ['DA', '../../x']}));
    expect(readdirSync(join(site.root, 'site/participants'))).toEqual([name]);
    expect(readdirSync(join(site.root, 'site/participants', name))).toEqual(['.._.._x_101010.5']);
    expect(readdirSync(dirname(site.root))).toEqual(['data']);
  });
});

describe('structured reports', () => {
  const report = (more: Attributes) => image(1, {Modality: ['CS', 'SR'], ...more});

  it.each([
    ['KODAK/X', 'KODAK_X'],
    ['', '_'],
    [undefined, '_'],
    ['..', '_'],
  ])('with Manufacturer %j have a link below %s (PF-20)', async (manufacturer, folder) => {
    const site = archived();
    await index(site, report({Manufacturer: manufacturer === undefined ? undefined : ['LO', manufacturer]}));
    const link = join(site.root, 'site/srs', folder, '1.2.3/1.2.3.1.1');
    expect(readlinkSync(link)).toBe(join(site.root, 'site/raw/1.2.3/1.2.3.1/1.2.3.1.1'));
  });
});

describe('a summary that is there already', () => {
  it.each(['{"NumFiles": "7", "Modal', '', '[]'])(
    'is set aside and made anew from the links when it is %j',
    async content => {
      const site = archived();
      await index(site, image(1, {SliceLocation: ['DS', '5']}), image(2));
      writeFileSync(join(site.root, 'site/raw/1.2.3/1.2.3.1.json'), content);
      await index(site, image(3));
      expect(onlySummary(site)).toMatchObject({NumFiles: '3', InstanceNumber: '1', SliceLocation: '5'});
      expect(readdirSync(join(site.root, 'site/raw/1.2.3')).some(name => name.startsWith('.1.2.3.1.json.bad-'))).toBe(
        true,
      );
    },
  );

  it('may lack NumFiles and hold more than we know', async () => {
    const site = archived();
    await index(site, image(1));
    writeFileSync(join(site.root, 'site/raw/1.2.3/1.2.3.1.json'), '{"Note": "by hand", "PatientID": "PAT1"}');
    await index(site, image(2));
    expect(onlySummary(site)).toMatchObject({NumFiles: '2', Note: 'by hand', Modality: ['MR']});
  });

  it('leaves no temporary file behind', async () => {
    const site = archived();
    await index(site, image(1), image(2));
    expect(readdirSync(join(site.root, 'site/raw/1.2.3')).sort()).toEqual(['1.2.3.1', '1.2.3.1.json']);
  });
});
