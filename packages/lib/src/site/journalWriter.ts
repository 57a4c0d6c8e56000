import {chmodSync, chownSync, closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync} from 'node:fs';
import {promisify} from 'node:util';
import type {Clock} from '../cli/clock.ts';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import type {Log} from '../cli/log.ts';
import {fsyncFolder} from '../fs/atomic.ts';
import {whyOf} from '../fs/fileError.ts';
import {type ArrivalLine, formatArrivalLine} from './arrivalLine.ts';
import {listSegments, segmentPath, segmentSize} from './journalSegments.ts';
import {journal} from './layout.ts';
import {ensureFolder, type SiteModes} from './modes.ts';

export interface JournalWriterOptions {
  /** DATADIR. */
  root: string;
  /** A segment that is larger gets a successor (`RECEIVER.journalSegmentBytes`). */
  segmentBytes: number;
  /** False: lines are written, but nobody waits until they are on the disk. Default true. */
  durable?: boolean | undefined;
  modes: SiteModes;
  clock: Clock;
  log: Log;
}

/** The journal cannot be written: what was stored must not be answered with success. */
export class JournalError extends FionaError {
  readonly exitCode = exitCode.cannotWrite;
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`cannot write the arrival journal ${path}: ${whyOf(cause)}`, {cause});
    this.path = path;
  }
}

const syncData = promisify(fdatasync);

interface Waiting {
  text: string;
  resolve(): void;
  reject(error: unknown): void;
}

/** Most lines of one append; a crowd of senders then still shares one fdatasync. */
const mostLinesAtOnce = 4096;

/**
 * The writing end of the arrival journal. Exactly one process may have it open (the receiver, which holds its lock for that).
 * Lines announced while an append is under way go together into the next one (group commit).
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  #segment: number;
  /** Descriptor of the segment. Only waiting for the disk is left to another thread: handing over the rest takes longer than it does. */
  #file: number;
  #length: number;
  /** UTC day of the first line of the segment. */
  #day: string | undefined;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #spoilt = false;
  #closed = false;

  private constructor(options: JournalWriterOptions, segment: number, file: number) {
    this.#options = options;
    this.#segment = segment;
    this.#file = file;
    this.#length = 0;
  }

  /**
   * Opens the journal of a data root: a new segment, unless the current one is empty.
   * @throws JournalError
   */
  static async open(options: JournalWriterOptions): Promise<JournalWriter> {
    try {
      ensureFolder(journal(options.root), options.modes.folders, options.modes);
      const current = (await listSegments(options.root)).at(-1);
      const empty = current !== undefined && (await segmentSize(options.root, current)) === 0;
      const segment = current === undefined ? 1 : empty ? current : current + 1;
      return new JournalWriter(options, segment, await openSegment(options, segment));
    } catch (error) {
      throw error instanceof JournalError ? error : new JournalError(journal(options.root), error);
    }
  }

  /**
   * Announces one stored instance. Resolves when the line is durable; only then may its C-STORE be answered with success.
   * @throws JournalError when it could not be made durable (nothing of it is left in the journal)
   * @throws ArrivalLineError when it does not fit in a line
   */
  append(line: ArrivalLine): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed)
        throw new JournalError(segmentPath(this.#options.root, this.#segment), new Error('it is closed'));
      this.#waiting.push({text: `${formatArrivalLine(line)}\n`, resolve, reject});
      this.#working ??= this.#work();
    });
  }

  /** Waits for what was announced, then closes the segment. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    closeSync(this.#file);
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostLinesAtOnce);
      try {
        await this.#appendDurably(Buffer.from(batch.map(({text}) => text).join('')));
        for (const {resolve} of batch) resolve();
      } catch (error) {
        const failure = new JournalError(segmentPath(this.#options.root, this.#segment), error);
        this.#options.log.error(failure.message);
        for (const {reject} of batch) reject(failure);
      }
    }
    this.#working = undefined;
  }

  async #appendDurably(bytes: Buffer): Promise<void> {
    const today = this.#options.clock.now().toISOString().slice(0, 10);
    const full = this.#length > this.#options.segmentBytes;
    const isGone = fstatSync(this.#file).nlink === 0;
    if (isGone)
      this.#options.log.error(`somebody removed segment ${this.#segment} of the arrival journal, a new one begins`);
    if (isGone || this.#spoilt || full || (this.#length > 0 && this.#day !== today)) await this.#beginSegment();
    if (this.#length === 0) this.#day = today;
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
      if (this.#options.durable !== false) await syncData(this.#file);
    } catch (error) {
      if (written > 0) this.#cutBack();
      throw error;
    }
    this.#length += bytes.length;
  }

  /**
   * After a half append: back to the old length. The next append goes to a new segment in any case: the reader may have read
   * beyond the old length already, and what is appended there would be skipped.
   */
  #cutBack(): void {
    this.#spoilt = true;
    try {
      ftruncateSync(this.#file, this.#length);
    } catch (error) {
      this.#options.log.error(`cannot cut back the arrival journal, a new segment begins: ${whyOf(error)}`);
    }
  }

  async #beginSegment(): Promise<void> {
    const file = await openSegment(this.#options, this.#segment + 1);
    closeSync(this.#file);
    this.#file = file;
    this.#segment++;
    this.#length = 0;
    this.#spoilt = false;
  }
}

async function openSegment(options: JournalWriterOptions, segment: number): Promise<number> {
  const path = segmentPath(options.root, segment);
  const file = openSync(path, 'a');
  try {
    if (options.modes.gid !== undefined) chownSync(path, -1, options.modes.gid);
    chmodSync(path, options.modes.files);
    await fsyncFolder(journal(options.root));
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}
