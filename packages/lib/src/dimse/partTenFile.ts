import {closeSync, fchmodSync, fchownSync, fdatasync, open, openSync, rmSync, writev, writevSync} from 'node:fs';
import {promisify} from 'node:util';
import {Backlog} from './backlog.ts';

const writePieces = promisify(writev);
const syncFile = promisify(fdatasync);
const openFile = promisify(open);

/** Files of this process that are being made durable just now. */
let syncing = 0;

/** Bytes that are worth a write of their own; a smaller instance is written in one go. */
const writeSize = 512 << 10;
/** Up to here a write is done at once: handing it to another thread costs more than the copy into the page cache. */
const smallWrite = 128 << 10;
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

/** Of a file by itself: it holds its sender back soon enough. */
const unlimited = new Backlog(Number.POSITIVE_INFINITY);

/**
 * Creates the file (it must not exist) and takes its content in pieces of any size. The file
 * appears with its first write, at the latest in `finish`; errors come out of the next `write` or `finish`.
 * @param backlog shared by files that are received at the same time: when it is full each of them waits for its own bytes to be written
 */
export function createPartTenFile(
  path: string,
  header: Buffer,
  rights: FileRights = {},
  backlog: Backlog = unlimited,
): PartTenFile {
  const file = new GatheringFile(path, rights, backlog);
  file.write(header);
  return file;
}

class GatheringFile implements PartTenFile {
  bytes = 0;
  #path: string;
  #rights: FileRights;
  #backlog: Backlog;
  #descriptor: number | undefined;
  #created = false;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(path: string, rights: FileRights, backlog: Backlog) {
    this.#path = path;
    this.#rights = rights;
    this.#backlog = backlog;
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.bytes += chunk.length;
    this.#backlog.bytes += chunk.length;
    const {isFull} = this.#backlog;
    if (!isFull && this.#waitingBytes < writeSize && this.#waiting.length < mostPieces) return undefined;
    const mustWait = isFull || this.#waitingBytes >= mostWaiting || this.#waiting.length >= mostPieces;
    if (this.#writing !== undefined) return mustWait ? this.#writing : undefined;
    this.#startWriting();
    return isFull ? this.#writing : undefined;
  }

  async finish(options: {durable: boolean}): Promise<void> {
    if (this.#writing) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
    const descriptor = await this.#open();
    if (this.#waitingBytes > smallWrite) await this.#writeWaiting();
    else this.#writeSmall(descriptor);
    if (options.durable) await makeDurable(descriptor);
    this.#close();
  }

  async discard(): Promise<void> {
    this.#failure ??= new Error('discarded');
    if (this.#writing) await this.#writing;
    this.#dropWaiting();
    this.#close();
    if (this.#created) rmSync(this.#path, {force: true});
    this.#created = false;
  }

  /** While a file system makes something durable, whoever makes a file waits for it: then in another thread. */
  #open(): number | Promise<number> {
    if (this.#descriptor !== undefined) return this.#descriptor;
    if (syncing === 0) return this.#opened(openSync(this.#path, 'wx', 0o660));
    return openFile(this.#path, 'wx', 0o660).then(descriptor => this.#opened(descriptor));
  }

  #opened(descriptor: number): number {
    this.#descriptor = descriptor;
    this.#created = true;
    const {files, gid} = this.#rights;
    if (gid !== undefined) fchownSync(descriptor, -1, gid);
    if (files !== undefined) fchmodSync(descriptor, files);
    return descriptor;
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Never rejects: a failure is kept and comes out of the next call. */
  #startWriting(): void {
    this.#writing = this.#writeWaiting()
      .catch(error => {
        this.#failure ??= error;
        this.#dropWaiting();
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #writeWaiting(): Promise<void> {
    const descriptor = await this.#open();
    let {pieces, left} = this.#takeWaiting();
    const taken = left;
    try {
      while (left > 0) {
        const {bytesWritten} = await writePieces(descriptor, pieces);
        left -= bytesWritten;
        // A full disk takes a part; what it says to the rest is the error.
        if (left > 0) pieces = [Buffer.concat(pieces).subarray(-left)];
      }
    } finally {
      this.#backlog.bytes -= taken;
    }
  }

  #writeSmall(descriptor: number): void {
    let {pieces, left} = this.#takeWaiting();
    this.#backlog.bytes -= left;
    while (left > 0) {
      left -= writevSync(descriptor, pieces);
      if (left > 0) pieces = [Buffer.concat(pieces).subarray(-left)];
    }
  }

  #dropWaiting(): void {
    this.#backlog.bytes -= this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #takeWaiting(): {pieces: Buffer[]; left: number} {
    const pieces = this.#waiting.length >= mostPieces ? [Buffer.concat(this.#waiting)] : this.#waiting;
    const left = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return {pieces, left};
  }
}

async function makeDurable(descriptor: number): Promise<void> {
  syncing++;
  try {
    await syncFile(descriptor);
  } finally {
    syncing--;
  }
}
