import {acquisitionRows} from './acquisitionRows.ts';
import {patientRows} from './patientRows.ts';
import {procedureRows} from './procedureRows.ts';
import type {ProfileRow} from './profileRow.ts';
import {therapyRows} from './therapyRows.ts';

/** Edition of the table, for reports. */
export const profileEdition = '2026d';

/** DICOM PS3.15 2026d, © NEMA: Table E.1-1, all rows for single tags, in the order of tags. Rows for many tags: `patternRows.ts`. */
export const profileTable: readonly ProfileRow[] = [
  ...patientRows,
  ...acquisitionRows,
  ...procedureRows,
  ...therapyRows,
];
