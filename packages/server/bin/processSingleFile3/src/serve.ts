import {setImmediate as turn} from 'node:timers/promises';
import {describeError} from '@fiona/lib/cli/describeError';
import {type JournalLine, JournalReader} from '@fiona/lib/site/journalReader';
import type {JournalPosition} from '@fiona/lib/site/journalSegments';
import {Failures} from './failures.ts';
import {Indexer, isDiskTrouble} from './indexer.ts';
import {type Message, parseMessage} from './message.ts';
import {NotIndexed} from './notIndexed.ts';
import {PipeReader} from './pipe.ts';
import {answerRequest, requestedStudies} from './reclassify.ts';
import {removeLeftovers, unannounced} from './reconcile.ts';
import type {IndexedSite} from './site.ts';
import {writeState} from './state.ts';
import {Wake} from './wake.ts';

export interface ServeOptions {
  site: IndexedSite;
  pipe: string;
  /** Where `status` finds the counts. */
  stateFile: string;
  journalKeepDays: number;
  reconcileDays: number;
  reconcileMinutes: number;
  /** Aborted by TERM: finish what is queued and return. */
  signal: AbortSignal;
  /** Called as soon as messages are taken. */
  onReady(): void;
}

/** Messages handled between two looks at the clock, the signal and the pipe. */
const sliceLength = 50;
/** What is indexed is written this long after its first message; while more keeps coming a little later, but within 2 s. */
const flushMs = 500;
const busyFlushMs = 1200;
const lookMs = 250;
const retryMs = 5000;
const drainMs = 8000;
const backlogMs = 60_000;
const mostPiped = 20_000;

/** The index daemon: follows the journal and the pipe until it is told to end. */
export class IndexDaemon {
  readonly #options: ServeOptions;
  readonly #site: IndexedSite;
  readonly #indexer: Indexer;
  readonly #failures: Failures;
  readonly #wake = new Wake();
  readonly #journal: JournalReader;
  #journalLines: JournalLine[] = [];
  #pipedLines: string[] = [];
  #pipe: PipeReader | undefined;
  /** Behind the last line handled, saved with the next flush. */
  #handled: JournalPosition | undefined;
  #dirtySince: number | undefined;
  #troubleUntil = 0;
  #reconciling: AsyncGenerator<Message> | undefined;
  #nextReconcile = 0;
  readonly #reconciled = new Set<string>();
  #nextLook = 0;
  #savedAt: number;
  #warnedAt = 0;
  #messages = 0;
  #deleted = 0;

  private constructor(options: ServeOptions, journal: JournalReader) {
    this.#options = options;
    this.#site = options.site;
    this.#indexer = new Indexer(options.site);
    this.#failures = new Failures(options.site.root, options.site.modes, options.site.clock);
    this.#journal = journal;
    this.#savedAt = this.#now();
  }

  /**
   * Runs until the signal; everything taken is then on disk.
   * @returns counts for the summary line
   * @throws FileError when the journal cannot be read; PipeError
   */
  static async serve(options: ServeOptions): Promise<Record<string, number>> {
    const {root, modes, clock, log} = options.site;
    const journal = await JournalReader.open({root, modes, clock, log});
    return new IndexDaemon(options, journal).#serve();
  }

  async #serve(): Promise<Record<string, number>> {
    const {signal, pipe, onReady} = this.#options;
    const stopWatching = this.#journal.watch(() => this.#wake.now());
    const wakeUp = () => this.#wake.now();
    signal.addEventListener('abort', wakeUp);
    this.#pipe = PipeReader.open(pipe, line => this.#takeFromPipe(line));
    this.#noteState();
    onReady();
    await this.#warnOfBacklog();
    try {
      while (!signal.aborted) {
        const worked = await this.#round();
        if (worked) await turn();
        else await this.#wake.wait(lookMs);
      }
      await this.#drain();
    } finally {
      stopWatching();
      signal.removeEventListener('abort', wakeUp);
    }
    const failed = this.#failures.count;
    return {messages: this.#messages, failed, deletedSince: this.#deleted};
  }

  #now(): number {
    return this.#site.clock.monotonic();
  }

  #takeFromPipe(line: string): void {
    this.#pipedLines.push(line);
    if (this.#pipe && this.#pipedLines.length >= mostPiped) this.#pipe.paused = true;
    this.#wake.now();
  }

  /** One slice of work. @returns whether there was any */
  async #round(): Promise<boolean> {
    if (this.#now() < this.#troubleUntil) return false;
    try {
      const worked =
        (await this.#workOnJournal()) ||
        (await this.#workOnPipe()) ||
        (await this.#workOnRequests()) ||
        (await this.#workOnReconciliation());
      const waited = this.#dirtySince === undefined ? 0 : this.#now() - this.#dirtySince;
      if (waited >= (worked ? busyFlushMs : flushMs) || (!this.#indexer.isDirty && this.#handled)) await this.#flush();
      if (this.#now() - this.#warnedAt >= backlogMs) await this.#warnOfBacklog();
      return worked;
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      // nothing is lost: the position stands still, the line is taken again
      this.#troubleUntil = this.#now() + retryMs;
      this.#site.log.error(`${describeError(error).lines.join('; ')}; trying again every ${retryMs / 1000} s`);
      return false;
    }
  }

  async #workOnJournal(): Promise<boolean> {
    if (this.#journalLines.length === 0) this.#journalLines = await this.#journal.read();
    const until = Math.min(sliceLength, this.#journalLines.length);
    let done = 0;
    try {
      for (; done < until; done++) {
        const line = this.#journalLines[done];
        if (!line) break;
        await this.#handleLine(line.text, 'journal');
        this.#handled = line.next;
      }
    } finally {
      this.#journalLines = this.#journalLines.slice(done);
    }
    return done > 0;
  }

  async #workOnPipe(): Promise<boolean> {
    const slice = this.#pipedLines.slice(0, sliceLength);
    for (const line of slice) {
      await this.#handleLine(line, 'pipe');
      this.#pipedLines.shift();
    }
    if (this.#pipe && slice.length > 0 && this.#pipedLines.length < mostPiped / 2) this.#pipe.paused = false;
    return slice.length > 0;
  }

  async #handleLine(text: string, origin: 'journal' | 'pipe'): Promise<void> {
    await this.#guarded(text, async () => this.#indexer.add(parseMessage(text, origin)));
  }

  /** The error boundary of one message: only a disk in trouble gets out. */
  async #guarded(text: string, index: () => Promise<void>): Promise<void> {
    this.#dirtySince ??= this.#now();
    try {
      await index();
    } catch (error) {
      if (isDiskTrouble(error)) throw error;
      if (error instanceof NotIndexed && error.reason === 'study-deleted') {
        this.#deleted++;
        this.#site.log.debug(`study deleted since: ${text}`);
      } else {
        this.#fail(text, error);
      }
    }
    this.#messages++;
  }

  #fail(text: string, error: unknown): void {
    const why = describeError(error).lines.join('; ');
    const code = error instanceof NotIndexed && !why.endsWith(`[${error.reason}]`) ? ` [${error.reason}]` : '';
    this.#site.log.error(`not indexed: ${text.slice(0, 1000)}: ${why}${code}`);
    this.#failures.add(text.slice(0, 4096), `${why}${code}`);
  }

  async #workOnRequests(): Promise<boolean> {
    if (this.#now() < this.#nextLook) return false;
    this.#nextLook = this.#now() + lookMs;
    const studies = requestedStudies(this.#site.root);
    if (studies.length === 0) return false;
    await this.#flush();
    for (const study of studies) await answerRequest(this.#site, study);
    return true;
  }

  async #workOnReconciliation(): Promise<boolean> {
    if (!this.#reconciling) {
      if (this.#now() < this.#nextReconcile) return false;
      await this.#beginReconciliation();
    }
    for (let count = 0; count < sliceLength; count++) {
      const next = await this.#reconciling?.next();
      if (!next || next.done) {
        this.#reconciling = undefined;
        return count > 0;
      }
      const message: Message = next.value;
      await this.#guarded(this.#lineOf(message), () => this.#indexer.add(message));
    }
    return true;
  }

  async #beginReconciliation(): Promise<void> {
    const {reconcileDays, reconcileMinutes, journalKeepDays} = this.#options;
    const first = this.#nextReconcile === 0;
    this.#nextReconcile = this.#now() + reconcileMinutes * 60_000;
    const trimmed = await this.#journal.trim(journalKeepDays);
    if (trimmed > 0) this.#site.log.info(`journal: ${trimmed} old segments removed`);
    if (first) {
      const removed = await removeLeftovers(this.#site);
      if (removed > 0) this.#site.log.info(`${removed} temporary summaries of a crash removed`);
    }
    this.#reconciling = unannounced(this.#site, reconcileDays, this.#reconciled);
  }

  #lineOf({caller, called, callerAddress, path}: Message): string {
    const slash = path.lastIndexOf('/');
    return [caller, called, callerAddress, path.slice(0, slash), path.slice(slash + 1)].join(',');
  }

  /** Makes durable what was indexed, then notes how far the journal is dealt with. */
  async #flush(): Promise<void> {
    for (const {messages, error} of await this.#indexer.flush()) {
      for (const message of messages) this.#fail(this.#lineOf(message), error);
    }
    this.#dirtySince = undefined;
    if (this.#handled) await this.#journal.savePosition(this.#handled);
    this.#handled = undefined;
    this.#savedAt = this.#now();
    this.#noteState();
  }

  #noteState(): void {
    writeState(this.#options.stateFile, {messages: this.#messages, failures: this.#failures.count});
  }

  async #warnOfBacklog(): Promise<void> {
    const starting = this.#warnedAt === 0;
    this.#warnedAt = this.#now();
    if (!starting && this.#now() - this.#savedAt < backlogMs) return;
    const lines = await this.#journal.backlog();
    if (lines > 0) this.#site.log.warn(`journal: ${lines} lines behind`);
  }

  /** The end: what came by pipe exists nowhere else, what came by journal waits there for the next start. */
  async #drain(): Promise<void> {
    const deadline = this.#now() + drainMs;
    this.#pipe?.close();
    try {
      while (this.#now() < deadline && (await this.#workOnPipe())) await turn();
      if (this.#pipedLines.length > 0) {
        this.#site.log.warn(`${this.#pipedLines.length} messages of the pipe are left to the reconciliation`);
      }
      await this.#reconciling?.return(undefined);
    } finally {
      await this.#flush();
    }
  }
}
