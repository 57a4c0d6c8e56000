import {mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {WrittenDataSet} from '@fiona/sandbox/samples/dataSetText';
import {plantedIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {type SampleStudy, sampleStudies} from '@fiona/sandbox/samples/studies';
import {encodeInstance} from '@fiona/sandbox/samples/writeSamples';

const samples = sampleStudies();
let studies = 0;

/** What was planted in the samples. UIDs may be named everywhere, and a test's study has one of its own. */
export const plantedTexts = plantedIdentifiers(samples).filter(text => !/^1\.2\./.test(text));

/** A sample study under a StudyInstanceUID that no other test of the file uses. `index`: which of the samples. */
export function freshStudy(index = 1): SampleStudy {
  const sample = samples[index];
  if (sample === undefined) throw new Error(`there is no sample ${index}`);
  studies += 1;
  const from = sample.studyInstanceUid;
  const to = `${from}${studies}`;
  const instances = sample.instances.map(each => ({...each, dataSet: renamed(each.dataSet, from, to)}));
  return {...sample, studyInstanceUid: to, instances};
}

function renamed(dataSet: WrittenDataSet, from: string, to: string): WrittenDataSet {
  const change = (value: WrittenDataSet[string]): WrittenDataSet[string] => {
    if (typeof value === 'string')
      return value === from || value.startsWith(`${from}.`) ? to + value.slice(from.length) : value;
    return Array.isArray(value) ? value.map(item => renamed(item as WrittenDataSet, from, to)) : value;
  };
  return Object.fromEntries(Object.entries(dataSet).map(([key, value]) => [key, change(value)]));
}

/** The MR study with two series of three instances each. */
export function smallStudy(): SampleStudy {
  const study = freshStudy();
  const kept = study.instances.filter(({dataSet}) => Number(dataSet.InstanceNumber) <= 3);
  return {...study, instances: kept};
}

/** A series of a study as it lies on disk. */
export interface PlacedSeries {
  readonly uid: string;
  /** Its folder in raw. */
  readonly folder: string;
  readonly summary: string;
  /** The archive's files, by name. */
  readonly files: readonly string[];
}

const hourAgo = () => new Date(Date.now() - 3_600_000);

/**
 * Puts a study where receiver and index daemon put it: files in the archive, links and summaries in raw, an hour old.
 * @param change members of all series summaries to replace; undefined takes a member away
 */
export function placeStudy(
  dataDir: string,
  study: SampleStudy,
  change: Record<string, unknown> = {},
): readonly PlacedSeries[] {
  const archive = join(dataDir, 'site/archive', `scp_${study.studyInstanceUid}`);
  const raw = join(dataDir, 'site/raw', study.studyInstanceUid);
  mkdirSync(archive, {recursive: true});
  const bySeries = Map.groupBy(study.instances, ({dataSet}) => String(dataSet.SeriesInstanceUID));
  return [...bySeries].map(([uid, instances]) => {
    const folder = join(raw, uid);
    mkdirSync(folder, {recursive: true});
    const files = instances.map(instance => {
      const sop = String(instance.dataSet.SOPInstanceUID);
      const file = join(archive, sop);
      writeFileSync(file, encodeInstance(instance));
      rmSync(join(folder, sop), {force: true});
      symlinkSync(file, join(folder, sop));
      return file;
    });
    const first = instances[0]?.dataSet ?? {};
    const summary = join(raw, `${uid}.json`);
    writeSummary(summary, {...summaryOf(first, study, instances.length), ...change});
    return {uid, folder, summary, files: files.toSorted()};
  });
}

/** Writes a series summary that was last touched an hour ago. */
export function writeSummary(path: string, content: Record<string, unknown>): void {
  writeFileSync(path, JSON.stringify(content));
  utimesSync(path, hourAgo(), hourAgo());
}

function summaryOf(first: WrittenDataSet, study: SampleStudy, count: number): Record<string, unknown> {
  return {
    StudyInstanceUID: study.studyInstanceUid,
    SeriesInstanceUID: first.SeriesInstanceUID,
    PatientID: first.PatientID,
    PatientName: first.PatientName,
    AccessionNumber: study.accessionNumber,
    SeriesDescription: first.SeriesDescription,
    Modality: [first.Modality],
    NumFiles: String(count),
    ClassifyType: ['T1'],
    ClassifyRulesHash: '0123456789abcdef',
    IncomingConnection: {AETitleCaller: 'MR1', AETitleCalled: 'FIONA', CallerIP: '192.0.2.7'},
  };
}
