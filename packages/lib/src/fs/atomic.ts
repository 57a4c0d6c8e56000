import {constants} from 'node:fs';
import {type FileHandle, open, readdir, rename, unlink} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {FileError} from './fileError.ts';

export interface AtomicOptions {
  /** Mode of the new file, whatever the umask; default 0o666 less the umask. */
  mode?: number | undefined;
  /** Group of the new file; default that of the process (or of a setgid folder). */
  gid?: number | undefined;
  /** Owner of the new file; needs root unless it is the own account. */
  uid?: number | undefined;
}

/**
 * Name for a temporary file beside `path`: hidden, unique, ends in `.tmp`, never longer than a file name may be.
 * It lies in the same folder, so that the rename to `path` is atomic.
 */
export function temporaryName(path: string): string {
  // not node:crypto, which costs 5 ms to load: the name must be unique, not secret (it is opened exclusively)
  const random = Math.random().toString(36).slice(2, 12);
  let stem = basename(path);
  // a file name holds 255 bytes, not characters
  while (Buffer.byteLength(stem) > 200) stem = stem.slice(0, -1);
  return join(dirname(path), `.${stem}.${process.pid}-${random}.tmp`);
}

/**
 * Writes a file so that readers see the old or the whole new content, also after a power cut: temporary file in the same
 * folder, fsync, rename, fsync of the folder. A failure leaves neither a changed nor a temporary file.
 * @throws FileError
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  const temporary = temporaryName(path);
  let created = false;
  try {
    const file = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o666);
    created = true;
    try {
      await fill(file, data, options);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await fsyncFolder(dirname(path));
  } catch (error) {
    if (created) await unlink(temporary).catch(() => {});
    throw error instanceof FileError ? error : new FileError('write', path, error);
  }
}

async function fill(file: FileHandle, data: string | Uint8Array, options: AtomicOptions): Promise<void> {
  await file.writeFile(data);
  // owner first: chown takes away setuid and setgid bits
  if (options.uid !== undefined || options.gid !== undefined) await file.chown(options.uid ?? -1, options.gid ?? -1);
  if (options.mode !== undefined) await file.chmod(options.mode);
  await file.sync();
}

/**
 * Makes the names in a folder durable (after a create, rename or unlink).
 * @throws FileError
 */
export async function fsyncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw new FileError('make durable', path, error);
  }
}

const temporaryPattern = /^\..+\.(\d+)-[0-9a-z]+\.tmp$/;

/**
 * Removes what killed processes left of their atomic writes: temporary files in this folder whose process is gone. Hold the lock that makes you
 * the only writer, or be content that the number of a dead process may belong to another one by now (then its file stays).
 */
export async function removeStaleTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = Number(temporaryPattern.exec(name)?.[1]);
    if (!Number.isInteger(pid) || pid === process.pid || isRunning(pid)) continue;
    await unlink(join(folder, name)).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
