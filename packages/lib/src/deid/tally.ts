import type {Tag} from '../dicom/tag.ts';

/** What was done with an element, as reports say it. */
export const labels = [
  'keep',
  'remove',
  'empty',
  'replace',
  'dummy',
  'clean',
  'cleanUnchanged',
  'uid',
  'date',
  'add',
] as const;
export type Label = (typeof labels)[number];

/** Things counted over all elements. */
export const counters = [
  'tokensDropped',
  'privateRemoved',
  'safePrivateKept',
  'uidsMapped',
  'datesShifted',
  'datesEmptied',
  'invalidValue',
  'trailingBytes',
  'pixelExcess',
  'overlayBitsCleared',
  'bitstreamSegmentsCut',
] as const;
export type Counter = (typeof counters)[number];

/** Key of actions on private elements that are not safe ones. */
export const privateKey = 'private';

/** Counts of one or many instances. Plain data: it comes back from worker threads as it is. */
export interface Tally {
  /** Tag (or text for private elements) -> label -> count. */
  readonly actions: Map<Tag | string, Partial<Record<Label, number>>>;
  readonly counts: Partial<Record<Counter, number>>;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {actions: new Map(), counts: {}};
}

/** Notes one action on one element. */
export function countAction(tally: Tally, key: Tag | string, label: Label): void {
  const row = tally.actions.get(key);
  if (row === undefined) tally.actions.set(key, {[label]: 1});
  else row[label] = (row[label] ?? 0) + 1;
}

/** Notes something that is counted over all elements; 0 leaves no trace. */
export function count(tally: Tally, counter: Counter, by = 1): void {
  if (by !== 0) tally.counts[counter] = (tally.counts[counter] ?? 0) + by;
}

/** Adds the counts of `other`, `times` times, to `sum`. */
export function addTally(sum: Tally, other: Tally, times = 1): void {
  for (const [key, row] of other.actions) {
    const target = sum.actions.get(key) ?? {};
    for (const label of labels) if (row[label] !== undefined) target[label] = (target[label] ?? 0) + row[label] * times;
    sum.actions.set(key, target);
  }
  for (const counter of counters) count(sum, counter, (other.counts[counter] ?? 0) * times);
}

/** Sums tallies of which most come again and again, because the slices of a series share most elements. */
export class TallySum {
  readonly #times = new Map<Tally, number>();

  add(tallies: readonly Tally[]): void {
    for (const tally of tallies) this.#times.set(tally, (this.#times.get(tally) ?? 0) + 1);
  }

  total(): Tally {
    const sum = emptyTally();
    for (const [tally, times] of this.#times) addTally(sum, tally, times);
    return sum;
  }
}
