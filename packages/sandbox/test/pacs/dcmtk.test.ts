import {execFile} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {silentLog} from '@fiona/lib/cli/log';
import {explicitLittleEndian} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, part10Header, textElement} from '@fiona/lib/dicom/write';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Pacs, startPacs} from '../../src/pacs/startPacs.ts';

const run = promisify(execFile);
const ct = '1.2.840.10008.5.1.4.1.1.2';

let folder: string;
let pacs: Pacs;
let movePort: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pacs-'));
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  movePort = (server.address() as {port: number}).port;
  await new Promise(resolve => server.close(resolve));
  pacs = await startPacs({
    dir: join(folder, 'pacs'),
    port: 0,
    moveTo: {MOVESCU: {host: '127.0.0.1', port: movePort}},
    log: silentLog,
  });
  for (let number = 1; number <= 5; number++) writeSample(number);
  const files = [1, 2, 3, 4, 5].map(number => join(folder, `${number}.dcm`));
  await run('storescu', [...at(), ...files]);
});

afterAll(async () => {
  await pacs.close(0);
  rmSync(folder, {recursive: true, force: true});
});

const at = () => ['127.0.0.1', String(pacs.port)];

function writeSample(number: number): void {
  const sopInstanceUid = `1.5.1.${number}`;
  const elements = [
    textElement(0x00080016, 'UI', ct),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00080060, 'CS', 'CT'),
    textElement(0x00100020, 'LO', 'SUBJECT1'),
    textElement(0x0020000d, 'UI', '1.5'),
    textElement(0x0020000e, 'UI', '1.5.1'),
  ];
  const meta = {sopClassUid: ct, sopInstanceUid, transferSyntaxUid: '1.2.840.10008.1.2.1'};
  writeFileSync(
    join(folder, `${number}.dcm`),
    Buffer.concat([part10Header(meta), encodeDataSet(elements, explicitLittleEndian)]),
  );
}

describe('DCMTK at the embedded PACS', () => {
  it('findscu gets studies, series and images', async () => {
    const {stderr, stdout} = await run('findscu', [
      '-S',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      'StudyInstanceUID',
      '-k',
      'PatientID=SUB*',
      '-k',
      'NumberOfStudyRelatedInstances',
      ...at(),
    ]);
    expect(stderr + stdout).toMatch(/\[1\.5.?\][\s\S]*\[5 ?\]/);
    const images = await run('findscu', [
      '-S',
      '-k',
      'QueryRetrieveLevel=IMAGE',
      '-k',
      'StudyInstanceUID=1.5',
      '-k',
      'SeriesInstanceUID=1.5.1',
      '-k',
      'SOPInstanceUID',
      ...at(),
    ]);
    expect((images.stderr + images.stdout).match(/1\.5\.1\.\d/g)).toHaveLength(5);
  });

  it('findscu and getscu work with the Patient Root, too', async () => {
    const keys = ['-k', 'QueryRetrieveLevel=PATIENT', '-k', 'PatientID=SUBJECT1'];
    const {stderr, stdout} = await run('findscu', ['-P', ...keys, '-k', 'NumberOfPatientRelatedStudies', ...at()]);
    expect(stderr + stdout).toMatch(/\[SUBJECT1 ?\][\s\S]*\[1 ?\]/);
    const out = mkdtempSync(join(folder, 'get-'));
    await run('getscu', ['-P', '-od', out, ...keys, ...at()]);
    expect(readdirSync(out)).toHaveLength(5);
  });

  it('findscu cancels after the first match', async () => {
    const {stderr, stdout} = await run('findscu', [
      '-S',
      '--cancel',
      '1',
      '-k',
      'QueryRetrieveLevel=IMAGE',
      '-k',
      'SOPInstanceUID',
      ...at(),
    ]);
    expect((stderr + stdout).match(/1\.5\.1\.\d/g)?.length).toBeGreaterThan(0);
  });

  it('getscu gets a study over one association', async () => {
    const out = mkdtempSync(join(folder, 'get-'));
    await run('getscu', ['-S', '-od', out, '-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID=1.5', ...at()]);
    expect(readdirSync(out)).toHaveLength(5);
  });

  it('movescu gets a study sent to itself', async () => {
    const out = mkdtempSync(join(folder, 'move-'));
    await run('movescu', [
      '-S',
      '-od',
      out,
      '--port',
      String(movePort),
      '-aem',
      'MOVESCU',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      'StudyInstanceUID=1.5',
      ...at(),
    ]);
    expect(readdirSync(out)).toHaveLength(5);
  });

  it('movescu hears that a destination is unknown', async () => {
    const asked = run('movescu', [
      '-v',
      '-S',
      '-aem',
      'NOBODY',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      'StudyInstanceUID=1.5',
      ...at(),
    ]);
    await expect(asked).rejects.toMatchObject({stderr: expect.stringMatching(/MoveDestinationUnknown|a801/i)});
  });
});
