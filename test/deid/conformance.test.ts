import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {Deidentifier} from '@fiona/lib/deid/engine';
import {deidentifyFile, type FileOutcome} from '@fiona/lib/deid/fileTask';
import {type DeidRequest, defaultDeidRequest} from '@fiona/lib/deid/request';
import {transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {sampleStudies} from '@fiona/sandbox/samples/studies';
import {writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Finding, findErrors} from './conformance/dciodvfy.ts';
import {fillObject} from './conformance/filledObject.ts';
import {storageClasses} from './conformance/storageClasses.ts';
import {sentKinds} from './corpus/kinds.ts';

const pydicomData = '/usr/lib/python3/dist-packages/pydicom/data';
const request: DeidRequest = {
  ...defaultDeidRequest,
  project: 'TRIAL-01',
  subject: 'SUBJ-001',
  trialSponsor: 'Sponsor',
  pixelGate: {cleared: true, burned: false},
};
/** Digits of mapped UIDs are as they ever were, a zero in front included; every such UID makes dciodvfy complain of the whole, too. */
const asEver = /Leading zeroes|contains invalid data values/;

let folder: string;
let runs = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deid-conformance-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

async function deidentified(paths: readonly string[], changes: Partial<DeidRequest> = {}): Promise<FileOutcome[]> {
  const deidentifier = await Deidentifier.create({...request, ...changes});
  // several files of a collection may have one SOPInstanceUID
  return paths.map(path => {
    const output = {folder: join(folder, String(++runs)), made: new Set<string>()};
    return deidentifyFile(deidentifier, {path}, output, request.limits).outcome;
  });
}

/** What dciodvfy finds in the outputs and did not find in the inputs. */
function newErrors(outcomes: readonly FileOutcome[]): string[] {
  return outcomes.flatMap(outcome => {
    // dciodvfy takes deflated bytes for elements
    if (outcome.kind !== 'written' || outcome.transferSyntaxUid === transferSyntaxUid.deflated) return [];
    const before = new Set(findErrors(outcome.input).map(sentence));
    return findErrors(outcome.path)
      .map(sentence)
      .filter(text => !before.has(text) && !asEver.test(text))
      .map(text => `${basename(outcome.input)} ${text}`);
  });
}

/** An empty value where one was missing is nothing new, nor is another element of a data set that is encoded otherwise than it says. */
function sentence({path, what}: Finding): string {
  const isEncoding = /^(?:Tag read failed|Illegal zero bytes where explicit)/.test(what);
  if (isEncoding) return 'another encoding than it says';
  return `${path} ${what.replace(/^(?:Missing attribute|Empty attribute \(no value\)) for/, 'Nothing for')}`;
}

function filesBelow(path: string): string[] {
  return readdirSync(path, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

describe('dciodvfy finds no error that it did not find before', () => {
  it('in the files of pydicom', async () => {
    const outcomes = await deidentified(filesBelow(pydicomData));
    expect(outcomes.filter(({kind}) => kind === 'written').length).toBeGreaterThan(70);
    expect(newErrors(outcomes)).toEqual([]);
  });

  it('in the sample studies', async () => {
    const paths: string[] = [];
    for (const study of sampleStudies()) paths.push(...(await writeStudy(join(folder, 'samples'), study)));
    const outcomes = await deidentified(paths);
    expect(outcomes.map(({kind}) => kind)).toEqual(paths.map(() => 'written'));
    expect(newErrors(outcomes)).toEqual([]);
  });

  it('in an object of any storage class with all that the class asks for', async () => {
    const paths = storageClasses.flatMap(uid => fillObject(uid, folder) ?? []);
    expect(paths).toHaveLength(storageClasses.length);
    const outcomes = await deidentified(paths);
    expect(outcomes.filter(({kind}) => kind !== 'written')).toEqual([]);
    expect(newErrors(outcomes)).toEqual([]);
    const missing = newErrors(await deidentified(paths.slice(0, 3), {trialSponsor: ''}));
    // type 1 of its module, but nobody can be invented
    expect(new Set(missing.map(text => text.replace(/^\S+ /, '')))).toEqual(
      new Set(['/ClinicalTrialSponsorName(0012,0010) Nothing for Type 1 Required - Module=<ClinicalTrialSubject>']),
    );
  });

  it('and these are the classes of the generated corpus, too, as far as dciodvfy knows them', () => {
    const others = sentKinds.filter(({sopClassUid}) => !storageClasses.includes(sopClassUid));
    expect(others.filter(({sopClassUid}) => fillObject(sopClassUid, folder) !== undefined)).toEqual([]);
  });
});
