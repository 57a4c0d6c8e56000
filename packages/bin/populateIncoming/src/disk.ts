import type {Log} from '@fiona/lib/cli/log';
import type {SetAside} from '@fiona/lib/fs/setAside';
import {type RawScan, scanRaw} from '@fiona/lib/transfers/rawScan';
import {type SortedSeries, sortSeries} from './sortSeries.ts';
import type {PopulateState} from './state.ts';

/** What lies on disk. */
export interface Disk extends SortedSeries {
  /** Number of series summaries. */
  readonly series: number;
  /** Paths below `site/raw` that are neither study nor series. */
  readonly misplaced: ReadonlySet<string>;
}

/**
 * Looks at the series summaries below `site/raw` and tells what it finds; what is no study or series there is set aside.
 * @throws FileError
 */
export async function lookAtDisk(
  root: string,
  state: PopulateState,
  {nowMs, youngSeconds, setAside, log}: {nowMs: number; youngSeconds: number; setAside: SetAside; log: Log},
): Promise<Disk> {
  const scan = scanRaw(root);
  const series = seriesIn(scan);
  log.info(`process ${series} series...`);
  for (const {path, reason} of scan.misplaced) {
    if (setAside.has(path, reason)) continue;
    const detail = reason === 'no-file' ? 'It is no regular file.' : 'The name is no valid UID.';
    log.warn(`site/raw: an entry that is no study or series is set aside (${reason})`);
    await setAside.note({key: path, reason, detail, version: reason});
  }
  const sorted = sortSeries(scan, state.ahead, nowMs, youngSeconds);
  for (const {study, series: uid, ageSeconds} of sorted.young) {
    log.debug(`wait a bit for '${study}/${uid}.json', file is still being changed (${ageSeconds}s)`);
  }
  const ahead = Object.keys(sorted.ahead).length;
  if (ahead > 0) log.warn(`${ahead} series summaries are dated in the future: check the clock of this host`);
  return {...sorted, series, misplaced: new Set(scan.misplaced.map(({path}) => path))};
}

function seriesIn({studies}: RawScan): number {
  let count = 0;
  for (const files of studies.values()) count += files.size;
  return count;
}
