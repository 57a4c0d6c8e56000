import type {DatabaseSync} from 'node:sqlite';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {whyOf} from '@fiona/lib/fs/fileError';
import {openDatabase} from '../store/database.ts';

/** The sandbox folder cannot be made or its database cannot be opened. */
export class FolderError extends FionaError {
  readonly exitCode = exitCode.cannotWrite;
}

/** @throws FolderError */
export function openFolder(folder: string): DatabaseSync {
  try {
    return openDatabase(folder);
  } catch (error) {
    throw new FolderError(`cannot use the sandbox folder ${folder}: ${whyOf(error)}`, {cause: error});
  }
}
