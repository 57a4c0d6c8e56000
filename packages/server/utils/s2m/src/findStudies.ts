import {lstat} from 'node:fs/promises';
import type {Log} from '@fiona/lib/cli/log';
import type {Uid} from '@fiona/lib/dicom/uid';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {walk} from '@fiona/lib/fs/walk';
import {archiveFolder} from '@fiona/lib/site/layout';
import {listArchivedStudies, listRawStudies, listSeriesFiles} from '@fiona/lib/site/listing';
import {readSeriesJson, SeriesJsonError} from '@fiona/lib/site/seriesJson';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Studies in whose series summaries a text is exactly the PatientID or the PatientName, each once. A summary that cannot be read is
 * told and passed over.
 * @throws FileError
 */
export async function studiesOf(
  root: string,
  {kind, text}: {kind: 'patient' | 'name'; text: string},
  log: Log,
): Promise<Uid[]> {
  const key = kind === 'patient' ? 'PatientID' : 'PatientName';
  const found: Uid[] = [];
  for (const study of await listRawStudies(root)) {
    for (const {path} of await listSeriesFiles(root, study)) {
      if ((await summaryOf(path, log))?.[key]?.trim() !== text.trim()) continue;
      found.push(study);
      break;
    }
  }
  return found;
}

async function summaryOf(path: string, log: Log) {
  try {
    return await readSeriesJson(path);
  } catch (error) {
    if (!(error instanceof SeriesJsonError)) throw error;
    log.warn(error.message);
    return undefined;
  }
}

/**
 * Studies in the archive of which the folder or a file in it changed less than so many days ago.
 * @throws FileError
 */
export async function studiesSince(root: string, days: number, now: Date): Promise<Uid[]> {
  const limit = now.getTime() - days * dayMs;
  const found: Uid[] = [];
  for (const study of await listArchivedStudies(root))
    if (await isNewer(archiveFolder(root, study), limit)) found.push(study);
  return found;
}

async function isNewer(folder: string, limit: number): Promise<boolean> {
  if ((await changed(folder)) > limit) return true;
  for await (const {path, kind} of walk(folder)) if (kind === 'file' && (await changed(path)) > limit) return true;
  return false;
}

/** Milliseconds since 1970; 0 for what is gone meanwhile. */
async function changed(path: string): Promise<number> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw new FileError('read', path, error);
  }
}
