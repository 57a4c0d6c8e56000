import {close, fchmodSync, fchownSync, fdatasync, open, rm, writev} from 'node:fs';
import {promisify} from 'node:util';

const openFile = promisify(open);
const closeFile = promisify(close);
const writeFile = promisify(writev);
const syncFile = promisify(fdatasync);
const removeFile = promisify(rm);

/** Bytes that are worth a write of their own; a smaller instance is written in one go. */
const writeSize = 512 << 10;
/** Bytes that may wait while a write is under way; more holds the sender back. */
const mostWaiting = 1 << 20;
/** A system call takes at most 1024 pieces; many small ones are copied together. */
const mostPieces = 1024;

/** A file being received: Part 10 header, then the data set as it comes. */
export interface PartTenFile {
  /** Bytes taken so far, header included. */
  readonly bytes: number;
  /** Takes the next bytes (kept until written). A promise means: wait before the next. Throws what the disk said. */
  write(chunk: Buffer): void | Promise<void>;
  /** Resolves when all bytes are written, with `durable` on the disk, and the file is closed. */
  finish(options: {durable: boolean}): Promise<void>;
  /** Closes and removes the file, at any time, also after a failure or after `finish`. */
  discard(): Promise<void>;
}

/** Rights of the file, whatever the umask. */
export interface FileRights {
  /** Mode; default 0660 less the umask. */
  files?: number | undefined;
  /** Group; default that of the process or of a setgid folder. */
  gid?: number | undefined;
}

/**
 * Creates the file (it must not exist) and takes its content in pieces of any size. Errors of opening come out of the
 * next `write` or `finish`.
 */
export function createPartTenFile(path: string, header: Buffer, rights: FileRights = {}): PartTenFile {
  const file = new GatheringFile(path, rights);
  file.write(header);
  return file;
}

class GatheringFile implements PartTenFile {
  bytes = 0;
  #path: string;
  #opening: Promise<number>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #closed = false;

  constructor(path: string, rights: FileRights) {
    this.#path = path;
    this.#opening = openNew(path, rights);
    this.#opening.catch(error => this.#fail(error));
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.bytes += chunk.length;
    if (this.#waitingBytes < writeSize && this.#waiting.length < mostPieces) return undefined;
    if (this.#writing === undefined) this.#startWriting();
    else if (this.#waitingBytes >= mostWaiting || this.#waiting.length >= mostPieces) return this.#writing;
    return undefined;
  }

  async finish(options: {durable: boolean}): Promise<void> {
    await this.#writing;
    if (this.#failure === undefined && this.#waiting.length > 0) await this.#writeWaiting();
    if (this.#failure !== undefined) throw this.#failure;
    const descriptor = await this.#opening;
    if (options.durable) await syncFile(descriptor);
    this.#closed = true;
    await closeFile(descriptor);
  }

  async discard(): Promise<void> {
    this.#failure ??= new Error('discarded');
    await this.#writing;
    let descriptor: number;
    try {
      descriptor = await this.#opening;
    } catch {
      return;
    }
    if (!this.#closed) {
      this.#closed = true;
      await closeFile(descriptor);
    }
    await removeFile(this.#path, {force: true});
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#waiting = [];
  }

  /** Never rejects: a failure is kept and comes out of the next call. */
  #startWriting(): void {
    this.#writing = this.#writeWaiting()
      .catch(error => this.#fail(error))
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #writeWaiting(): Promise<void> {
    const descriptor = await this.#opening;
    let pieces = this.#waiting;
    let left = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (pieces.length >= mostPieces) pieces = [Buffer.concat(pieces)];
    while (left > 0) {
      const {bytesWritten} = await writeFile(descriptor, pieces);
      left -= bytesWritten;
      if (left > 0) pieces = [Buffer.concat(pieces).subarray(-left)];
    }
  }
}

async function openNew(path: string, {files, gid}: FileRights): Promise<number> {
  const descriptor = await openFile(path, 'wx', 0o660);
  try {
    if (gid !== undefined) fchownSync(descriptor, -1, gid);
    if (files !== undefined) fchmodSync(descriptor, files);
    return descriptor;
  } catch (error) {
    await closeFile(descriptor);
    await removeFile(path, {force: true});
    throw error;
  }
}
