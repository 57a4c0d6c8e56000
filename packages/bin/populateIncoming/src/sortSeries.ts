import type {Uid} from '@fiona/lib/dicom/uid';
import type {RawScan, Stamp} from '@fiona/lib/transfers/rawScan';
import type {PopulateState} from './state.ts';

/** The series of one study on disk. */
export interface StudyFiles {
  readonly study: Uid;
  /** Not being written any more: known or changed. */
  readonly settled: ReadonlyMap<Uid, Stamp>;
  /** Settled ones that have not been dealt with in this form. */
  readonly changed: readonly Uid[];
}

export interface SortedSeries {
  readonly studies: ReadonlyMap<Uid, StudyFiles>;
  /** Series that are still arriving, with the age of their summary in seconds. */
  readonly young: readonly {study: Uid; series: Uid; ageSeconds: number}[];
  /** Summaries dated in the future, for the next run. */
  readonly ahead: PopulateState['ahead'];
}

/**
 * Sorts what lies on disk into known, changed and still arriving. A summary changes with every instance, so a series is complete when
 * its summary has been left alone for `youngSeconds`. One dated in the future is when it did not change for that long since it was
 * first seen; its date would keep it waiting for ever.
 */
export function sortSeries(
  scan: RawScan,
  state: Pick<PopulateState, 'studies' | 'ahead'>,
  nowMs: number,
  youngSeconds: number,
): SortedSeries {
  const studies = new Map<Uid, StudyFiles>();
  const young: {study: Uid; series: Uid; ageSeconds: number}[] = [];
  const ahead: Record<string, readonly [number, number, number]> = {};
  for (const [study, files] of scan.studies) {
    const known = state.studies[study]?.series ?? {};
    const settled = new Map<Uid, Stamp>();
    const changed: Uid[] = [];
    for (const [series, stamp] of files) {
      const {modified, size} = stamp;
      const stamped = known[series];
      const isKnown = stamped !== undefined && stamped[0] === modified && stamped[1] === size;
      let age = nowMs - modified;
      if (age < 0 && !isKnown) {
        const key = `${study}/${series}`;
        const before = state.ahead[key];
        const seen =
          before !== undefined && before[0] === modified && before[1] === size ? Math.min(before[2], nowMs) : nowMs;
        ahead[key] = [modified, size, seen];
        age = nowMs - seen;
      }
      if (!isKnown && age < youngSeconds * 1000) young.push({study, series, ageSeconds: Math.round(age / 1000)});
      else {
        settled.set(series, stamp);
        if (!isKnown) changed.push(series);
      }
    }
    studies.set(study, {study, settled, changed});
  }
  return {studies, young, ahead};
}
