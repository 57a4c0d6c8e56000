import {lstat, readdir, realpath, stat} from 'node:fs/promises';
import {join, sep} from 'node:path';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {archiveRoot, rawSeries, rawStudy, seriesJson} from '@fiona/lib/site/layout';
import {readSeriesJson, type SeriesJson} from '@fiona/lib/site/seriesJson';

/** One series as it lies on disk at the time of the snapshot. */
export interface SeriesOnDisk {
  readonly seriesInstanceUid: Uid;
  /** Undefined: missing or unreadable, the index daemon may be at work on it. */
  readonly summary: SeriesJson | undefined;
  /** Milliseconds since 1970 of the summary: last accepted instance of the series. */
  readonly summaryModified: number | undefined;
  readonly instances: readonly {readonly sopInstanceUid: string; readonly path: string; readonly bytes: number}[];
  /** Links whose file is gone. */
  readonly dangling: number;
  /** Links that lead out of the archive, or entries that are no links at all. */
  readonly outside: number;
}

/** A study as it lies on disk; `series` is empty when the study is not on this machine. */
export interface StudySnapshot {
  readonly taken: Date;
  readonly series: readonly SeriesOnDisk[];
}

/**
 * Looks at a study: its series folders, their summaries and where their links lead. Hold the study's lock while using it.
 * @throws FileError when the raw folder cannot be read
 */
export async function takeSnapshot(root: string, study: Uid, taken: Date): Promise<StudySnapshot> {
  const folder = rawStudy(root, study);
  const entries = await readdir(folder, {withFileTypes: true}).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw new FileError('read', folder, error);
  });
  const archive = await realpath(archiveRoot(root)).catch(() => archiveRoot(root));
  const series: SeriesOnDisk[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const uid = entry.isDirectory() ? asUid(entry.name) : undefined;
    if (uid !== undefined && uid === entry.name) series.push(await lookAtSeries(root, archive, study, uid));
  }
  return {taken, series};
}

async function lookAtSeries(root: string, archive: string, study: Uid, series: Uid): Promise<SeriesOnDisk> {
  const summaryPath = seriesJson(root, study, series);
  // The time first: if the summary changes in between, its content is newer than the time we go by, never older.
  const summaryModified = (await lstat(summaryPath).catch(() => undefined))?.mtimeMs;
  const summary = await readSeriesJson(summaryPath).catch(() => undefined);
  const folder = rawSeries(root, study, series);
  const instances: {sopInstanceUid: string; path: string; bytes: number}[] = [];
  let dangling = 0;
  let outside = 0;
  for (const name of (await readdir(folder)).sort()) {
    const link = join(folder, name);
    const path = await realpath(link).catch(() => undefined);
    if (path === undefined) dangling += 1;
    else if (!path.startsWith(archive + sep)) outside += 1;
    else {
      const {size} = await stat(path);
      instances.push({sopInstanceUid: name, path, bytes: size});
    }
  }
  return {seriesInstanceUid: series, summary, summaryModified, instances, dangling, outside};
}

/** What keeps a snapshot from being sent, or `ready`. */
export type SnapshotState =
  | {readonly kind: 'ready'}
  | {readonly kind: 'not-on-this-machine'}
  | {readonly kind: 'still-arriving'}
  | {readonly kind: 'final'; readonly reason: string; readonly detail: string}
  | {readonly kind: 'temporary'; readonly reason: string; readonly detail: string};

/** Judges a snapshot: is the study here, whole, indexed and quiet? */
export function judgeSnapshot({series, taken}: StudySnapshot, quietSeconds: number): SnapshotState {
  const instances = series.reduce((sum, {instances}) => sum + instances.length, 0);
  const dangling = series.reduce((sum, {dangling}) => sum + dangling, 0);
  const outside = series.reduce((sum, {outside}) => sum + outside, 0);
  if (outside > 0) {
    return {kind: 'final', reason: 'link-outside-archive', detail: `${outside} entries in raw lead out of the archive`};
  }
  if (instances === 0) return {kind: 'not-on-this-machine'};
  if (dangling > 0) {
    const detail = `${dangling} of ${instances + dangling} instances are gone from the archive; send the study again`;
    return {kind: 'final', reason: 'dangling-links', detail};
  }
  const newest = Math.max(...series.map(({summaryModified}) => summaryModified ?? 0));
  if (taken.getTime() - newest < quietSeconds * 1000) return {kind: 'still-arriving'};
  const unknown = series.filter(({summary, instances}) => summary === undefined && instances.length > 0);
  if (unknown.length > 0) {
    const detail = `series without a readable summary: ${unknown.map(each => each.seriesInstanceUid).join(', ')}`;
    return {kind: 'temporary', reason: 'no-series-summary', detail};
  }
  return {kind: 'ready'};
}
