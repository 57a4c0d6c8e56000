/** Middle value; of an even number the lower one of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Seconds that something takes. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/**
 * Runs rivals in turn, round after round, so that a busy moment of the host hits all of them.
 * @returns the median seconds of each, in the order given
 */
export async function inTurn(rounds: number, rivals: readonly (() => Promise<number>)[]): Promise<number[]> {
  const seconds = rivals.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, rival] of rivals.entries()) seconds[index]?.push(await rival());
  }
  return seconds.map(median);
}

/** `0.83 s`, `41 ms`. */
export function showSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;
}

/** `1,390 files/s`. */
export function showRate(count: number, seconds: number): string {
  return `${Math.round(count / seconds).toLocaleString('en')} files/s`;
}
