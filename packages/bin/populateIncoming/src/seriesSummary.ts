import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import type {SeriesJson} from '@fiona/lib/site/seriesJson';
import type {Arrival} from '@fiona/lib/transfers/routing';

/** What Incoming shall know of one series, from its summary; a missing value is a blank. */
export interface SeriesSummary extends Arrival {
  readonly series: Uid;
  readonly number: string;
  readonly description: string;
  readonly date: string;
  readonly time: string;
  readonly sequenceName: string;
  /** Decimal digits, or blank. */
  readonly files: string;
  /** JSON list as text, or blank. */
  readonly classifyTypes: string;
  readonly accession: string;
  readonly studyDescription: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly institution: string;
}

/** Why a summary can't be registered; `reason` is a short code. */
export interface SummaryProblem {
  readonly reason: 'missing-uid' | 'uid-mismatch' | 'not-json' | 'unreadable';
  readonly detail: string;
}

/**
 * The summary of a series, if it is the one that its path says.
 * @param study folder name
 * @param series file name without `.json`
 */
export function summaryOf(study: Uid, series: Uid, json: SeriesJson): SeriesSummary | SummaryProblem {
  const problem =
    uidProblem('StudyInstanceUID', json.StudyInstanceUID, study, 'folder') ??
    uidProblem('SeriesInstanceUID', json.SeriesInstanceUID, series, 'file');
  if (problem) return problem;
  return {
    series,
    number: json.SeriesNumber ?? '',
    description: json.SeriesDescription ?? '',
    date: blankOr(json.SeriesDate, json.StudyDate),
    time: blankOr(json.SeriesTime, json.StudyTime),
    sequenceName: json.SequenceName ?? '',
    files: /^\d{1,9}$/.test(json.NumFiles ?? '') ? (json.NumFiles ?? '') : '',
    classifyTypes: json.ClassifyType === undefined ? '' : listText(json.ClassifyType),
    accession: json.AccessionNumber ?? '',
    patientId: json.PatientID ?? '',
    patientName: json.PatientName ?? '',
    calling: json.IncomingConnection?.AETitleCaller ?? '',
    called: json.IncomingConnection?.AETitleCalled ?? '',
    studyDescription: json.StudyDescription ?? '',
    studyDate: json.StudyDate ?? '',
    studyTime: json.StudyTime ?? '',
    institution: json.InstitutionName ?? '',
  };
}

export function isProblem(found: SeriesSummary | SummaryProblem): found is SummaryProblem {
  return 'reason' in found;
}

/** The series of a study in their order: by number, then UID; a series without a number comes last. */
export function inOrder(summaries: readonly SeriesSummary[]): SeriesSummary[] {
  return [...summaries].sort(
    (a, b) => numberOf(a) - numberOf(b) || (a.series < b.series ? -1 : a.series > b.series ? 1 : 0),
  );
}

/** The first value that is not blank. */
export function firstOf(summaries: readonly SeriesSummary[], value: (summary: SeriesSummary) => string): string {
  for (const summary of summaries) {
    const found = value(summary);
    if (found.trim() !== '') return found;
  }
  return '';
}

function uidProblem(key: string, found: string | undefined, expected: Uid, place: string): SummaryProblem | undefined {
  if (found === undefined || found === '') return {reason: 'missing-uid', detail: `The summary has no ${key}.`};
  if (asUid(found) === expected) return undefined;
  return {reason: 'uid-mismatch', detail: `The ${key} in the summary is not the name of its ${place}.`};
}

function blankOr(value: string | undefined, otherwise: string | undefined): string {
  return value !== undefined && value.trim() !== '' ? value : (otherwise ?? '');
}

/** `["T1", "axial"]`: the older tools' spelling, which readers of Incoming know. */
function listText(values: readonly string[]): string {
  return `[${values.map(value => JSON.stringify(value)).join(', ')}]`;
}

function numberOf({number}: SeriesSummary): number {
  return /^ *-?\d{1,12} *$/.test(number) ? Number(number) : Number.MAX_VALUE;
}
