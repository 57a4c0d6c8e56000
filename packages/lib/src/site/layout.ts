import {join} from 'node:path';
import {asUid, type Uid} from '../dicom/uid.ts';

/*
 * The only place that knows the names of folders and files below a data root (DATADIR). `root` is always the absolute path
 * of a DATADIR. A path of a study, series or instance can only be made from a checked UID.
 */

/** `site/archive`: the only real copies of what was received. */
export const archiveRoot = (root: string): string => join(root, 'site', 'archive');

/** `site/archive/scp_<Study>`: the received files of a study. */
export const archiveFolder = (root: string, study: Uid): string => join(archiveRoot(root), `scp_${study}`);

/** The study a folder name below `site/archive` stands for, undefined for a name that is none of ours. */
export function studyOfArchiveFolder(name: string): Uid | undefined {
  if (!name.startsWith('scp_')) return undefined;
  const text = name.slice(4);
  const study = asUid(text);
  // a name that would have to be trimmed first is another folder
  return study === text ? study : undefined;
}

/** `site/raw`: links and series summaries. */
export const rawRoot = (root: string): string => join(root, 'site', 'raw');

/** `site/raw/<Study>`. */
export const rawStudy = (root: string, study: Uid): string => join(rawRoot(root), study);

/** `site/raw/<Study>/<Series>`: one link per instance. */
export const rawSeries = (root: string, study: Uid, series: Uid): string => join(rawStudy(root, study), series);

/** `site/raw/<Study>/<Series>/<SOP>`: the link to the received file. */
export const rawInstance = (root: string, study: Uid, series: Uid, instance: Uid): string =>
  join(rawSeries(root, study, series), instance);

/** `site/raw/<Study>/<Series>.json`: the series summary, beside the series folder. */
export const seriesJson = (root: string, study: Uid, series: Uid): string =>
  join(rawStudy(root, study), `${series}.json`);

/** `site/participants`. */
export const participantsRoot = (root: string): string => join(root, 'site', 'participants');

/** `site/participants/<PatientID>`; the id is free text and made safe as one component. */
export const participants = (root: string, patientId: string): string =>
  join(participantsRoot(root), safeComponent(patientId));

/** `site/srs`. */
export const srsRoot = (root: string): string => join(root, 'site', 'srs');

/** `site/srs/<Manufacturer or _>/<Study>`: structured reports only; the manufacturer is free text. */
export const srs = (root: string, manufacturer: string, study: Uid): string =>
  join(srsRoot(root), safeComponent(manufacturer), study);

/** `site/.arrived`: one marker per series and connection. */
export const arrived = (root: string): string => join(root, 'site', '.arrived');

/** `site/.journal`: the hand-over from the receiver to the index daemon. */
export const journal = (root: string): string => join(root, 'site', '.journal');

/** `site/.journal/reclassify`: requests to the index daemon. */
export const reclassifyRequests = (root: string): string => join(journal(root), 'reclassify');

/** `site/.locks`. */
export const locks = (root: string): string => join(root, 'site', '.locks');

/** `site/.locks/<Study>`. */
export const studyLockFile = (root: string, study: Uid): string => join(locks(root), study);

/** `site/temp`: notes of the index daemon and of sendFiles. */
export const temp = (root: string): string => join(root, 'site', 'temp');

/** `site/temp/failed.jsonl`: stored instances that could not be indexed. */
export const failedInstances = (root: string): string => join(temp(root), 'failed.jsonl');

/** `config/enabled`: first byte `0` disables the services of this data root. */
export const enabledFlag = (root: string): string => join(root, 'config', 'enabled');

const longestName = 255;

/**
 * Free text (PatientID, Manufacturer, StudyDate…) as one path component: `/`, NUL and control characters become `_`, an empty
 * text, `.` and `..` become `_`, cut at 255 bytes (whole characters).
 */
export function safeComponent(text: string): string {
  let safe = text.replaceAll(/[/\0-\x1f\x7f-\x9f]/g, '_').toWellFormed();
  if (safe === '' || safe === '.' || safe === '..') return '_';
  while (Buffer.byteLength(safe) > longestName) {
    const characters = [...safe];
    // each character has at most four bytes
    const surplus = Math.ceil((Buffer.byteLength(safe) - longestName) / 4);
    safe = characters.slice(0, characters.length - surplus).join('');
  }
  return safe;
}
