import type {IncomingRows, SeriesRow, StudyRow, Transfer} from '@fiona/lib/redcap/incoming';
import {fingerprint} from './fingerprint.ts';

/** What Incoming holds of one study. */
export interface StudyRecord {
  readonly base: StudyRow | undefined;
  readonly series: readonly SeriesRow[];
  readonly transfers: readonly Transfer[];
}

/** A study that is not in Incoming. */
export const noRecord: StudyRecord = {base: undefined, series: [], transfers: []};

/** Rows of several studies, by study. */
export function recordsByStudy({studies, series, transfers}: IncomingRows): Map<string, StudyRecord> {
  const records = new Map<string, {base: StudyRow | undefined; series: SeriesRow[]; transfers: Transfer[]}>();
  const recordOf = (study: string) => {
    const found = records.get(study) ?? {base: undefined, series: [], transfers: []};
    records.set(study, found);
    return found;
  };
  for (const row of studies) recordOf(row.study).base = row;
  for (const row of series) recordOf(row.study).series.push(row);
  for (const row of transfers) recordOf(row.study).transfers.push(row);
  return records;
}

/** A part of a record that {@link recordDigest} covers. */
export interface RecordOutline {
  readonly series: readonly Pick<SeriesRow, 'instance' | 'seriesUid'>[];
  readonly transfers: readonly Pick<Transfer, 'instance' | 'project' | 'name' | 'event'>[];
}

/**
 * Tells whether somebody else changed what populateIncoming depends on: the series of a study and its transfers. What a transfer has
 * come to (dates, errors) is not part of it, nor are descriptions.
 */
export function recordDigest({series, transfers}: RecordOutline): string {
  const parts = [
    ...series.map(({instance, seriesUid}) => JSON.stringify(['series', instance, seriesUid])),
    ...transfers.map(({instance, project, name, event}) =>
      JSON.stringify(['transfers', instance, project, name, event]),
    ),
  ];
  return fingerprint(parts.sort().join('\n'));
}
