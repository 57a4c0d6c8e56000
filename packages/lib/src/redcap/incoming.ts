import type {FieldNames} from './fields.ts';
import type {Row, RowKey} from './row.ts';

/** Fields of the base form of Incoming: one record per received study, with repeating instruments `series` and `transfers`. */
export const studyFields: FieldNames = {
  mandatory: [
    'study_instance_uid',
    'study_institution_name',
    'study_aetitle_sender',
    'study_aetitle_addressed',
    'study_patient_name',
    'study_patient_id',
    'study_description',
    'study_date',
    'study_time',
    'study_accession_number',
  ],
  optional: ['study_arrival_date'],
};

/** Fields of the repeating instrument `series`. */
export const seriesFields: FieldNames = {
  mandatory: [
    'series_instance_uid',
    'series_description',
    'series_sequence_name',
    'series_date',
    'series_time',
    'series_num_files',
    'series_classify_types',
  ],
  optional: [],
};

/** Fields of the repeating instrument `transfers`. */
export const transferFields: FieldNames = {
  mandatory: [
    'transfer_requested_date',
    'transfer_project_name',
    'transfer_name',
    'transfer_event_name',
    'transfer_date',
    'transfer_error',
    'transfer_mapped_uid',
    'transfer_error_message',
    'transfers_complete',
  ],
  optional: ['transfer_active_proc_time'],
};

/** Base row of a study. */
export interface StudyRow {
  study: string;
  values: Record<string, string>;
}

/** One series of a study. */
export interface SeriesRow {
  study: string;
  instance: number;
  seriesUid: string;
  values: Record<string, string>;
}

/** One transfer of a study to a research project. Texts are trimmed; optional members are absent when their column was not asked for. */
export interface Transfer {
  study: string;
  instance: number;
  project: string;
  /** Pseudonym. */
  name: string;
  event: string;
  /** `YYYY-MM-DD HH:MM` in the zone of REDCap's dates, or blank. */
  requestedDate?: string;
  /** When the last attempt ended; blank: outstanding. */
  date?: string;
  mappedUid?: string;
  errorMessage?: string;
  /** `0` incomplete, `1` error, `2` success, blank: never touched. */
  complete?: string;
  errors?: {anonymization: boolean; sending: boolean /** Information: burned-in text was masked. */; pixels: boolean};
}

/** Rows of Incoming by what they are. */
export interface IncomingRows {
  studies: StudyRow[];
  series: SeriesRow[];
  transfers: Transfer[];
}

/** Sorts exported rows of Incoming by what they are; rows of other instruments are dropped. */
export function incomingRows(rows: readonly Row[]): IncomingRows {
  const sorted: IncomingRows = {studies: [], series: [], transfers: []};
  for (const row of rows) {
    if (row.form === undefined) sorted.studies.push({study: row.record, values: row.values});
    else if (row.form === 'series') {
      const seriesUid = (row.values.series_instance_uid ?? '').trim();
      sorted.series.push({study: row.record, instance: row.instance ?? 0, seriesUid, values: row.values});
    } else if (row.form === 'transfers') sorted.transfers.push(transferOf(row));
  }
  return sorted;
}

function transferOf(row: Row): Transfer {
  const {values} = row;
  const optional = {
    requestedDate: values.transfer_requested_date?.trim(),
    date: values.transfer_date?.trim(),
    mappedUid: values.transfer_mapped_uid?.trim(),
    errorMessage: values.transfer_error_message,
    complete: values.transfers_complete?.trim(),
  };
  const transfer: Transfer = {
    study: row.record,
    instance: row.instance ?? 0,
    project: (values.transfer_project_name ?? '').trim(),
    name: (values.transfer_name ?? '').trim(),
    event: (values.transfer_event_name ?? '').trim(),
  };
  for (const [name, value] of Object.entries(optional))
    if (value !== undefined) Object.assign(transfer, {[name]: value});
  const box = (code: number) => values[`transfer_error___${code}`];
  if (box(1) !== undefined)
    transfer.errors = {anonymization: box(1) === '1', sending: box(2) === '1', pixels: box(3) === '1'};
  return transfer;
}

/** Somebody wants this study in that project under that name. */
export function isRequest(transfer: Transfer): boolean {
  return transfer.project !== '' && transfer.name !== '';
}

/** A request whose last attempt did not end yet. @throws TypeError when `transfer_date` was not asked for */
export function isOutstanding(transfer: Transfer): boolean {
  return isRequest(transfer) && known(transfer.date, 'transfer_date') === '';
}

/** An attempt ended, with success or for good. @throws TypeError when `transfer_date` was not asked for */
export function isFinished(transfer: Transfer): boolean {
  return known(transfer.date, 'transfer_date') !== '';
}

/** Finished, and the study is in the research PACS. @throws TypeError when a column it needs was not asked for */
export function isGood(transfer: Transfer): boolean {
  const errors = known(transfer.errors, 'transfer_error');
  return (
    isFinished(transfer) &&
    known(transfer.mappedUid, 'transfer_mapped_uid') !== '' &&
    !errors.anonymization &&
    !errors.sending
  );
}

/** To ask for something without its column would make every transfer outstanding: a mistake of the tool. */
function known<T>(value: T | undefined, column: string): T {
  if (value === undefined) throw new TypeError(`${column} was not asked for`);
  return value;
}

/** Key of the row of a series. */
export function seriesKey(study: string, instance: number): RowKey {
  return {record: study, form: 'series', instance};
}

/** Key of the row of a transfer. */
export function transferKey(study: string, instance: number): RowKey {
  return {record: study, form: 'transfers', instance};
}
