import {spawnSync} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {deidentifyFiles} from '@fiona/lib/deid/pool';
import {defaultDeidRequest} from '@fiona/lib/deid/request';
import {sampleStudies} from '@fiona/sandbox/samples/studies';
import {writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {writeDiffusionSeries, writeEnhancedSeries} from './series/mrSeries.ts';

const request = {
  ...defaultDeidRequest,
  project: 'TRIAL-01',
  subject: 'SUBJ-001',
  pixelGate: {cleared: true, burned: false},
};
const pydicomFiles = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
const realFiles = [
  'CT_small.dcm',
  'MR_small.dcm',
  'MR_small_RLE.dcm',
  'JPEG2000.dcm',
  'liver_1frame.dcm',
  '693_J2KI.dcm',
];

/** What dcm2niix says of a series besides its volume. */
type Sidecar = Readonly<Record<string, unknown>>;

interface Volume {
  /** Header with the affine, and voxels. */
  readonly nifti: Buffer;
  /** b-values and directions of a diffusion series. */
  readonly gradients: string;
  readonly sidecar: Sidecar;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deid-nifti-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

/** The volumes of a folder, by series number and number of the volume in the series. */
function converted(input: string): Map<string, Volume> {
  const output = mkdtempSync(join(folder, 'nifti-'));
  const run = spawnSync('dcm2niix', ['-b', 'y', '-ba', 'y', '-z', 'n', '-f', '%s', '-o', output, input], {
    encoding: 'utf8',
  });
  if (run.error !== undefined) throw run.error;
  const read = (name: string) => {
    const path = join(output, name);
    return readdirSync(output).includes(name) ? readFileSync(path) : Buffer.alloc(0);
  };
  const names = readdirSync(output).filter(name => name.endsWith('.nii'));
  return new Map(
    names.map(nii => {
      const name = basename(nii, '.nii');
      return [
        name,
        {
          nifti: read(nii),
          gradients: `${read(`${name}.bval`)}${read(`${name}.bvec`)}`,
          sidecar: JSON.parse(read(`${name}.json`).toString('utf8')) as Sidecar,
        },
      ];
    }),
  );
}

/** A comment of the image (0020,4000) is copied into the header (`aux_file`): free text, which does not stay. */
function withoutComment(nifti: Buffer): Buffer {
  return Buffer.from(nifti).fill(0, 228, 252);
}

/** Converts a folder before and after. @returns names of what differs in the sidecars */
async function compare(input: string, volumes: number): Promise<string[]> {
  const files = readdirSync(input).map(name => ({path: join(input, name)}));
  const output = mkdtempSync(join(folder, 'out-'));
  const {outcomes} = await deidentifyFiles(files, request, output, {workers: 1});
  expect(outcomes.map(({kind}) => kind)).toEqual(files.map(() => 'written'));
  const before = converted(input);
  const after = converted(output);
  expect([...after.keys()]).toEqual([...before.keys()]);
  expect(before.size).toBe(volumes);
  const different = new Set<string>();
  for (const [name, {nifti, gradients, sidecar}] of before) {
    const now = after.get(name);
    expect(now !== undefined && withoutComment(now.nifti).equals(withoutComment(nifti)), name).toBe(true);
    expect(now?.gradients).toBe(gradients);
    for (const key of new Set([...Object.keys(sidecar), ...Object.keys(now?.sidecar ?? {})]))
      if (JSON.stringify(sidecar[key]) !== JSON.stringify(now?.sidecar[key])) different.add(key);
  }
  return [...different].toSorted();
}

describe('dcm2niix makes the same volumes of a series before and after', () => {
  it.each(sampleStudies().slice(0, 4))('of the sample study "$title"', async study => {
    const home = join(folder, `study-${study.studyInstanceUid}`);
    const input = join(home, study.studyInstanceUid);
    await writeStudy(home, study);
    const series = new Set(study.instances.map(({dataSet}) => dataSet.SeriesNumber));
    const reports = study.instances.filter(({dataSet}) => dataSet.PixelData === undefined).length;
    const different = await compare(input, series.size - reports);
    const identifying = ['ImageComments', 'InstitutionAddress', 'InstitutionName', 'StationName'];
    // what a name was taken out of
    const cleaned = ['ProtocolName', 'SeriesDescription'];
    expect(different.filter(key => ![...identifying, ...cleaned].includes(key))).toEqual([]);
  });

  it('of a diffusion series: b-values, directions, timing, geometry', async () => {
    const input = join(folder, 'diffusion');
    writeDiffusionSeries(input);
    const {gradients, sidecar} = converted(input).get('11') ?? {gradients: '', sidecar: {}};
    expect(gradients).toMatch(/^0 1000 1000\n/);
    expect(sidecar).toMatchObject({RepetitionTime: 8.3, EchoTime: 0.095, FlipAngle: 90, MagneticFieldStrength: 3});
    // (0051,100F) is free text of the scanner
    const changed = ['CoilString', 'DeviceSerialNumber', 'InstitutionName', 'SeriesDescription'];
    expect(await compare(input, 1)).toEqual(changed);
  });

  it('of an enhanced multi-frame object', async () => {
    const input = join(folder, 'enhanced');
    writeEnhancedSeries(input);
    expect(converted(input).get('12')?.nifti.readInt16LE(46)).toBe(6);
    expect(await compare(input, 1)).toEqual(['DeviceSerialNumber', 'InstitutionName', 'SeriesDescription']);
  });

  it.each(realFiles)('of the real file %s', async name => {
    const input = join(folder, `real-${name}`);
    mkdirSync(input);
    copyFileSync(join(pydicomFiles, name), join(input, name));
    const different = await compare(input, 1);
    const identifying = [
      // a word that is none of the defined terms
      'BodyPartExamined',
      'ImageComments',
      'DeviceSerialNumber',
      'InstitutionAddress',
      'InstitutionName',
      'InstitutionalDepartmentName',
      'StationName',
    ];
    expect(different.filter(key => !identifying.includes(key))).toEqual([]);
  });
});
