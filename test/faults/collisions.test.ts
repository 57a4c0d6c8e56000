import {createHash} from 'node:crypto';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {shortHash} from '@fiona/lib/cli/shortHash';
import {findElement, valueBytes} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {linesOf, until} from '../support/installedTools.ts';
import {type Attributes, mrImage, planted} from '../support/mrImage.ts';

const root = '1.2.826.0.1.3680043.10.999.72';
const pixels = (value: number): Buffer => Buffer.alloc(32, value);

describe('what collides', () => {
  let gateway: InstalledGateway;
  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
  });
  afterAll(() => gateway?.stop());

  const image = (study: string, series: number, instance: number, more: Attributes = {}): Buffer => {
    const uid = `${study}.${series}`;
    return mrImage({
      StudyInstanceUID: study,
      SeriesInstanceUID: uid,
      SeriesNumber: String(series),
      SOPInstanceUID: `${uid}.${instance}`,
      ...more,
    });
  };
  const archived = (study: string): string[] => readdirSync(join(gateway.site, 'archive', `scp_${study}`)).sort();
  const store = async (...images: Buffer[]): Promise<void> => {
    const answers = await gateway.send(images);
    expect(answers).toEqual(images.map(() => ({kind: 'stored', status: 0})));
  };
  const rowsOf = async (study: string) => (await gateway.incoming()).filter(({record}) => record === study);
  /** First byte of the pixel data of everything that the research PACS holds of a study. */
  const sentPixels = (mappedStudy: string): (number | undefined)[] =>
    gateway
      .pacs()
      .filter(name => name.startsWith(`${mappedStudy}/`))
      .map(name => {
        const {dataSet} = parseInstance(readFileSync(gateway.path('pacs', name)));
        const element = findElement(dataSet, 0x7fe00010);
        return element && valueBytes(dataSet, element)[0];
      })
      .sort();
  const mappedStudyOf = async (study: string): Promise<string> => {
    const transfers = (await rowsOf(study)).filter(({form}) => form === 'transfers');
    expect(transfers).toHaveLength(1);
    return transfers[0]?.values.transfer_mapped_uid ?? '';
  };

  it('the same instance twice: one file, one link, counted once; the summary says when it came last', async () => {
    const study = `${root}.2`;
    await store(image(study, 1, 1), image(study, 1, 2));
    await gateway.indexed(study, `${study}.1`, 2);
    await gateway.settle();
    await gateway.run('bin/populateIncoming');
    const before = await rowsOf(study);
    const summary = join(gateway.site, 'raw', study, `${study}.1.json`);
    const lines = gateway.receiverLog().length;
    const modified = statSync(summary).mtimeMs;
    await store(image(study, 1, 1));
    await until(() => statSync(summary).mtimeMs > modified, 'the summary is renewed');
    expect(gateway.summary(study, `${study}.1`)?.NumFiles).toBe('2');
    expect(archived(study)).toHaveLength(2);
    expect(linesOf(gateway.receiverLog().slice(lines), 'WARN')).toEqual([]);
    await gateway.settle();
    expect((await gateway.run('bin/populateIncoming')).code).toBe(0);
    expect(await rowsOf(study)).toEqual(before);
  });

  it('a SOPInstanceUID with other pixels: reported, the newer replaces the older, here and after the next transfer there', async () => {
    const study = `${root}.3`;
    await gateway.coupleStudy(3, study, 'DEMO-BRAIN', 'BRAIN_0003');
    await store(image(study, 1, 1, {PixelData: pixels(3)}), image(study, 1, 2, {PixelData: pixels(4)}));
    await gateway.indexed(study, `${study}.1`, 2);
    await gateway.runPipeline();
    const mapped = await mappedStudyOf(study);
    expect(sentPixels(mapped)).toEqual([3, 4]);

    await gateway.backdateTransfers(600);
    const summary = join(gateway.site, 'raw', study, `${study}.1.json`);
    const modified = statSync(summary).mtimeMs;
    await store(image(study, 1, 1, {PixelData: pixels(9)}));
    expect(linesOf(gateway.receiverLog(), 'WARN').join()).toContain(
      `${study}.1.1 came again with other content, the new one replaces it`,
    );
    await until(() => statSync(summary).mtimeMs > modified, 'the summary is renewed');
    expect(archived(study)).toEqual([`MR.${study}.1.1`, `MR.${study}.1.2`]);
    expect(gateway.summary(study, `${study}.1`)?.NumFiles).toBe('2');
    await gateway.runPipeline();
    expect(await mappedStudyOf(study)).toBe(mapped);
    expect(sentPixels(mapped)).toEqual([4, 9]);
  });

  it('a SOPInstanceUID in two series of a study: reported, and nothing is sent twice under two UIDs', async () => {
    const study = `${root}.4`;
    await gateway.coupleStudy(4, study, 'DEMO-BRAIN', 'BRAIN_0004');
    await store(image(study, 1, 1, {PixelData: pixels(3)}), image(study, 1, 2, {PixelData: pixels(4)}));
    await gateway.indexed(study, `${study}.1`, 2);
    await store(image(study, 2, 1, {SOPInstanceUID: `${study}.1.1`, PixelData: pixels(9)}));
    await gateway.indexed(study, `${study}.2`, 1);
    expect(linesOf(gateway.receiverLog(), 'WARN').join()).toContain(`${study}.1.1 came again with other content`);
    await gateway.settle();
    for (const tool of ['populateIncoming', 'createTransferRequests', 'anonymizeAndSend'])
      await gateway.run(`bin/${tool}`);
    const sent = gateway.pacs().map(name => name.split('/').at(-1));
    expect(new Set(sent).size).toBe(sent.length);
  });

  it('a SOPInstanceUID in another study, a SeriesInstanceUID in another study: both are kept apart', async () => {
    const [first, second] = [`${root}.5`, `${root}.6`];
    await store(image(first, 1, 1));
    await store(image(first, 1, 1, {StudyInstanceUID: second, PixelData: pixels(5)}));
    await gateway.indexed(first, `${first}.1`, 1);
    await gateway.indexed(second, `${first}.1`, 1);
    expect(archived(first)).toEqual([`MR.${first}.1.1`]);
    expect(archived(second)).toEqual([`MR.${first}.1.1`]);
    await gateway.settle();
    expect((await gateway.run('bin/populateIncoming')).code).toBe(0);
    for (const study of [first, second]) {
      const series = (await rowsOf(study)).filter(({form}) => form === 'series');
      expect(series.map(({values}) => values.series_instance_uid)).toEqual([`${first}.1`]);
    }
  });

  it('a SOPInstanceUID with another SOP class: both files are kept, the link leads to the newer, reported', async () => {
    const study = `${root}.7`;
    await store(image(study, 1, 1));
    await gateway.indexed(study, `${study}.1`, 1);
    await store(image(study, 1, 1, {SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', Modality: 'CT'}));
    const warning = `instance ${study}.1.1 of series ${study}.1 is announced from another file, its link leads there now`;
    await until(() => gateway.indexLog().includes(warning), 'the warning');
    expect(archived(study)).toEqual([`CT.${study}.1.1`, `MR.${study}.1.1`]);
    expect(gateway.summary(study, `${study}.1`)?.NumFiles).toBe('1');
  });

  it('two patients under one StudyInstanceUID: both are kept, daemon and populateIncoming report it by hash, nothing leaves', async () => {
    const study = `${root}.1`;
    const other = {PatientID: 'PID-90210', PatientName: 'SOMEBODY^ELSE', AccessionNumber: 'ACC-777'};
    await gateway.coupleStudy(1, study, 'DEMO-BRAIN', 'BRAIN_0001');
    await store(image(study, 1, 1));
    await gateway.indexed(study, `${study}.1`, 1);
    await gateway.settle();
    await gateway.run('bin/populateIncoming');
    const [base] = await rowsOf(study);

    await store(image(study, 2, 1, other));
    await gateway.indexed(study, `${study}.2`, 1);
    expect(archived(study)).toEqual([`MR.${study}.1.1`, `MR.${study}.2.1`]);
    const hashes = `${shortHash(planted.PatientID)}, ${shortHash('PID-90210')}`;
    expect(linesOf(gateway.indexLog(), 'WARN').join()).toContain(
      `study ${study} holds instances of two patients (${hashes}), series ${study}.2: both are kept`,
    );

    await gateway.settle();
    const {code, stdout} = await gateway.run('bin/populateIncoming');
    expect(code).toBe(0);
    expect(linesOf(stdout, 'WARN').join()).toContain(`study ${study} holds series of 2 patients (${hashes})`);
    const rows = await rowsOf(study);
    // the row of the study stays that of the patient who came first
    const {study_arrival_date: _, ...before} = base?.values ?? {};
    expect(rows[0]?.values).toMatchObject(before);
    expect(rows[0]?.values.study_patient_id).toBe(createHash('sha256').update(planted.PatientID).digest('hex'));
    expect(rows.filter(({form}) => form === 'series').map(({instance}) => instance)).toEqual([1, 2]);
    for (const text of [...Object.values(planted), ...Object.values(other)])
      expect(stdout + gateway.indexLog() + gateway.receiverLog()).not.toContain(text);
    expect((await gateway.run('bin/populateIncoming')).stdout).not.toContain('WARN');

    const held = gateway.pacs();
    await gateway.run('bin/createTransferRequests');
    expect((await gateway.run('bin/anonymizeAndSend')).code).toBe(65);
    expect(gateway.pacs()).toEqual(held);
    const [transfer] = (await rowsOf(study)).filter(({form}) => form === 'transfers');
    expect(transfer?.values).toMatchObject({transfer_error___1: '1', transfers_complete: '1'});
  });

  it('no identifier stands in a log, note, request or state file', () => {
    expect(gateway.leaks([...Object.values(planted), 'PID-90210', 'SOMEBODY', 'ACC-777'])).toEqual([]);
  });
});
