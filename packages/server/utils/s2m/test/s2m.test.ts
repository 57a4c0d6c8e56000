import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../../../../../test/support/installedTools.ts';
import {type Attributes, mrImage, planted} from '../../../../../test/support/mrImage.ts';
import {makeReceiverSite, type ReceiverSite} from '../../../../../test/support/receiverSite.ts';
import {runToolToEnd} from '../../../../../test/support/runTool.ts';

const root = '1.2.826.0.1.3680043.10.999.91';
const privateClass = '1.3.12.2.1107.5.9.1';

describe('s2m', () => {
  let site: ReceiverSite;
  const outside = mkdtempSync(join(tmpdir(), 's2m-'));
  const index = (verb: string) => runToolToEnd({tool: 'server/bin/processSingleFile3', args: [verb], ...daemons()});
  const daemons = () => ({config: site.configFile, env: {TMPDIR: site.dir}});
  const s2m = async (...args: string[]) => {
    const {code, stdout, stderr} = await runToolToEnd({
      tool: 'server/utils/s2m',
      args: [...args, '--json'],
      ...daemons(),
    });
    return {code, log: stderr, result: JSON.parse(stdout || '{}') as Record<string, unknown>};
  };
  const summaryPath = (study: string, series: number) =>
    join(site.dataDir, 'site/raw', study, `${study}.${series}.json`);
  const write = (path: string, study: string, series: number, more: Attributes = {}) => {
    mkdirSync(join(path, '..'), {recursive: true});
    const uids = {
      StudyInstanceUID: study,
      SeriesInstanceUID: `${study}.${series}`,
      SOPInstanceUID: `${study}.${series}.1`,
    };
    writeFileSync(path, mrImage({...uids, ...more}));
  };

  beforeAll(async () => {
    site = await makeReceiverSite();
    expect((await site.storectl('start')).code).toBe(0);
    expect((await index('start')).code).toBe(0);
  });
  afterAll(async () => {
    await index('stop');
    await site.remove();
    rmSync(outside, {recursive: true, force: true});
  });

  it('sends a folder with all its studies, whatever its name, and passes over what is no DICOM', async () => {
    const folder = join(outside, "a folder, $(touch x) 'quoted'");
    write(join(folder, 'one', 'a.dcm'), `${root}.1`, 1);
    write(join(folder, 'one', 'b.dcm'), `${root}.1`, 2, {SOPClassUID: privateClass});
    write(join(folder, 'two', 'c'), `${root}.2`, 1, {PatientID: `${planted.PatientID}0`});
    writeFileSync(join(folder, 'notes.txt'), 'no image');
    writeFileSync(join(folder, 'empty.dcm'), '');
    const {code, log, result} = await s2m(folder);
    expect({code, ...result}).toMatchObject({code: 0, sent: 3, failed: 0, others: 2});
    expect(result.studies).toEqual([
      {study: `${root}.1`, result: '2 instances sent'},
      {study: `${root}.2`, result: '1 instances sent'},
    ]);
    expect(site.archive()[`scp_${root}.1`]).toHaveLength(2);
    expect(site.journal().every(line => line.startsWith('STORESCU,ANY-SCP,'))).toBe(true);
    for (const text of Object.values(planted)) expect(log).not.toContain(text);
    await until(() => existsSync(summaryPath(`${root}.2`, 1)), 'the studies are indexed');
    await until(() => existsSync(summaryPath(`${root}.1`, 2)), 'the studies are indexed');
  });

  it('classifies again what is in the archive, however it is named, and leaves the files alone', async () => {
    const path = summaryPath(`${root}.1`, 1);
    const stored = JSON.parse(readFileSync(path, 'utf8'));
    const journal = site.journal();
    for (const call of [[join(site.dataDir, 'site/archive', `scp_${root}.1`)], ['--study', `${root}.1`]]) {
      writeFileSync(path, JSON.stringify({...stored, ClassifyType: ['OUTDATED']}));
      const {code, result} = await s2m(...call);
      expect({code, ...result}).toMatchObject({code: 0, reclassified: 1, sent: 0});
      expect(JSON.parse(readFileSync(path, 'utf8')).ClassifyType).toEqual(stored.ClassifyType);
    }
    expect(site.journal()).toEqual(journal);
  });

  it('sends it through the network when told to', async () => {
    const {code, result} = await s2m('--study', `${root}.1`, '--force');
    expect({code, ...result}).toMatchObject({code: 0, reclassified: 0, sent: 2});
  });

  it('takes exactly the patient that was named, each study once, and only when somebody agrees', async () => {
    const asked = await s2m(planted.PatientID);
    expect(asked.code).toBe(64);
    expect(asked.log).toContain('1 studies were not confirmed (--yes goes without asking)');
    expect((await s2m(planted.PatientID, '--yes')).result.studies).toEqual([
      {study: `${root}.1`, result: 'classified again'},
    ]);
    expect((await s2m('--name', planted.PatientName, '--yes')).result).toMatchObject({reclassified: 2});
    expect((await s2m('--patient', planted.PatientID.slice(0, -1), '--yes')).result).toMatchObject({reclassified: 0});
  });

  it('knows what changed last by the files in a study', async () => {
    const days = (n: number) => new Date(Date.now() - n * 24 * 60 * 60 * 1000);
    const folder = join(site.dataDir, 'site/archive', `scp_${root}.1`);
    for (const name of [...(site.archive()[`scp_${root}.1`] ?? []), '.'])
      utimesSync(join(folder, name), days(3), days(3));
    expect((await s2m('last', '--dry-run')).result.plan).toEqual([`classify again: study ${root}.2`]);
    expect((await s2m('last', '4', '--dry-run')).result.plan).toHaveLength(2);
    for (const wrong of ['0', 'x', '-1']) expect((await s2m('last', wrong, '--dry-run')).code).toBe(64);
  });

  it('says what is gone from the archive', async () => {
    rmSync(join(site.dataDir, 'site/archive', `scp_${root}.2`), {recursive: true});
    const {code, log, result} = await s2m('--patient', `${planted.PatientID}0`, '--yes');
    expect({code, ...result}).toMatchObject({code: 65, failed: 1});
    expect(log).toContain(`WARN study ${root}.2 is no longer in the archive`);
  });

  it.each([
    ['nothing', []],
    ['two ways to choose', ['--study', '1.2.3', '--name', 'A']],
    ['something that is no UID', ['--study', '../x']],
    ['a folder that does not exist', ['./nowhere']],
    ['a word too many', ['1234', 'ABCD', 'more']],
  ])('does not understand %s', async (_, args) => {
    expect((await s2m(...args)).code).toBe(64);
  });

  it('does not know other data roots than the configuration', async () => {
    expect((await s2m(outside, 'NOWHERE')).code).toBe(78);
  });

  it('counts what the receiver refuses, and an unreachable one is no refusal', async () => {
    const folder = join(outside, 'refused');
    write(join(folder, 'good.dcm'), `${root}.3`, 1);
    write(join(folder, 'bad.dcm'), `${root}.3`, 2, {StudyInstanceUID: '../../x'});
    const refused = await s2m(folder);
    expect({code: refused.code, ...refused.result}).toMatchObject({code: 65, sent: 1, failed: 1});
    expect(refused.log).toMatch(/ERROR study without a UID: 0 instances sent; 1 refused with status /);
    expect((await site.storectl('stop')).code).toBe(0);
    expect((await s2m(folder)).code).toBe(69);
  });
});
