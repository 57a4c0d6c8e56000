import {existsSync, readlinkSync, renameSync, symlinkSync, unlinkSync} from 'node:fs';
import {temporaryName} from '@fiona/lib/fs/atomic';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {NotIndexed} from './notIndexed.ts';

/** What making a link found: `replaced` tells whether the old target was still there. */
export type LinkOutcome = {kind: 'new'} | {kind: 'same'} | {kind: 'replaced'; oldTargetExisted: boolean};

/**
 * Makes a symbolic link, or turns an existing one atomically to the target.
 * @throws NotIndexed when something else than a link has the name; FileError
 */
export function ensureLink(path: string, target: string): LinkOutcome {
  const found = existingTarget(path, target);
  if (found === 'made') return {kind: 'new'};
  if (found === target) return {kind: 'same'};
  if (found === 'no link') throw new NotIndexed('in-the-way', `${path} exists and is no link`);
  const oldTargetExisted = existsSync(path);
  replaceLink(path, target);
  return {kind: 'replaced', oldTargetExisted};
}

/** Makes the link; when the name is taken: where it leads, or `no link`. */
export function existingTarget(path: string, target: string): string {
  try {
    symlinkSync(target, path);
    return 'made';
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw new FileError('make the link', path, error);
  }
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL') return 'no link';
    throw new FileError('read the link', path, error);
  }
}

/**
 * Turns a link to another target, atomically.
 * @throws FileError
 */
export function replaceLink(path: string, target: string): void {
  const temporary = temporaryName(path);
  try {
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // was not made
    }
    throw new FileError('replace the link', path, error);
  }
}
