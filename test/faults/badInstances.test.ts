import {execFileSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, utimesSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {filesBelow, linesOf, until} from '../support/installedTools.ts';
import {type Attributes, mrImage, planted} from '../support/mrImage.ts';

const root = '1.2.826.0.1.3680043.10.999.74';

const image = (study: string, instance: number, more: Attributes = {}): Buffer =>
  mrImage({
    StudyInstanceUID: study,
    SeriesInstanceUID: `${study}.1`,
    SOPInstanceUID: `${study}.1.${instance}`,
    InstanceNumber: String(instance),
    ...more,
  });

/** Files that are no instances, with the reason that stands beside them. */
const noInstances: readonly (readonly [what: string, content: Buffer | undefined, reason: RegExp])[] = [
  ['an empty file', Buffer.alloc(0), /not-dicom/],
  ['a text', Buffer.from('Dear colleague, please find the images attached.\n'.repeat(20)), /not-dicom/],
  ['a JPEG', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(5000, 0x4a)]), /not-dicom/],
  ['128 bytes of nothing', Buffer.alloc(128), /not-dicom/],
  ['a preamble alone', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), /truncated|no-study-uid|bad-structure/],
  ['a file that ends in its meta information', image(`${root}.9`, 1).subarray(0, 180), /truncated|bad-structure/],
  ['a file that ends before its UIDs', image(`${root}.9`, 1).subarray(0, 420), /truncated|no-(study|series|sop)-uid/],
  ['a folder with the name of a file', undefined, /not-a-file/],
];

describe('bad instances', () => {
  let gateway: InstalledGateway;
  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
  });
  afterAll(() => gateway?.stop());

  const pid = (): number =>
    (JSON.parse(readFileSync(gateway.path('server/.pids/processSingleFile.pid'), 'utf8')) as {pid: number}).pid;

  /** Puts the files of {@link noInstances} into the archive folder of a study, two minutes old. */
  function plant(study: string): string[] {
    const then = new Date(Date.now() - 120_000);
    return noInstances.map(([, content], index) => {
      const path =
        content === undefined
          ? join(gateway.site, 'archive', `scp_${study}`, `MR.${study}.bad.${index}`)
          : gateway.archive(study, `MR.${study}.bad.${index}`, content);
      if (content === undefined) mkdirSync(path, {recursive: true});
      utimesSync(path, then, then);
      return path;
    });
  }

  it('without PatientID, StudyDate, SeriesNumber or any name: indexed, registered and transferred', async () => {
    const study = `${root}.1`;
    await gateway.coupleStudy(1, study, 'DEMO-BRAIN', 'BRAIN_0001');
    const bare = {
      PatientID: undefined,
      PatientName: undefined,
      PatientBirthDate: undefined,
      AccessionNumber: undefined,
      StudyDate: undefined,
      StudyTime: undefined,
      SeriesNumber: undefined,
      StudyDescription: undefined,
      Manufacturer: undefined,
    };
    expect(
      await gateway.send([image(study, 1, bare), image(study, 2, {...bare, PatientID: '', StudyDate: ''})]),
    ).toEqual([0, 0].map(status => ({kind: 'stored', status})));
    await gateway.indexed(study, `${study}.1`, 2);
    expect(filesBelow(join(gateway.site, 'participants')).filter(name => name.includes(study))).toEqual([]);
    await gateway.runPipeline();
    const [base] = (await gateway.incoming()).filter(({record}) => record === study);
    const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(base?.values).toMatchObject({study_patient_id: ofNothing, study_patient_name: ofNothing, study_date: ''});
    const [transfer] = await gateway.transfers();
    expect(transfer?.values).toMatchObject({transfers_complete: '2', transfer_error_message: ''});
    expect(gateway.pacs()).toHaveLength(2);
  });

  it('with another character set than declared, or an unknown one: indexed, registered, nothing of the name is sent', async () => {
    const study = `${root}.2`;
    await gateway.coupleStudy(2, study, 'DEMO-BRAIN', 'BRAIN_0002');
    const sets: Attributes[] = [
      {SpecificCharacterSet: 'ISO_IR 192', PatientName: Buffer.from('BJØRNSTAD^ÅSE', 'latin1')},
      {SpecificCharacterSet: 'ISO_IR 100', PatientName: Buffer.from('BJØRNSTAD^ÅSE', 'utf8')},
      {SpecificCharacterSet: 'LATIN-9', PatientName: Buffer.from('BJØRNSTAD^ÅSE', 'latin1')},
      {SpecificCharacterSet: undefined, PatientName: Buffer.from([0x1b, 0x24, 0x42, 0x3b, 0x33, 0x45, 0x44])},
      {SpecificCharacterSet: 'ISO 2022 IR 6\\ISO 2022 IR 87', PatientName: Buffer.from([0x1b, 0x24, 0x42, 0x3b])},
    ];
    const images = sets.map((set, index) =>
      image(study, index + 1, {...set, StudyDescription: Buffer.from([0xff, 0xfe])}),
    );
    expect(await gateway.send(images)).toEqual(sets.map(() => ({kind: 'stored', status: 0})));
    await gateway.indexed(study, `${study}.1`, sets.length);
    await gateway.settle();
    for (const tool of ['populateIncoming', 'createTransferRequests']) {
      const {code, stdout} = await gateway.run(`bin/${tool}`);
      expect([tool, code, stdout]).toEqual([tool, 0, stdout]);
    }
    const {code, stdout} = await gateway.run('bin/anonymizeAndSend');
    expect([0, 65]).toContain(code);
    for (const name of gateway.pacs()) {
      const bytes = readFileSync(gateway.path('pacs', name));
      for (const encoding of ['latin1', 'utf8'] as const)
        expect(bytes.includes(Buffer.from('BJØRNSTAD', encoding))).toBe(false);
    }
    expect(stdout + gateway.indexLog()).not.toMatch(/RNSTAD/);
  });

  it.each(['the pipe', 'the archive'])(
    'that are none, by %s: each is noted with its reason, the daemon lives',
    async way => {
      const study = way === 'the pipe' ? `${root}.3` : `${root}.4`;
      const paths = plant(study);
      const before = {pid: pid(), failed: gateway.failed().length};
      if (way === 'the pipe') {
        const pipe = openSync(gateway.path('.processSingleFilePipe'), 'w');
        for (const path of paths) writeSync(pipe, `${path}\n`);
        closeSync(pipe);
      } else {
        // reconciliation comes with the start, and every hour
        expect((await gateway.run('server/bin/processSingleFile3', ['restart'])).code).toBe(0);
      }
      const noted = () => gateway.failed().filter(({message}) => message.includes(`scp_${study}`));
      await until(() => noted().length >= noInstances.length, 'all are noted');
      for (const [index, [what, , reason]] of noInstances.entries()) {
        const path = paths[index] ?? '';
        const [note] = noted().filter(({message}) => message.endsWith(path.split('/').at(-1) ?? ''));
        expect([what, note?.error]).toEqual([what, expect.stringMatching(reason)]);
        expect(existsSync(path)).toBe(true);
      }
      expect(noted()).toHaveLength(noInstances.length);
      expect(existsSync(join(gateway.site, 'raw', study))).toBe(false);
      if (way === 'the pipe') expect(pid()).toBe(before.pid);
      expect((await gateway.run('server/bin/processSingleFile3', ['status'])).code).toBe(0);
      expect(linesOf(gateway.indexLog(), 'ERROR').filter(line => line.includes(study))).toHaveLength(
        noInstances.length,
      );

      // and it goes on with its work
      await gateway.send([image(study, 1)]);
      await gateway.indexed(study, `${study}.1`, 1);
    },
  );

  it('that were found by reconciliation are not noted again within a day', async () => {
    const before = gateway.failed().length;
    expect((await gateway.run('server/bin/processSingleFile3', ['restart'])).code).toBe(0);
    const study = `${root}.5`;
    await gateway.send([image(study, 1)]);
    await gateway.indexed(study, `${study}.1`, 1);
    expect(gateway.failed()).toHaveLength(before);
  });

  it.each([
    ['truncated in its pixel data', (whole: Buffer) => whole.subarray(0, whole.length - 9)],
    ['truncated before its pixel data', (whole: Buffer) => whole.subarray(0, whole.length - 46)],
    ['cut between two elements, without its pixel data', (whole: Buffer) => whole.subarray(0, whole.length - 54)],
    ['replaced by nothing', () => Buffer.alloc(0)],
    ['replaced by a text', () => Buffer.from('no DICOM here, but long enough for a header'.repeat(10))],
  ])(
    'an archived file that was %s: the transfer fails as a whole with a reason, nothing is sent',
    async (what, spoil) => {
      const number = 10 + what.length;
      const study = `${root}.${number}`;
      await gateway.coupleStudy(number, study, 'DEMO-BRAIN', `BRAIN_${number}`);
      await gateway.send([image(study, 1), image(study, 2)]);
      await gateway.indexed(study, `${study}.1`, 2);
      gateway.archive(study, `MR.${study}.1.2`, spoil(image(study, 2)));
      await gateway.settle();
      for (const tool of ['populateIncoming', 'createTransferRequests']) await gateway.run(`bin/${tool}`);
      const sent = gateway.pacs();
      const {code, stdout} = await gateway.run('bin/anonymizeAndSend');
      expect([code, stdout]).toEqual([65, stdout]);
      expect(gateway.pacs()).toEqual(sent);
      const [transfer] = (await gateway.transfers()).filter(({record}) => record === study);
      expect(transfer?.values).toMatchObject({
        transfers_complete: '1',
        transfer_error___1: '1',
        transfer_error___2: '0',
        transfer_mapped_uid: '',
      });
      expect(JSON.parse(transfer?.values.transfer_error_message ?? '')).toHaveProperty('error');
      expect(gateway.requests().failed.filter(name => name.includes(study))).toEqual(
        expect.arrayContaining([expect.stringMatching(/_fail\.log$/), expect.stringMatching(/\.reason\.json$/)]),
      );
      const notes = filesBelow(gateway.path('quarantine')).filter(name => name.includes(study));
      expect(notes).toHaveLength(1);
      const note = JSON.parse(readFileSync(gateway.path('quarantine', notes[0] ?? ''), 'utf8'));
      expect(note).toMatchObject({item: expect.stringContaining(`${study}.1.2`), tool: 'anonymizeAndSend'});
      for (const text of Object.values(planted)) expect(stdout + JSON.stringify([transfer, note])).not.toContain(text);
    },
  );

  it('sent by a modality that breaks off: nothing is kept, the rest of the study is', async () => {
    const study = `${root}.6`;
    const paths = [gateway.file(image(study, 1)), gateway.file(image(study, 2).subarray(0, 400))];
    try {
      execFileSync('storescu', ['-aec', 'FIONA', '127.0.0.1', String(gateway.config.DICOMPORT), ...paths], {
        stdio: 'ignore',
      });
    } catch {
      // it cannot read its own second file
    }
    await gateway.indexed(study, `${study}.1`, 1);
    expect(filesBelow(join(gateway.site, 'archive', `scp_${study}`))).toEqual([`MR.${study}.1.1`]);
  });

  it('no identifier stands in a log, note, request or state file', () => {
    expect(gateway.leaks(Object.values(planted))).toEqual([]);
  });
});
