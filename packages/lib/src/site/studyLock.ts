import type {Uid} from '../dicom/uid.ts';
import {acquireLock, type Lock, type LockOptions} from '../fs/lock.ts';
import {studyLockFile} from './layout.ts';

/**
 * Takes the lock of a study: `shared` for whoever reads its files, `exclusive` (without waiting) for whoever deletes or
 * replaces them. The lock lasts until its release or the end of the process.
 * @returns undefined when it is busy
 * @throws FileError when the lock file cannot be used
 */
export function lockStudy(
  root: string,
  study: Uid,
  kind: LockOptions['kind'],
  options: Pick<LockOptions, 'waitMs' | 'tool' | 'signal'> = {},
): Promise<Lock | undefined> {
  return acquireLock(studyLockFile(root, study), {kind, mode: 0o666, ...options});
}
