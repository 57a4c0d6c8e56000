import type {Log} from '../cli/log.ts';
import {presentFields} from './fields.ts';
import type {Redcap} from './redcap.ts';
import {byOrder, recordOrder, trimmed} from './routing.ts';
import type {Row} from './row.ts';

/** One entry of the coupling list: a human says where a study belongs. Texts trimmed of blanks, tabs and NUL. */
export interface CouplingEntry {
  /** Record id. */
  id: string;
  /** The record id as a number; infinite when it is none. The newest entry has the highest. */
  order: number;
  accession: string;
  /** Blank also when the project lacks the field. */
  studyUid: string;
  project: string;
  subject: string;
  event: string;
  /** `YYYY-MM-DD HH:MM`, creation. */
  date: string;
}

/** The fields to ask for; `cl_studyinstanceuid` only where the project has it. @throws MissingFieldError, RedcapError */
export function couplingFields(redcap: Redcap, log: Log): Promise<string[]> {
  const mandatory = ['cl_accessionnumber', 'cl_projectname', 'cl_subjectid', 'cl_eventname', 'cl_date'];
  return presentFields(redcap, {mandatory, optional: ['cl_studyinstanceuid']}, log);
}

/** Entries from exported rows, in ascending order of their record ids. */
export function couplingEntries(rows: readonly Row[]): CouplingEntry[] {
  const text = (row: Row, field: string) => trimmed(row.values[field] ?? '');
  return rows
    .map(row => ({
      id: row.record,
      order: recordOrder(row.record),
      accession: text(row, 'cl_accessionnumber'),
      studyUid: text(row, 'cl_studyinstanceuid'),
      project: text(row, 'cl_projectname'),
      subject: text(row, 'cl_subjectid'),
      event: text(row, 'cl_eventname'),
      date: text(row, 'cl_date'),
    }))
    .sort(byOrder);
}
