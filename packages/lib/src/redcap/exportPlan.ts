import {listParameters, type Parameter} from './form.ts';
import {type Dictionary, exportColumns} from './projectInfo.ts';
import type {Query} from './redcap.ts';
import type {RowShape} from './rowDecoder.ts';
import {earliestRedcapTime, formatRedcapSeconds} from './time.ts';

/** One export ready to be sent: everything but the names of the records. */
export interface ExportPlan {
  parameters: Parameter[];
  /** What the rows must look like. */
  shape: Omit<RowShape, 'asked'>;
}

/**
 * Turns a query into REDCap's parameters. The record id field always comes first: without it REDCap leaves out the key columns.
 * @param now the server's time
 * @param timeZone zone of REDCap's dates
 */
export function planExport(query: Query, {fields, project}: Dictionary, now: Date, timeZone: string): ExportPlan {
  const recordIdField = fields[0]?.name ?? '';
  const wanted = [recordIdField, ...(query.fields ?? []).filter(name => name !== recordIdField)];
  const {since, until, filter} = query;
  const parameters: Parameter[] = [
    ['type', 'flat'],
    ['rawOrLabel', 'raw'],
    ...listParameters('fields', wanted),
    ...listParameters('forms', query.forms ?? []),
    ...listParameters('events', query.events ?? []),
    ...(since ? [['dateRangeBegin', earliestRedcapTime(since, now, timeZone)] as const] : []),
    ...(until ? [['dateRangeEnd', formatRedcapSeconds(until, timeZone)] as const] : []),
    ...(filter === undefined ? [] : [['filterLogic', filter] as const]),
  ];
  const columns = columnsOf(wanted, query.forms ?? [], fields);
  const {longitudinal, repeating} = project;
  return {parameters, shape: {recordIdField, longitudinal, repeating, columns}};
}

/** A field that the dictionary does not know has its name as column: it may be newer than our copy. */
function columnsOf(names: readonly string[], forms: readonly string[], fields: Dictionary['fields']): string[] {
  const byName = new Map(fields.map(field => [field.name, field]));
  const named = names.flatMap(name => {
    const field = byName.get(name);
    return field ? exportColumns(field) : [name];
  });
  const ofForms = fields.filter(field => forms.includes(field.form)).flatMap(exportColumns);
  return [...new Set([...named, ...ofForms, ...forms.map(form => `${form}_complete`)])];
}
