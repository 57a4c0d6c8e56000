import {realpath, stat} from 'node:fs/promises';
import {relative, sep} from 'node:path';
import type {Log} from '@fiona/lib/cli/log';
import {UsageError} from '@fiona/lib/cli/usageError';
import type {Uid} from '@fiona/lib/dicom/uid';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {archiveRoot, studyOfArchiveFolder} from '@fiona/lib/site/layout';
import {listArchivedStudies} from '@fiona/lib/site/listing';
import type {Target} from './call.ts';
import {studiesOf, studiesSince} from './findStudies.ts';

/** What is to be done. */
export interface Plan {
  /** Studies in the archive, each once. */
  readonly studies: readonly Uid[];
  /** Studies that were found but are no longer in the archive. */
  readonly gone: readonly Uid[];
  /** A folder outside the archive, as it really is. */
  readonly folder: string | undefined;
}

export interface PlanContext {
  /** DATADIR of the receiver. */
  readonly root: string;
  readonly now: Date;
  readonly log: Log;
}

/**
 * Decides what a target means here. Whatever lies in the archive of the receiver is a study of it.
 * @throws UsageError for a folder that does not exist or is none; FileError
 */
export async function planFor(target: Target, context: PlanContext): Promise<Plan> {
  const {root, now, log} = context;
  switch (target.kind) {
    case 'folder':
      return planFolder(target.path, root);
    case 'study':
      return archived([target.study], root);
    case 'last':
      return archived(await studiesSince(root, target.days, now), root);
    default:
      return archived(await studiesOf(root, target, log), root);
  }
}

async function archived(studies: readonly Uid[], root: string): Promise<Plan> {
  const present = new Set(await listArchivedStudies(root));
  return {
    studies: studies.filter(study => present.has(study)),
    gone: studies.filter(study => !present.has(study)),
    folder: undefined,
  };
}

async function planFolder(path: string, root: string): Promise<Plan> {
  const folder = await existing(path);
  const archive = await realpath(archiveRoot(root)).catch(() => archiveRoot(root));
  const below = relative(archive, folder);
  if (below === '..' || below.startsWith(`..${sep}`)) return {studies: [], gone: [], folder};
  if (below === '') return archived(await listArchivedStudies(root), root);
  const study = studyOfArchiveFolder(below.split(sep, 1)[0] ?? '');
  if (study === undefined) throw new UsageError(`${path} lies in the archive and is no study`);
  return {studies: [study], gone: [], folder: undefined};
}

async function existing(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new FileError('read', path, error);
    throw new UsageError(`there is no folder ${path}`);
  }
  throw new UsageError(`${path} is no folder`);
}
