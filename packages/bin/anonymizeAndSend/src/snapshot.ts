import {lstat, readdir, realpath, stat} from 'node:fs/promises';
import {join, sep} from 'node:path';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {errorCode, whyOf} from '@fiona/lib/fs/fileError';
import {archiveRoot, rawSeries, rawStudy, seriesJson} from '@fiona/lib/site/layout';
import {readSeriesJson, type SeriesJson} from '@fiona/lib/site/seriesJson';

/** An instance of the archive, as its link in raw names it. */
export interface InstanceOnDisk {
  readonly sopInstanceUid: string;
  /** The archive's file, links resolved. */
  readonly path: string;
  readonly bytes: number;
}

/** One series as it lies on disk at the time of the snapshot. */
export interface SeriesOnDisk {
  readonly seriesInstanceUid: Uid;
  readonly summaryPath: string;
  /** Undefined: missing or unreadable, the index daemon may be at work on it. */
  readonly summary: SeriesJson | undefined;
  /** Milliseconds since 1970 of the summary: last accepted instance of the series. */
  readonly summaryModified: number | undefined;
  /** By name. */
  readonly instances: readonly InstanceOnDisk[];
  /** Links whose file is gone. */
  readonly dangling: number;
  /** Links that lead out of the archive, or entries that are no links at all. */
  readonly outside: number;
}

/** A study as it lies on disk; `series` is empty when the study is not on this machine. */
export interface StudySnapshot {
  readonly taken: Date;
  readonly series: readonly SeriesOnDisk[];
  /** Why part of it could not be looked at, as the end of a sentence. */
  readonly trouble: string | undefined;
}

/**
 * Looks at a study: its series folders, their summaries and where their links lead. Hold the study's lock while using it. What
 * cannot be looked at is told in `trouble`: it concerns this study only.
 */
export async function takeSnapshot(root: string, study: Uid, taken: Date): Promise<StudySnapshot> {
  try {
    const archive = await realpath(archiveRoot(root)).catch(() => archiveRoot(root));
    const series: SeriesOnDisk[] = [];
    for (const uid of await seriesFolders(root, study)) series.push(await lookAtSeries(root, archive, study, uid));
    return {taken, series, trouble: undefined};
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return {taken, series: [], trouble: whyOf(error)};
  }
}

async function seriesFolders(root: string, study: Uid): Promise<Uid[]> {
  const entries = await readdir(rawStudy(root, study), {withFileTypes: true}).catch(unlessGone);
  return (entries ?? [])
    .filter(entry => entry.isDirectory())
    .map(({name}) => ({name, uid: asUid(name)}))
    .flatMap(({name, uid}) => (uid !== undefined && uid === name ? [uid] : []))
    .sort();
}

async function lookAtSeries(root: string, archive: string, study: Uid, series: Uid): Promise<SeriesOnDisk> {
  const summaryPath = seriesJson(root, study, series);
  // The time first: if the summary changes in between, its content is newer than the time we go by, never older.
  const summaryModified = (await lstat(summaryPath).catch(unlessGone))?.mtimeMs;
  const summary = await readSeriesJson(summaryPath).catch(() => undefined);
  const folder = rawSeries(root, study, series);
  const instances: InstanceOnDisk[] = [];
  let dangling = 0;
  let outside = 0;
  for (const name of linkNames((await readdir(folder).catch(unlessGone)) ?? [])) {
    const found = await follow(join(folder, name));
    if (found === undefined) dangling += 1;
    else if (!found.path.startsWith(archive + sep)) outside += 1;
    else instances.push({sopInstanceUid: name, ...found});
  }
  return {seriesInstanceUid: series, summaryPath, summary, summaryModified, instances, dangling, outside};
}

/** By name; hidden ones are links that the index daemon is just making. */
function linkNames(names: readonly string[]): string[] {
  return names.filter(name => !name.startsWith('.')).sort();
}

/** The file a link leads to; undefined when it is gone or the link leads in a circle. */
async function follow(link: string): Promise<{path: string; bytes: number} | undefined> {
  const path = await realpath(link).catch(unlessGone);
  if (path === undefined) return undefined;
  const found = await stat(path).catch(unlessGone);
  return found && {path, bytes: found.size};
}

function unlessGone(error: unknown): undefined {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
  throw error;
}
