import {rename, rm, writeFile} from 'node:fs/promises';
import type {Log} from '@fiona/lib/cli/log';
import {temporaryName} from '@fiona/lib/fs/atomic';
import {whyOf} from '@fiona/lib/fs/fileError';

export interface MetricsFileOptions {
  readonly path: string;
  /** At least so often. */
  readonly everyMs: number;
  /** At most so often, however many associations end. */
  readonly restMs?: number;
  /** The whole content. */
  text(): string;
  readonly log: Log;
}

/**
 * Keeps a file of counters current: at an interval and soon after {@link due}. Readers see whole files only. It is not made durable:
 * after a power cut the counters begin again anyway, and the disk has better things to do.
 */
export class MetricsFile {
  readonly #options: MetricsFileOptions;
  readonly #interval: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(options: MetricsFileOptions) {
    this.#options = options;
    this.#interval = setInterval(() => void this.#write(), options.everyMs).unref();
    void this.#write();
  }

  /** Something worth seeing happened. */
  due(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#write();
    }, this.#options.restMs ?? 1000).unref();
  }

  /** Writes a last time. */
  async close(): Promise<void> {
    clearInterval(this.#interval);
    clearTimeout(this.#soon);
    await this.#write();
  }

  /** One after the other; what cannot be written is said once, until it can be again. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const {path, log, text} = this.#options;
      const temporary = temporaryName(path);
      try {
        await writeFile(temporary, text(), {mode: 0o644});
        await rename(temporary, path);
        this.#failed = false;
      } catch (error) {
        if (!this.#failed) log.warn(`cannot write the counters ${path}: ${whyOf(error)}`);
        this.#failed = true;
        await rm(temporary, {force: true}).catch(() => {});
      }
    });
    return this.#writing;
  }
}
