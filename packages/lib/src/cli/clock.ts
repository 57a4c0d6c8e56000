/** The only source of time for jobs, so that tests can choose it. */
export interface Clock {
  /** Wall-clock time. */
  now(): Date;
  /** Milliseconds of a clock that never jumps, for durations. */
  monotonic(): number;
}

export const systemClock: Clock = {now: () => new Date(), monotonic: () => performance.now()};
