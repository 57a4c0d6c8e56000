import {readFileSync, renameSync} from 'node:fs';
import {chmod, chown, open, rename, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import type {Uid} from '@fiona/lib/dicom/uid';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {rawStudy, seriesJson} from '@fiona/lib/site/layout';
import type {SiteModes} from '@fiona/lib/site/modes';
import {parseSeriesObject, SeriesJsonError} from '@fiona/lib/site/seriesJson';
import type {Summary} from './seriesSummary.ts';
import {printSummary} from './updateSummary.ts';

/** A series of a data root. */
export interface SeriesPlace {
  root: string;
  study: Uid;
  series: Uid;
}

/**
 * Reads the stored summary of a series; one that is unreadable is set aside as `.<Series>.json.bad-<epoch>`.
 * @returns undefined when there is none, `set aside` when it must be made anew from the links
 * @throws FileError
 */
export function loadSummary({root, study, series}: SeriesPlace, now: Date): Summary | undefined | 'set aside' {
  const path = seriesJson(root, study, series);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
  try {
    return parseSeriesObject(path, content);
  } catch (error) {
    if (!(error instanceof SeriesJsonError)) throw error;
  }
  try {
    renameSync(path, join(rawStudy(root, study), `.${series}.json.bad-${Math.floor(now.getTime() / 1000)}`));
  } catch (error) {
    throw new FileError('set aside', path, error);
  }
  return 'set aside';
}

let counter = 0;

/**
 * Writes a summary so that readers see the old or the whole new one. The folder is made durable by the caller, once for
 * all series of a study.
 * @throws FileError
 */
export async function writeSummary(
  {root, study, series}: SeriesPlace,
  summary: Summary,
  modes: SiteModes,
): Promise<void> {
  const path = seriesJson(root, study, series);
  // hidden and not ending in .json: nobody may take it for a summary
  const temporary = join(rawStudy(root, study), `.${series}.json.${process.pid}.${++counter}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o666);
    try {
      await file.writeFile(printSummary(summary));
      await file.sync();
    } finally {
      await file.close();
    }
    if (modes.gid !== undefined) await chown(temporary, -1, modes.gid);
    await chmod(temporary, modes.files);
    await rename(temporary, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') await unlink(temporary).catch(() => {});
    throw new FileError('write', path, error);
  }
}

/** Name of a summary's temporary file, left by a crash when it is old. */
export const temporarySummaryName = /^\..+\.json\.\d+\.\d+\.tmp$/;
