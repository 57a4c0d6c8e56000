import type {Dirent} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {asUid, type Uid} from '../dicom/uid.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {archiveRoot, rawRoot, rawSeries, rawStudy, seriesJson, studyOfArchiveFolder} from './layout.ts';

/** A series summary of a study. */
export interface SeriesFile {
  study: Uid;
  series: Uid;
  /** Path of `<Series>.json`. */
  path: string;
}

/**
 * Studies below `site/raw`, sorted; names that are no UID are left out.
 * @throws FileError
 */
export async function listRawStudies(root: string): Promise<Uid[]> {
  return uidsOf(await entries(rawRoot(root)), entry => entry.isDirectory());
}

/**
 * Studies below `site/archive`, sorted; folders that are none of ours are left out.
 * @throws FileError
 */
export async function listArchivedStudies(root: string): Promise<Uid[]> {
  const folders = (await entries(archiveRoot(root))).filter(entry => entry.isDirectory());
  return folders
    .map(({name}) => studyOfArchiveFolder(name))
    .filter(study => study !== undefined)
    .sort();
}

/**
 * The series summaries of a study (`site/raw/<Study>/*.json`), sorted; hidden and temporary files are no summaries.
 * @throws FileError
 */
export async function listSeriesFiles(root: string, study: Uid): Promise<SeriesFile[]> {
  const names = (await entries(rawStudy(root, study))).filter(entry => entry.isFile() && entry.name.endsWith('.json'));
  const series = names.map(({name}) => asUid(name.slice(0, -'.json'.length))).filter(uid => uid !== undefined);
  return series.sort().map(uid => ({study, series: uid, path: seriesJson(root, study, uid)}));
}

/**
 * The series folders of a study, sorted, with or without a summary beside them.
 * @throws FileError
 */
export async function listSeriesFolders(root: string, study: Uid): Promise<Uid[]> {
  return uidsOf(await entries(rawStudy(root, study)), entry => entry.isDirectory());
}

/**
 * The instances (links) of a series, sorted. The link of an instance is `rawInstance(root, study, series, instance)`.
 * @throws FileError
 */
export async function listInstances(root: string, study: Uid, series: Uid): Promise<Uid[]> {
  return uidsOf(await entries(rawSeries(root, study, series)), entry => entry.isSymbolicLink() || entry.isFile());
}

function uidsOf(found: readonly Dirent[], wanted: (entry: Dirent) => boolean): Uid[] {
  return found
    .filter(wanted)
    .map(({name}) => asUid(name))
    .filter(uid => uid !== undefined)
    .sort();
}

/** Nothing when the folder does not exist. */
async function entries(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, {withFileTypes: true});
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', path, error);
  }
}
