import {lstat} from 'node:fs/promises';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import {readHeader} from '@fiona/lib/dicom/read';
import {asUid} from '@fiona/lib/dicom/uid';
import {text} from '@fiona/lib/dicom/values';
import {walk} from '@fiona/lib/fs/walk';

const studyInstanceUid = 0x0020_000d;
const directoryClass = '1.2.840.10008.1.3.10';
const mediaStorageSopClassUid = 0x0002_0002;

/** The instances below a folder. */
export interface Found {
  /** Paths by StudyInstanceUID as it stands in the files, in the order in which they were found. */
  readonly studies: ReadonlyMap<string, readonly string[]>;
  /** Files that are no DICOM at all, and media directories. */
  readonly others: number;
}

/**
 * Looks through a folder for DICOM files; links are not followed.
 * @throws FileError
 */
export async function findInstances(folder: string, signal: AbortSignal): Promise<Found> {
  const studies = new Map<string, string[]>();
  let others = 0;
  for await (const {path, kind} of walk(folder)) {
    if (signal.aborted) break;
    if (kind !== 'file') continue;
    const study = await studyOf(path);
    if (study === undefined) others++;
    else studies.set(study, [...(studies.get(study) ?? []), path]);
  }
  return {studies, others};
}

/** The study of a file; blank when it names none; undefined for what is no instance. */
async function studyOf(path: string): Promise<string | undefined> {
  if ((await lstat(path)).size === 0) return undefined;
  try {
    const {meta, dataSet} = readHeader(path, {tolerant: true});
    if (meta === undefined || text(meta, mediaStorageSopClassUid) === directoryClass) return undefined;
    return asUid(text(dataSet, studyInstanceUid) ?? '') ?? '';
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    return error.reason === 'not-dicom' ? undefined : '';
  }
}
