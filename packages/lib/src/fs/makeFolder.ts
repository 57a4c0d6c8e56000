import {mkdirSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {errorCode, FileError} from './fileError.ts';

/**
 * Makes a folder with its parents. Not `mkdir` with `recursive`, which never returns on file systems that answer ENOENT to every
 * mkdir (`/proc`).
 * @param mode of folders that are new, less the umask
 * @throws FileError
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    makeStep(path, mode);
  } catch (error) {
    throw new FileError('make the folder', path, error);
  }
}

function makeStep(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const code = errorCode(error);
    // an existing folder on a read-only disk answers EROFS, one in a forbidden folder EACCES
    if (code !== 'ENOENT' && statSync(path, {throwIfNoEntry: false})?.isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || statSync(parent, {throwIfNoEntry: false})?.isDirectory()) throw error;
    makeStep(parent, mode);
    makeStep(path, mode);
  }
}
