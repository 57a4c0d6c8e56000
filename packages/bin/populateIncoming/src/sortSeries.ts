import type {Uid} from '@fiona/lib/dicom/uid';
import type {RawScan, Stamp} from '@fiona/lib/transfers/rawScan';
import {fingerprint} from './fingerprint.ts';
import type {PopulateState} from './state.ts';

/** The series of one study on disk. */
export interface StudyFiles {
  readonly study: Uid;
  /** Those that are not being written any more. */
  readonly settled: ReadonlyMap<Uid, Stamp>;
  /** Identifies the settled summaries in their present form. */
  readonly version: string;
}

export interface SortedSeries {
  readonly studies: ReadonlyMap<Uid, StudyFiles>;
  /** Series that are still arriving, with the age of their summary in seconds. */
  readonly young: readonly {study: Uid; series: Uid; ageSeconds: number}[];
  /** Summaries dated in the future, for the next run. */
  readonly ahead: PopulateState['ahead'];
}

/**
 * Sorts what lies on disk into settled and still arriving. A summary changes with every instance, so a series is complete when
 * its summary has been left alone for `youngSeconds`. One dated in the future is when it did not change for that long since it was
 * first seen; its date would keep it waiting for ever.
 */
export function sortSeries(
  scan: RawScan,
  earlier: PopulateState['ahead'],
  nowMs: number,
  youngSeconds: number,
): SortedSeries {
  const studies = new Map<Uid, StudyFiles>();
  const young: {study: Uid; series: Uid; ageSeconds: number}[] = [];
  const ahead: Record<string, readonly [number, number, number]> = {};
  for (const [study, files] of scan.studies) {
    const settled = new Map<Uid, Stamp>();
    for (const [series, stamp] of files) {
      let age = nowMs - stamp.modified;
      if (age < 0) {
        const key = `${study}/${series}`;
        const seen = firstSeen(stamp, earlier[key], nowMs);
        ahead[key] = [stamp.modified, stamp.size, seen];
        age = nowMs - seen;
      }
      if (age < youngSeconds * 1000) young.push({study, series, ageSeconds: Math.round(age / 1000)});
      else settled.set(series, stamp);
    }
    studies.set(study, {study, settled, version: versionOf(settled)});
  }
  return {studies, young, ahead};
}

function firstSeen({modified, size}: Stamp, before: PopulateState['ahead'][string] | undefined, nowMs: number): number {
  const isSame = before !== undefined && before[0] === modified && before[1] === size;
  return isSame ? Math.min(before[2], nowMs) : nowMs;
}

/** One digest instead of thousands of times: the state stays small, and a study is always read as a whole anyhow. */
function versionOf(settled: ReadonlyMap<Uid, Stamp>): string {
  const stamps: string[] = [];
  for (const [series, {modified, size}] of settled) stamps.push(`${series} ${modified} ${size}`);
  return fingerprint(stamps.sort().join('\n'));
}
