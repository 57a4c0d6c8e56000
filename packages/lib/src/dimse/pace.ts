import type {Intake} from './intake.ts';

/** Finds a peer that keeps its association alive with a byte now and then: that is no silence, and would never end. */
export class Pace {
  #minBytesPerSecond: number;
  #windowMs: number;
  #begun: {at: number; bytes: number; holds: number} | undefined;
  #askedAt = 0;

  /** @param minBytesPerSecond on average of a window; 0 = no pace is too slow */
  constructor(minBytesPerSecond: number, windowMs: number) {
    this.#minBytesPerSecond = minBytesPerSecond;
    this.#windowMs = windowMs;
  }

  /**
   * To be asked a few times in a window; after a pause of our own (a busy process, a halted machine) a new one begins.
   * @param counts the peer is in the middle of something and nobody but itself holds it back
   * @returns bytes a second when they were too few for a whole window
   */
  tooSlow({bytes, holds}: Pick<Intake, 'bytes' | 'holds'>, counts: boolean): number | undefined {
    const at = performance.now();
    const paused = at - this.#askedAt > this.#windowMs / 2;
    this.#askedAt = at;
    if (this.#minBytesPerSecond === 0 || !counts || paused || holds !== this.#begun?.holds) {
      this.#begun = {at, bytes, holds};
      return undefined;
    }
    if (at - this.#begun.at < this.#windowMs) return undefined;
    const pace = ((bytes - this.#begun.bytes) * 1000) / (at - this.#begun.at);
    this.#begun = {at, bytes, holds};
    return pace < this.#minBytesPerSecond ? pace : undefined;
  }
}
