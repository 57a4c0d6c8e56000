import {statfsSync} from 'node:fs';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';

export interface SpaceWatchOptions {
  /** Folders that are written to; they may lie on different disks. */
  readonly folders: readonly string[];
  /** What must stay free (`RECEIVER.minFreeBytes`); undefined = {@link defaultReserve}. */
  readonly reserve: number | undefined;
  /** Bytes that were taken and are not written yet. */
  waitingBytes(): number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A look at the disks holds that long, unless much has been written since or they are full. */
const lookMs = 250;
const mostReserve = 1 << 30;

/** 1 GiB, or a hundredth of a smaller disk. */
export function defaultReserve(totalBytes: number): number {
  return Math.min(mostReserve, Math.floor(totalBytes / 100));
}

/** Watches that the disks do not fill up: a disk that is really full also stops the index daemon, the logs and the tools. */
export class SpaceWatch {
  readonly #options: SpaceWatchOptions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Bytes above the reserve when the disks were looked at; negative when it is touched. */
  #spare = 0;
  /** Whose disk has the least to spare. */
  #scarce = '';
  #taken = 0;
  #wasLow = false;

  constructor(options: SpaceWatchOptions) {
    this.#options = options;
  }

  /** Bytes that may still be written before the reserve is touched, as of a moment ago. */
  get spareBytes(): number {
    const now = this.#options.clock.monotonic();
    if (now - this.#lookedAt > lookMs || this.#taken >= Math.max(0, this.#spare / 4)) {
      this.#lookedAt = now;
      this.#taken = 0;
      this.#look();
      this.#spare -= this.#options.waitingBytes();
      this.#tell();
    }
    return this.#spare - this.#taken;
  }

  /** True as long as the reserve is not touched. */
  get hasRoom(): boolean {
    return this.spareBytes > 0;
  }

  /** To be told of bytes that are going to be written. */
  take(bytes: number): void {
    this.#taken += bytes;
  }

  #look(): void {
    this.#spare = Number.POSITIVE_INFINITY;
    for (const folder of this.#options.folders) {
      const spare = this.#spareOf(folder);
      if (spare < this.#spare) {
        this.#spare = spare;
        this.#scarce = folder;
      }
    }
  }

  /** A disk that does not answer is found out by whoever writes to it. */
  #spareOf(folder: string): number {
    try {
      const {bsize, blocks, bavail} = statfsSync(folder);
      const reserve = this.#options.reserve ?? defaultReserve(blocks * bsize);
      // A little more than the reserve must come free, or each file that is removed would let one in.
      return bavail * bsize - (this.#wasLow ? reserve + reserve / 8 : reserve);
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  #tell(): void {
    const isLow = this.#spare <= 0;
    if (isLow === this.#wasLow) return;
    this.#wasLow = isLow;
    const {log} = this.#options;
    if (isLow)
      log.error(`the disk of ${this.#scarce} is full but for its reserve: A700 is answered until there is room`);
    else log.info('there is room on the disk again: instances are taken');
  }
}
