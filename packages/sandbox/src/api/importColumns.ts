import type {Column} from '../project/dictionary.ts';
import type {Project} from '../project/project.ts';
import {ApiError} from './answer.ts';
import type {SentRow} from './importDecode.ts';

/** System columns an import may hold, also blank in projects that have no such thing. */
export const SYSTEM_COLUMNS = [
  'redcap_event_name',
  'redcap_repeat_instrument',
  'redcap_repeat_instance',
  'redcap_data_access_group',
];

export function unknownColumns(columns: string[]): ApiError {
  const names = [...new Set(columns)].map(column => column.slice(0, 200)).join(', ');
  return new ApiError(400, `The following fields were not found in the project as real data fields: ${names}`);
}

/** Columns of surveys: read-only, ignored. */
function isSurveyColumn(project: Project, column: string): boolean {
  return column === 'redcap_survey_identifier' || project.dictionary.forms.some(form => column === `${form}_timestamp`);
}

/**
 * The data columns of the rows. @throws ApiError 400 that lists every column the project does not have, or says that the
 * record id is missing
 */
export function dataColumns(project: Project, rows: SentRow[]): Map<string, Column> {
  const names = new Set<string>();
  for (const row of rows) for (const name of row.keys()) names.add(name);
  const {columns, recordId} = project.dictionary;
  const unknown = [...names].filter(
    name => !columns.has(name) && !SYSTEM_COLUMNS.includes(name) && !isSurveyColumn(project, name),
  );
  if (unknown.length > 0) throw unknownColumns(unknown);
  if (rows.length > 0 && !names.has(recordId)) {
    throw new ApiError(400, `The record ID field "${recordId}" is missing from the data`);
  }
  const known = new Map<string, Column>();
  for (const name of names) {
    const column = columns.get(name);
    if (column !== undefined && name !== recordId) known.set(name, column);
  }
  return known;
}
