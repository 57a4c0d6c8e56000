import {importValues} from './importPlan.ts';
import type {Field} from './projectInfo.ts';
import {keyText, type Row, sameRecordKey, type WriteRow} from './row.ts';

/**
 * Compares what was sent with what is stored. Blanks count only with `overwrite`.
 * @returns per record (compared without case) the columns that differ, sorted
 */
export function differences(
  sent: readonly WriteRow[],
  stored: readonly Row[],
  fields: readonly Field[],
  overwrite: boolean,
): Map<string, {record: string; columns: string[]}> {
  const kept = new Map(stored.map(row => [keyText({...row, record: sameRecordKey(row.record)}), row.values]));
  const wrong = new Map<string, {record: string; columns: string[]}>();
  const recordIdField = fields[0]?.name;
  for (const row of sent) {
    const key = sameRecordKey(row.record);
    const values = kept.get(keyText({...row, record: key}));
    for (const [column, value] of Object.entries(importValues(row, overwrite))) {
      if (column === recordIdField || (value === '' && !overwrite)) continue;
      const field = fields.find(known => known.name === column);
      if (values !== undefined && sameValue(value, values[column] ?? '', field)) continue;
      const entry = wrong.get(key) ?? {record: row.record, columns: []};
      if (!entry.columns.includes(column)) entry.columns.push(column);
      wrong.set(key, entry);
    }
  }
  return wrong;
}

/** Whether a stored value is the one that was sent: line ends and outer blanks aside, numbers by value. */
export function sameValue(sent: string, stored: string, field: Field | undefined): boolean {
  const [a, b] = [sent, stored].map(text => text.replaceAll('\r\n', '\n').trim());
  if (a === b) return true;
  const number = /^(?:integer|number)/.test(field?.validation ?? '');
  return number && a !== '' && b !== '' && Number(a) === Number(b);
}
