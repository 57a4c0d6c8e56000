import {closeSync, constants, fsync, openSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {dirname} from 'node:path';
import {promisify} from 'node:util';
import {FileError} from '@fiona/lib/fs/fileError';

const syncOpen = promisify(fsync);

/** Makes names in folders durable; calls that come while one is under way share the next one. */
export class FolderSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  readonly #new = new Set<string>();

  /** To be told of a folder that was made: its own name is to become durable with the first of those in it. */
  made(folder: string): void {
    this.#new.add(folder);
  }

  /** Resolves when every rename in `folder` that was done before this call is durable. @throws FileError */
  async sync(folder: string): Promise<void> {
    if (!this.#new.has(folder)) return this.#sync(folder);
    await Promise.all([this.#sync(folder), this.#sync(dirname(folder))]);
    this.#new.delete(folder);
  }

  #sync(folder: string): Promise<void> {
    const running = this.#running.get(folder);
    if (running === undefined) return this.#start(folder);
    let next = this.#next.get(folder);
    if (next === undefined) {
      next = running
        .catch(() => {})
        .then(() => {
          this.#next.delete(folder);
          return this.#start(folder);
        });
      this.#next.set(folder, next);
    }
    return next;
  }

  #start(folder: string): Promise<void> {
    const work = syncFolder(folder).finally(() => this.#running.delete(folder));
    this.#running.set(folder, work);
    return work;
  }
}

/** Only the waiting for the disk is done in another thread: handing over opening and closing takes longer than they do. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await syncOpen(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new FileError('make durable', folder, error);
  }
}

const blockBytes = 1 << 20;

/** Whether two files hold the same bytes; reads them a block at a time. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  await using a = await open(one);
  await using b = await open(other);
  const [sizeA, sizeB] = [(await a.stat()).size, (await b.stat()).size];
  if (sizeA !== sizeB) return false;
  const [blockA, blockB] = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)];
  for (let at = 0; at < sizeA; at += blockBytes) {
    const [readA, readB] = await Promise.all([a.read(blockA, 0, blockBytes, at), b.read(blockB, 0, blockBytes, at)]);
    if (readA.bytesRead !== readB.bytesRead) return false;
    if (!blockA.subarray(0, readA.bytesRead).equals(blockB.subarray(0, readB.bytesRead))) return false;
  }
  return true;
}
