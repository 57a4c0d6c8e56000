import type {SeriesOnDisk, StudySnapshot} from './snapshot.ts';

/** What keeps a snapshot from being sent, or `ready`. */
export type SnapshotState =
  | {readonly kind: 'ready'}
  | {readonly kind: 'not-on-this-machine'}
  | {readonly kind: 'still-arriving'}
  | {readonly kind: 'final'; readonly reason: string; readonly detail: string}
  | {readonly kind: 'temporary'; readonly reason: string; readonly detail: string};

/** Judges a snapshot: is the study here, whole, quiet and indexed? */
export function judgeSnapshot({series, taken, trouble}: StudySnapshot, quietSeconds: number): SnapshotState {
  if (trouble !== undefined) {
    return {kind: 'temporary', reason: 'unreadable-study', detail: `the study in raw cannot be read: ${trouble}`};
  }
  const instances = sum(series, each => each.instances.length);
  const dangling = sum(series, each => each.dangling);
  const outside = sum(series, each => each.outside);
  if (outside > 0) {
    const detail = `${outside} entries in raw lead out of the archive; remove them and send the study again`;
    return {kind: 'final', reason: 'link-outside-archive', detail};
  }
  if (instances === 0) return {kind: 'not-on-this-machine'};
  if (isYoung(series, taken, quietSeconds)) return {kind: 'still-arriving'};
  if (dangling > 0) {
    const detail = `${dangling} of ${instances + dangling} instances are gone from the archive; send the study again`;
    return {kind: 'final', reason: 'dangling-links', detail};
  }
  const unknown = series.filter(({summary, instances}) => summary === undefined && instances.length > 0);
  if (unknown.length > 0) {
    const uids = unknown.map(({seriesInstanceUid}) => seriesInstanceUid).join(', ');
    return {kind: 'temporary', reason: 'no-series-summary', detail: `series without a readable summary: ${uids}`};
  }
  return {kind: 'ready'};
}

function isYoung(series: readonly SeriesOnDisk[], taken: Date, quietSeconds: number): boolean {
  return series.some(
    ({summaryModified}) => summaryModified !== undefined && taken.getTime() - summaryModified < quietSeconds * 1000,
  );
}

function sum(series: readonly SeriesOnDisk[], count: (each: SeriesOnDisk) => number): number {
  return series.reduce((total, each) => total + count(each), 0);
}
