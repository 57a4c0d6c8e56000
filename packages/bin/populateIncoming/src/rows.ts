import {createHash} from 'node:crypto';
import type {SeriesRow, StudyRow} from '@fiona/lib/redcap/incoming';
import {trimmed} from '@fiona/lib/redcap/routing';
import {cutToBytes} from '@fiona/lib/transfers/request';
import {firstOf, type SeriesSummary} from './seriesSummary.ts';

/** Columns and values of one row of Incoming, without its keys. */
export type Values = Record<string, string>;

/** A text field of REDCap holds no more. */
const longestText = 65_535;

/** SHA-256 in lower-case hex: how names and ids of patients stand in Incoming. */
export function hashed(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

const hashOfNothing = hashed('');

/** Columns of the base row that come from the images; of several series the first value that is not blank counts. */
export function studyValues(summaries: readonly SeriesSummary[]): Values {
  const first = (value: (summary: SeriesSummary) => string) => firstOf(summaries, value);
  return {
    study_description: stored(first(({studyDescription}) => studyDescription)),
    study_date: stored(first(({studyDate}) => studyDate)),
    study_time: stored(first(({studyTime}) => studyTime)),
    study_institution_name: stored(first(({institution}) => institution)),
    study_patient_name: hashed(first(({patientName}) => patientName)),
    study_patient_id: hashed(first(({patientId}) => patientId)),
    study_aetitle_sender: stored(trimmed(first(({calling}) => calling))),
    study_aetitle_addressed: stored(trimmed(first(({called}) => called))),
    study_accession_number: stored(first(({accession}) => accession)),
  };
}

/**
 * What has to be written to the base row. Of a row that is there only blanks are filled: a derived series that comes back under a
 * pseudonym must not change whose study it is. A new series sets the arrival date.
 * @returns undefined when nothing has to be written
 */
export function baseRow(
  known: StudyRow | undefined,
  summaries: readonly SeriesSummary[],
  arrival: {isNew: boolean; now: string; hasArrivalDate: boolean},
): Values | undefined {
  const found = studyValues(summaries);
  const date: Values = arrival.isNew && arrival.hasArrivalDate ? {study_arrival_date: arrival.now} : {};
  if (known === undefined) return {...found, ...date, incoming_studies_complete: '2'};
  const filled = Object.entries(found).filter(([field, value]) => isNothing(known.values[field]) && !isNothing(value));
  const values: Values = {...Object.fromEntries(filled), ...date};
  if (Object.keys(values).length === 0) return undefined;
  // a record that somebody else began, to ask for a transfer
  const isBegun = ['', '0'].includes(known.values.incoming_studies_complete ?? '');
  return isBegun ? {...values, incoming_studies_complete: '2'} : values;
}

/** Columns of a series row. */
export function seriesValues(summary: SeriesSummary): Values {
  return {
    series_instance_uid: summary.series,
    series_description: stored(summary.description),
    series_date: stored(summary.date),
    series_time: stored(summary.time),
    series_sequence_name: stored(summary.sequenceName),
    series_num_files: summary.files,
    series_classify_types: stored(summary.classifyTypes),
  };
}

/** The columns of a registered series that are different by now; a blank never replaces a value. */
export function changedSeriesValues(known: SeriesRow, summary: SeriesSummary): Values | undefined {
  const changed = Object.entries(seriesValues(summary)).filter(
    ([field, value]) =>
      value !== '' && field !== 'series_instance_uid' && !same(field, value, known.values[field] ?? ''),
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

function same(field: string, value: string, stored: string): boolean {
  if (value.trim() === stored.trim()) return true;
  return field === 'series_classify_types' && canonical(value) === canonical(stored);
}

/** A JSON list without regard to its white space. */
function canonical(list: string): string {
  try {
    return JSON.stringify(JSON.parse(list));
  } catch {
    return list;
  }
}

function isNothing(value: string | undefined): boolean {
  return value === undefined || value.trim() === '' || value === hashOfNothing;
}

/** A text as REDCap keeps it. */
function stored(text: string): string {
  return cutToBytes(text.replace(/\p{Cc}/gu, ''), longestText);
}
