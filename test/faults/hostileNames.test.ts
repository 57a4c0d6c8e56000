import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {filesBelow, linesOf, until} from '../support/installedTools.ts';
import {type Attributes, mrImage, planted} from '../support/mrImage.ts';

const root = '1.2.826.0.1.3680043.10.999.73';
const long = `1.${'2'.repeat(298)}`;

/** UIDs that nobody may ever make a path of. */
const hostile = [
  '../../../../escape',
  '..',
  '/escape',
  '1.2/../../escape',
  '1.2\\..\\escape',
  '1.2.3\0.escape',
  '1..2',
  '.hidden',
  '-rf',
  '$(touch escape)',
  '1.2.3;escape',
  '',
  long,
  '1'.repeat(65),
];

/** A UI value byte for byte, padded to even length. */
const uidBytes = (uid: string): Buffer => Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');

describe('hostile names', () => {
  let gateway: InstalledGateway;
  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
  });
  afterAll(() => gateway?.stop());

  /** What lies outside the folders of the site, and outside the gateway's folder altogether. */
  const outside = () => ({
    beside: readdirSync(join(gateway.dir, '..')).filter(name => name.includes('escape')),
    folders: readdirSync(gateway.dir).filter(name => name !== 'modality'),
    data: readdirSync(gateway.config.DATADIR).sort(),
    site: readdirSync(gateway.site).sort(),
    escaped: gateway.tree().filter(name => name.includes('escape')),
    root: existsSync('/escape'),
  });

  const image = (more: Attributes, meta: {sopInstanceUid?: string} = {}): Buffer =>
    mrImage(
      {
        StudyInstanceUID: `${root}.1`,
        SeriesInstanceUID: `${root}.1.1`,
        SOPInstanceUID: `${root}.1.1.1`,
        ...more,
      },
      meta,
    );

  it('in C-STORE: study and instance are refused with C000 or A900, nothing is kept', async () => {
    const before = {...outside(), archive: filesBelow(join(gateway.site, 'archive'))};
    const studies = hostile.map(uid => image({StudyInstanceUID: uidBytes(uid)}));
    expect(await gateway.send(studies)).toEqual(hostile.map(() => ({kind: 'final', status: 0xc000})));
    const inDataSet = hostile.map(uid => image({SOPInstanceUID: uidBytes(uid)}, {sopInstanceUid: `${root}.1.1.1`}));
    for (const {kind, status} of await gateway.send(inDataSet)) {
      expect(kind).toBe('final');
      expect([0xc000, 0xa900]).toContain(status);
    }
    expect({...outside(), archive: filesBelow(join(gateway.site, 'archive'))}).toEqual(before);
    const warnings = linesOf(gateway.receiverLog(), 'WARN').filter(line => line.includes('refused an instance of MR1'));
    expect(warnings).toHaveLength(2 * hostile.length);
  });

  it('in C-STORE: a series is kept in the archive, set aside by the index daemon, and nothing is linked', async () => {
    const study = `${root}.2`;
    const series = hostile.filter(uid => !uid.includes('\0'));
    const images = series.map((uid, index) =>
      image({StudyInstanceUID: study, SeriesInstanceUID: uidBytes(uid), SOPInstanceUID: `${study}.${index}`}),
    );
    expect(await gateway.send(images)).toEqual(series.map(() => ({kind: 'stored', status: 0})));
    await until(() => gateway.failed().length >= series.length, 'all are set aside');
    const noted = gateway.failed().filter(({message}) => message.includes(`scp_${study}`));
    expect(noted).toHaveLength(series.length);
    for (const {error} of noted) expect(error).toMatch(/SeriesInstanceUID \(0020,000E\) is (missing|no valid UID)/);
    expect(existsSync(join(gateway.site, 'raw', study))).toBe(false);
    expect(outside().escaped).toEqual([]);
  });

  it('trailing blanks and NULs are padding: the study is the one without them, all the way to REDCap', async () => {
    const study = `${root}.3`;
    await gateway.coupleStudy(3, study, 'DEMO-BRAIN', 'BRAIN_0003');
    const padded = (uid: string, padding: string): Buffer => Buffer.from(uid + padding, 'latin1');
    const series = `${study}.1`;
    const images = ['', '  ', '\0', ' \0', '\0\0\0\0'].map((padding, index) => {
      const sop = `${series}.${index}`;
      const even = (uid: string) => padded(uid, (uid.length + padding.length) % 2 === 0 ? padding : `${padding} `);
      return image(
        {StudyInstanceUID: even(study), SeriesInstanceUID: even(series), SOPInstanceUID: even(sop)},
        {sopInstanceUid: sop},
      );
    });
    expect(await gateway.send(images)).toEqual(images.map(() => ({kind: 'stored', status: 0})));
    await gateway.indexed(study, series, images.length);
    expect(readdirSync(join(gateway.site, 'archive', `scp_${study}`)).sort()).toEqual(
      images.map((_, index) => `MR.${series}.${index}`),
    );
    await gateway.runPipeline();
    const records = (await gateway.incoming()).filter(({record}) => record.trim() === study);
    expect(new Set(records.map(({record}) => record))).toEqual(new Set([study]));
    expect(gateway.pacs()).toHaveLength(images.length);
  });

  it('PatientID, Manufacturer, dates and AE titles that lead out of the tree stay one component inside it', async () => {
    const study = `${root}.4`;
    const evil = image({
      StudyInstanceUID: study,
      SeriesInstanceUID: `${study}.1`,
      SOPInstanceUID: `${study}.1.1`,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33',
      Modality: 'SR',
      PatientID: Buffer.from('../../../../../escape-id\n'),
      Manufacturer: Buffer.from('/escape-maker '),
      StudyDate: Buffer.from('../../../escape-date'),
      PixelData: undefined,
    });
    await gateway.send([evil], {calling: '../../escape', called: 'A/../B'});
    await gateway.indexed(study, `${study}.1`, 1);
    const now = outside();
    expect([now.beside, now.root]).toEqual([[], false]);
    for (const name of now.escaped)
      expect(name).toMatch(
        /^data\/site\/(participants|srs|\.arrived)\/[^/]*escape|^data\/site\/srs\/[^/]*escape[^/]*\//,
      );
    expect(readdirSync(join(gateway.site, 'participants'))).toContain('.._.._.._.._.._escape-id');
  });

  it('in messages of the pipe: nothing outside is touched, each is noted, the daemon lives', async () => {
    const secret = gateway.path('secret.dcm');
    writeFileSync(secret, image({}));
    const archive = join(gateway.site, 'archive');
    const before = {...outside(), raw: filesBelow(join(gateway.site, 'raw'))};
    const messages = [
      secret,
      `${archive}/../../../secret.dcm`,
      `MR1,FIONA,10.0.0.1,${archive}/scp_${root}.3/../../../..,secret.dcm`,
      `MR1,FIONA,10.0.0.1,${archive},../../../secret.dcm`,
      `MR1,FIONA,10.0.0.1,${archive}/scp_${root}.3,MR.1\0.dcm`,
      `MR1,FIONA,10.0.0.1,relative/folder,x`,
      '/etc/passwd',
      '/dev/zero',
      `/${'x'.repeat(3000)}`,
      `${archive}/${'y'.repeat(300)}/z`,
      '/proc/self/mem',
    ];
    const known = gateway.failed().length;
    const pipe = openSync(gateway.path('.processSingleFilePipe'), 'w');
    for (const message of messages) writeSync(pipe, `${message}\n`);
    closeSync(pipe);
    await until(() => gateway.failed().length >= known + messages.length, 'every message is noted');
    expect({...outside(), raw: filesBelow(join(gateway.site, 'raw'))}).toEqual(before);
    expect((await gateway.run('server/bin/processSingleFile3', ['status'])).code).toBe(0);
    expect(gateway.indexLog()).not.toContain(planted.PatientID);
  });

  it('in summaries below raw: set aside, the others are registered', async () => {
    const summary = (study: string, series: string) =>
      JSON.stringify({StudyInstanceUID: study, SeriesInstanceUID: series});
    const folder = join(gateway.site, 'raw', `${root}.5`);
    mkdirSync(folder, {recursive: true});
    writeFileSync(join(folder, `${root}.5.1.json`), summary('../../etc/x', `${root}.5.1`));
    writeFileSync(join(folder, `${root}.5.2.json`), summary(`${root}.5`, '../escape'));
    writeFileSync(join(folder, `${root}.5.3.json`), summary(`${root}.5`, `${root}.5.3`));
    writeFileSync(join(folder, 'escape one.json'), summary(`${root}.5`, 'escape one'));
    mkdirSync(join(gateway.site, 'raw', 'escape me'));
    writeFileSync(join(gateway.site, 'raw', 'escape me', '1.json'), summary('escape me', '1'));
    await gateway.settle();
    const {code, stdout} = await gateway.run('bin/populateIncoming');
    expect(code).toBe(65);
    const records = new Set((await gateway.incoming()).map(({record}) => record));
    expect(records).toContain(`${root}.5`);
    for (const record of records) expect(record).toMatch(/^[0-9.]+$/);
    expect(stdout).toMatch(/set_aside [34]/);
  });

  it('in rows of REDCap: no request leaves the folder of requests', async () => {
    const values = {
      transfer_project_name: 'DEMO-BRAIN',
      transfer_name: 'BRAIN_0009',
      transfer_requested_date: '2024-01-31 10:15',
    };
    const names = ['../../escape', 'escape/../x', '$(touch escape)', long, '-rf escape'];
    for (const record of names)
      await gateway.write('Incoming', [{record, form: 'transfers', instance: 1, values}]).catch(() => {});
    const subjects = ['../../escape', 'A/B', 'a\\escape', '%2e%2e%2fescape', '..', `é${'x'.repeat(62)}`];
    const known = `${root}.3`;
    await gateway.write(
      'Incoming',
      subjects.map((name, index) => ({
        record: known,
        form: 'transfers',
        instance: index + 2,
        values: {...values, transfer_name: name, transfer_project_name: index === 1 ? '../DEMO/escape' : 'DEMO-BRAIN'},
      })),
    );
    const {code, stdout} = await gateway.run('bin/createTransferRequests', ['--full']);
    expect(code).toBe(65);
    expect(stdout).toMatch(/set_aside [1-9]/);
    const {waiting} = gateway.requests();
    expect(waiting).toHaveLength(subjects.length);
    for (const name of waiting) {
      expect(name.startsWith(`${known}_`)).toBe(true);
      const {study_instance_uid: uid} = JSON.parse(readFileSync(gateway.path('transfer_requests', name), 'utf8'));
      expect(uid).toBe(known);
    }
    const sent = gateway.pacs().length;
    const {code: end, stdout: log} = await gateway.run('bin/anonymizeAndSend');
    expect(end).toBe(65);
    for (const name of gateway.pacs()) expect(name).not.toContain('escape');
    expect(gateway.pacs().length).toBeGreaterThanOrEqual(sent);
    expect(gateway.requests().waiting).toEqual([]);
    expect(outside().beside).toEqual([]);
    expect(log).not.toContain('    at ');
  });

  it('in request files: moved to the failed ones with a reason, nothing is opened or sent', async () => {
    const requests = gateway.path('transfer_requests');
    const request = (uid: unknown, more: object = {}) => ({
      study_instance_uid: uid,
      redcap_repeat_instance: 1,
      redcap_repeat_instrument: 'transfers',
      transfer_project_name: 'DEMO-BRAIN',
      transfer_name: 'BRAIN_0001',
      ...more,
    });
    const contents = [
      ...hostile.map(uid => request(uid)),
      request(7),
      request({$ne: 1}),
      request(`${root}.3`, {transfer_name: '../escape'.repeat(30)}),
      request(`${root}.3`, {transfer_name: 'a\nb'}),
      request(`${root}.3`, {redcap_repeat_instance: -1}),
      request(`${root}.3`, {redcap_repeat_instance: '1; DROP'}),
      [],
      null,
    ];
    for (const [index, content] of contents.entries()) {
      writeFileSync(join(requests, `${index}.json`), JSON.stringify(content));
      // a younger one might still be in the writing
      utimesSync(join(requests, `${index}.json`), new Date(0), new Date(0));
    }
    const sent = gateway.pacs();
    const {code, stdout} = await gateway.run('bin/anonymizeAndSend');
    expect(code).toBe(65);
    expect(stdout).toMatch(/summary: .*unusable [1-9]/);
    expect(gateway.requests().waiting).toEqual([]);
    const {failed} = gateway.requests();
    for (const index of contents.keys()) {
      const reason = JSON.parse(
        readFileSync(gateway.path('transfers_fail', `${index}.json_fail.log.reason.json`), 'utf8'),
      );
      expect(reason).toMatchObject({tool: 'anonymizeAndSend', reason: expect.any(String), detail: expect.any(String)});
      expect(failed).toContain(`${index}.json_fail.log`);
    }
    expect(gateway.pacs()).toEqual(sent);
    expect([outside().beside, outside().root]).toEqual([[], false]);
  });
});
