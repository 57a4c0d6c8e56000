import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import {findElement, valueBytes} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {strings} from '@fiona/lib/dicom/values';
import {connectProject} from '@fiona/lib/redcap/connect';
import {findIdentifiers, plantedIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {type SampleStudy, sampleStudies} from '@fiona/sandbox/samples/studies';
import {encodeInstance, writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {couplings, enterAssignments} from '../../scripts/demo-story/assignments.ts';
import {filesBelow, recordedTransfers} from '../../scripts/demo-story/findings.ts';
import {Gateway} from '../../scripts/demo-story/gateway.ts';
import {allIndexed, letTimePass} from '../../scripts/demo-story/timePasses.ts';
import {type RunningOrthanc, startOrthanc} from '../support/orthanc.ts';

const vectorsFile = join(import.meta.dirname, '../../../shared/data/golden/uid-vectors.json');

interface GoldenCase {
  readonly file: string;
  readonly keyword: string;
  readonly where: string;
  readonly original: string;
  readonly expected: string;
  readonly project: string;
  readonly style: string;
  readonly patientId: string;
  readonly dateIncrement: number;
  readonly rewrite: unknown;
}

/** The UIDs of one recorded file that the older anonymizer mapped as we must: study, series and instance. */
function goldenUids(): Record<string, GoldenCase> {
  if (!existsSync(vectorsFile)) throw new Error(`${vectorsFile} is absent: the golden vectors are needed`);
  const {cases} = JSON.parse(readFileSync(vectorsFile, 'utf8')) as {cases: GoldenCase[]};
  const usable = cases.filter(
    each =>
      each.where === 'root' &&
      each.project === 'DEMO' &&
      each.style === 'oid' &&
      each.dateIncrement === 42 &&
      each.rewrite === 'same',
  );
  const file = usable.find(({keyword}) => keyword === 'SOPInstanceUID')?.file;
  const group = usable.filter(each => each.file === file);
  return Object.fromEntries(group.map(each => [each.keyword, each]));
}

/** A CT study with the UIDs of the golden vectors, for their project. */
function goldenStudy(golden: Record<string, GoldenCase>): SampleStudy {
  const chest = sampleStudies()[0] as SampleStudy;
  const first = chest.instances[0] as SampleStudy['instances'][number];
  const uids = Object.fromEntries(
    ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map(keyword => [
      keyword,
      golden[keyword]?.original ?? '',
    ]),
  );
  const accessionNumber = 'ACC2409999';
  return {
    ...chest,
    title: 'golden',
    studyInstanceUid: uids.StudyInstanceUID ?? '',
    accessionNumber,
    instances: [{...first, dataSet: {...first.dataSet, ...uids, AccessionNumber: accessionNumber}}],
  };
}

describe('from a modality (DCMTK) to the research PACS (Orthanc)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fiona-e2e-'));
  const golden = goldenUids();
  const studies = [...sampleStudies(), goldenStudy(golden)];
  let orthanc: RunningOrthanc;
  let gateway: Gateway;

  const pipeline = async (): Promise<void> => {
    await letTimePass(gateway.config.DATADIR, 180);
    for (const tool of ['populateIncoming', 'createTransferRequests', 'anonymizeAndSend'])
      await gateway.tool(`bin/${tool}`);
  };
  const send = (study: SampleStudy, paths: readonly string[]): void => {
    const titles = ['-aet', study.callingAeTitle, '-aec', study.calledAeTitle];
    execFileSync('storescu', [...titles, '127.0.0.1', String(gateway.config.DICOMPORT), ...paths], {
      env: {...process.env, TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'},
    });
  };

  beforeAll(async () => {
    orthanc = await startOrthanc();
    const pacs = {host: '127.0.0.1', port: orthanc.port, aeTitle: orthanc.aeTitle};
    gateway = await Gateway.make(dir, {RESEARCH_PACS: {...pacs, storage: pacs}});
    await gateway.start();
    await enterAssignments(gateway.config, silentLog);
    await enterGoldenProject(gateway);
    for (const study of studies) send(study, await writeStudy(join(dir, 'modalities'), study));
    await allIndexed(gateway.config.DATADIR, studies, 30_000);
    await pipeline();
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await orthanc?.stop();
    rmSync(dir, {recursive: true, force: true});
  });

  /** Everything that belongs to a project, but for the screen capture that its project does not want. */
  const wanted = studies
    .filter(({accessionNumber}) => accessionNumber !== 'ACC2402205')
    .flatMap(study => study.instances.map(instance => ({study, instance})))
    .filter(({instance}) => instance.dataSet.ConversionType === undefined);

  it('every instance arrives, each under the UID that the rule of the golden vectors gives', async () => {
    const arrived = (await orthanc.instances()).map(bytes => strings(parseInstance(bytes).dataSet, 0x00080018)?.[0]);
    const expected = wanted.map(({study, instance}) =>
      mapped(String(instance.dataSet.SOPInstanceUID), projectOf(study), 'other'),
    );
    expect(arrived.toSorted()).toEqual(expected.toSorted());
  });

  it('the recorded UIDs come out as recorded', async () => {
    const bytes = (await orthanc.instances()).find(
      each => strings(parseInstance(each).dataSet, 0x00080018)?.[0] === golden.SOPInstanceUID?.expected,
    );
    if (bytes === undefined) throw new Error('the golden instance did not arrive');
    const {dataSet} = parseInstance(bytes);
    expect(strings(dataSet, 0x0020000d)).toEqual([golden.StudyInstanceUID?.expected]);
    expect(strings(dataSet, 0x0020000e)).toEqual([golden.SeriesInstanceUID?.expected]);
    expect(strings(dataSet, 0x00100020)).toEqual(['SUBJ-001']);
  });

  it('pixel data are byte-equal', async () => {
    const pixels = (bytes: Buffer): string => {
      const {dataSet} = parseInstance(bytes);
      const element = findElement(dataSet, 0x7fe00010);
      return createHash('sha256')
        .update(element === undefined ? '' : valueBytes(dataSet, element))
        .digest('hex');
    };
    const sent = wanted.map(({instance}) => pixels(encodeInstance(instance)));
    expect((await orthanc.instances()).map(pixels).toSorted()).toEqual(sent.toSorted());
  });

  it('no planted identifier is in any byte that the PACS stored', async () => {
    const planted = plantedIdentifiers(studies);
    expect(planted.length).toBeGreaterThan(30);
    const files = (await filesBelow(orthanc.storage)).map(path => readFileSync(path));
    expect(files.length).toBeGreaterThanOrEqual(wanted.length);
    for (const bytes of [...files, ...(await orthanc.instances())]) expect(findIdentifiers(bytes, planted)).toEqual([]);
    const received = wanted.map(({instance}) => findIdentifiers(encodeInstance(instance), planted).length);
    expect(Math.min(...received)).toBeGreaterThan(5);
  });

  it('no planted identifier is in a log, request, state or done file', async () => {
    // The accession number stands in clear in REDCap, whose database is not ours.
    const planted = plantedIdentifiers(studies).filter(text => !text.startsWith('1.2.'));
    const folders = [
      'state',
      'transfer_requests',
      'transfers_done',
      'transfers_fail',
      'quarantine',
      'server/logs',
      'data/site/.journal',
    ];
    for (const folder of folders.filter(each => existsSync(join(dir, each)))) {
      for (const path of await filesBelow(join(dir, folder))) {
        expect([path, findIdentifiers(readFileSync(path), planted)]).toEqual([path, []]);
      }
    }
    expect(readdirSync(join(dir, 'spool'))).toEqual([]);
  });

  it('REDCap shows each transfer with date and mapped UID', async () => {
    const transfers = await recordedTransfers(gateway.config);
    expect(transfers).toHaveLength(5);
    for (const transfer of transfers) {
      expect(transfer.date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
      expect(transfer).toMatchObject({
        complete: '2',
        mappedUid: mapped(transfer.study, transfer.project, 'study'),
        errors: {anonymization: false, sending: false, pixels: false},
      });
    }
    expect(readdirSync(join(dir, 'transfer_requests'))).toEqual([]);
    expect(readdirSync(join(dir, 'transfers_done')).filter(name => name.endsWith('.log'))).toHaveLength(5);
  });

  it('a second round changes nothing', async () => {
    const before = [await recordedTransfers(gateway.config), (await orthanc.instances()).length];
    await pipeline();
    expect([await recordedTransfers(gateway.config), (await orthanc.instances()).length]).toEqual(before);
  }, 60_000);

  it('a series that arrives after the transfer is transferred too', async () => {
    const knee = studies.find(({calledAeTitle}) => calledAeTitle === 'KNEE') as SampleStudy;
    const first = knee.instances[0] as SampleStudy['instances'][number];
    const late = {
      ...first,
      dataSet: {
        ...first.dataSet,
        SeriesInstanceUID: `${knee.studyInstanceUid}.8`,
        SOPInstanceUID: `${knee.studyInstanceUid}.8.1`,
      },
    };
    const path = join(dir, 'late.dcm');
    writeFileSync(path, encodeInstance(late));
    send(knee, [path]);
    const all = studies.map(study => (study === knee ? {...knee, instances: [...knee.instances, late]} : study));
    await allIndexed(gateway.config.DATADIR, all, 30_000);
    // The transfer's date has minutes only: the new series must be younger than it, and quiet.
    const seriesJson = join(dir, 'data/site/raw', knee.studyInstanceUid, `${knee.studyInstanceUid}.8.json`);
    expect(existsSync(seriesJson)).toBe(true);
    await backdateTransfers(gateway);
    await pipeline();
    const uids = (await orthanc.instances()).map(bytes => strings(parseInstance(bytes).dataSet, 0x00080018)?.[0]);
    expect(uids).toContain(mapped(`${knee.studyInstanceUid}.8.1`, 'DEMO-KNEE', 'other'));
    expect(uids).toHaveLength(wanted.length + 1);
    expect((await recordedTransfers(gateway.config)).filter(({study}) => study === knee.studyInstanceUid)).toHaveLength(
      1,
    );
  }, 60_000);
});

function projectOf({accessionNumber, calledAeTitle}: SampleStudy): string {
  if (calledAeTitle === 'KNEE') return 'DEMO-KNEE';
  return couplings.find(({accession}) => accession === accessionNumber)?.project ?? 'DEMO';
}

/** The rule of the golden vectors, written down a second time so that a fault of the product's own shows. */
function mapped(uid: string, project: string, kind: 'study' | 'other'): string {
  const padded = kind === 'other' && uid.length % 2 === 1 ? `${uid}\0` : uid;
  const hex = createHash('sha256').update(padded, 'latin1').update(project, 'utf8').digest('hex');
  const digits = [...hex].map(digit => '0123456789012345'[Number.parseInt(digit, 16)]).join('');
  return `1.3.6.1.4.1.45037.${digits}`.slice(0, 63);
}

async function write(
  gateway: Gateway,
  project: 'DataTransferProjects' | 'CouplingList' | 'Incoming',
  rows: Parameters<ReturnType<typeof connectProject>['write']>[0],
): Promise<void> {
  const redcap = connectProject(gateway.config, project, {log: silentLog, clock: systemClock});
  const {rejected} = await redcap.write(rows);
  redcap.close();
  expect(rejected).toEqual([]);
}

async function enterGoldenProject(gateway: Gateway): Promise<void> {
  await write(gateway, 'DataTransferProjects', [{record: 'DEMO', values: {project_name: 'DEMO', project_active: '1'}}]);
  const values = {cl_accessionnumber: 'ACC2409999', cl_projectname: 'DEMO', cl_subjectid: 'SUBJ-001'};
  await write(gateway, 'CouplingList', [{record: '99', values}]);
}

/** As if the transfers had been made ten minutes ago. */
async function backdateTransfers(gateway: Gateway): Promise<void> {
  const {formatRedcapTime} = await import('@fiona/lib/redcap/time');
  const then = formatRedcapTime(new Date(Date.now() - 600_000), gateway.config.REDCAP.timeZone);
  const transfers = await recordedTransfers(gateway.config);
  await write(
    gateway,
    'Incoming',
    transfers
      .filter(({project}) => project === 'DEMO-KNEE')
      .map(({study, instance}) => ({record: study, form: 'transfers', instance, values: {transfer_date: then}})),
  );
}
