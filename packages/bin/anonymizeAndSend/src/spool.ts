import {createHash} from 'node:crypto';
import {chmod, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {FileError} from '@fiona/lib/fs/fileError';
import {freeBytes} from '@fiona/lib/fs/freeSpace';

/** Holds de-identified data between de-identification and sending; nobody but us may look into it. */
export interface Spool {
  readonly folder: string;
  readonly minFreeBytes: number;
}

/** Makes the spool and empties it of what a killed run left. @throws FileError */
export async function openSpool(spool: Spool): Promise<void> {
  try {
    await mkdir(spool.folder, {recursive: true, mode: 0o700});
    await chmod(spool.folder, 0o700);
    for (const name of await readdir(spool.folder)) await rm(join(spool.folder, name), {recursive: true, force: true});
  } catch (error) {
    throw new FileError('write', spool.folder, error);
  }
}

/** The folder of one transfer, named by a hash: the request's name holds the pseudonym. */
export function spoolFolder(spool: Spool, requestName: string): string {
  return join(spool.folder, createHash('sha256').update(requestName).digest('hex').slice(0, 32));
}

/** Whether so many bytes of instances fit, a fifth more and the reserve. @throws FileError */
export async function hasRoom(spool: Spool, bytes: number): Promise<boolean> {
  return (await freeBytes(spool.folder)) >= bytes * 1.2 + spool.minFreeBytes;
}
