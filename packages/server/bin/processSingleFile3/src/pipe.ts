import {spawnSync} from 'node:child_process';
import {closeSync, constants, lstatSync, openSync, readSync, type Stats, unlinkSync, writeSync} from 'node:fs';
import {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type ExitCode, exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {errorCode, whyOf} from '@fiona/lib/fs/fileError';
import {LineBuffer} from './lineBuffer.ts';

/** The named pipe cannot be used. */
export class PipeError extends FionaError {
  readonly exitCode: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.exitCode = code;
  }
}

/** `/tmp/.processSingleFilePipe<project>`: the second input of the daemon, for people and other programs. */
export function pipePath(project: string): string {
  return join(tmpdir(), `.processSingleFilePipe${project}`);
}

const longestMessage = 4096;

/**
 * Hands a message to the daemon through its pipe, without waiting.
 * @throws PipeError: 64 for a message that does not fit in one piece, 69 when nobody reads, 75 when the pipe is full
 */
export function sendToPipe(path: string, message: string): void {
  if (/[\r\n]/.test(message) || Buffer.byteLength(message) >= longestMessage) {
    throw new PipeError(`a message is one line of less than ${longestMessage} bytes`, exitCode.usage);
  }
  const nobody = `nobody reads ${path}, is processSingleFile3 running? (processSingleFile3 status)`;
  if (!isPipe(statOf(path))) throw new PipeError(nobody, exitCode.unavailable);
  let pipe: number | undefined;
  try {
    pipe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    // up to 4096 bytes are taken whole or not at all
    writeSync(pipe, `${message}\n`);
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') throw new PipeError(`${path} is full, try later`, exitCode.tryLater);
    const why = errorCode(error) === 'ENXIO' ? nobody : `cannot write to ${path}: ${whyOf(error)}`;
    throw new PipeError(why, exitCode.unavailable);
  } finally {
    if (pipe !== undefined) closeSync(pipe);
  }
}

/** The reading end of the pipe. */
export class PipeReader {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #socket: Socket;
  readonly #lines: LineBuffer;

  private constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#lines = new LineBuffer(onLine);
    // read and write: neither side blocks and there is no end of file when a writer leaves
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({fd: this.#descriptor, readable: true, writable: false});
    this.#socket.on('data', bytes => this.#lines.push(bytes));
    this.#socket.on('error', () => {});
  }

  /**
   * Makes the pipe when it is missing and opens it. Whatever else of this account lies there is replaced.
   * @param onLine gets each line without its end
   * @throws PipeError 73 when the path belongs to another account or cannot be made
   */
  static open(path: string, onLine: (line: string) => void): PipeReader {
    try {
      prepare(path);
      return new PipeReader(path, onLine);
    } catch (error) {
      if (error instanceof PipeError) throw error;
      throw new PipeError(`cannot make the pipe ${path}: ${whyOf(error)}`, exitCode.cannotWrite);
    }
  }

  /** Stops or resumes reading: what is written meanwhile waits in the pipe. */
  set paused(paused: boolean) {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Takes what is in the pipe, a last line without its end included, and removes the pipe. */
  close(): void {
    this.#socket.pause();
    const buffer = Buffer.alloc(65_536);
    try {
      for (;;) {
        const count = readSync(this.#descriptor, buffer);
        if (count === 0) break;
        this.#lines.push(buffer.subarray(0, count));
      }
    } catch {
      // EAGAIN: empty
    }
    this.#lines.end();
    removePipe(this.#path);
    this.#socket.destroy();
  }
}

/** Removes the pipe if it is one and ours. */
export function removePipe(path: string): void {
  const stat = statOf(path);
  if (isPipe(stat) && isOurs(stat)) unlinkSync(path);
}

function prepare(path: string): void {
  const stat = statOf(path);
  if (stat && !isOurs(stat)) {
    throw new PipeError(`${path} belongs to another account (uid ${stat.uid}), remove it`, exitCode.cannotWrite);
  }
  const mode = stat && stat.mode & 0o7777;
  if (isPipe(stat) && (mode === 0o660 || mode === 0o666)) return;
  if (stat) unlinkSync(path);
  const {status, stderr, error} = spawnSync('mkfifo', ['-m', '0666', path], {encoding: 'utf8'});
  // another start may just have made it
  if (status !== 0 && !isPipe(statOf(path))) throw error ?? new Error(stderr.trim());
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, {throwIfNoEntry: false});
}

function isPipe(stat: Stats | undefined): stat is Stats {
  return stat?.isFIFO() === true;
}

function isOurs(stat: Stats): boolean {
  return stat.uid === process.geteuid?.();
}
