import {createHash} from 'node:crypto';
import {chmod, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {FileError} from '@fiona/lib/fs/fileError';
import {freeBytes} from '@fiona/lib/fs/freeSpace';

/** A de-identified instance waiting in the spool. */
export interface SpooledInstance {
  readonly path: string;
  readonly sopInstanceUid: string;
}

/** Holds de-identified data between de-identification and sending; nobody but us may look into it. */
export interface Spool {
  readonly folder: string;
  readonly minFreeBytes: number;
}

/** Names that {@link spoolFolder} gives. Whatever else lies in the spool is not ours to remove. */
const ownName = /^[0-9a-f]{32}$/;

/** Makes the spool and empties it of what a killed run left. @throws FileError */
export async function openSpool({folder}: Spool): Promise<void> {
  try {
    await mkdir(folder, {recursive: true, mode: 0o700});
    await chmod(folder, 0o700);
    for (const name of await readdir(folder)) {
      if (ownName.test(name)) await rm(join(folder, name), {recursive: true, force: true});
    }
  } catch (error) {
    throw new FileError('write', folder, error);
  }
}

/** The folder of one transfer, named by a hash: the request's name holds the pseudonym. */
export function spoolFolder({folder}: Spool, requestName: string): string {
  return join(folder, createHash('sha256').update(requestName).digest('hex').slice(0, 32));
}

/** Removes the folder of one transfer. @throws FileError */
export async function emptySpoolFolder(folder: string): Promise<void> {
  try {
    await rm(folder, {recursive: true, force: true});
  } catch (error) {
    throw new FileError('remove', folder, error);
  }
}

/** Whether so many bytes of instances fit, a fifth more and the reserve. @throws FileError */
export async function hasRoom({folder, minFreeBytes}: Spool, bytes: number): Promise<boolean> {
  return (await freeBytes(folder)) >= bytes * 1.2 + minFreeBytes;
}
