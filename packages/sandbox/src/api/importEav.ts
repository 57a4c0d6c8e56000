import {boxColumn} from '../project/dictionary.ts';
import type {Project} from '../project/project.ts';
import {SYSTEM_COLUMNS, unknownColumns} from './importColumns.ts';
import type {SentRow} from './importDecode.ts';

const EAV_COLUMNS = ['record', 'field_name', 'value', ...SYSTEM_COLUMNS];

/**
 * Turns lines `record, field_name, value` into flat rows of one field each. A checkbox may come as its box column or as
 * field and code, which checks that box.
 * @throws ApiError 400 for other columns
 */
export function flatFromEav(project: Project, lines: SentRow[]): SentRow[] {
  const others = lines.flatMap(line => [...line.keys()]).filter(column => !EAV_COLUMNS.includes(column));
  if (others.length > 0) throw unknownColumns(others);
  return lines.map(line => {
    const row: SentRow = new Map([[project.dictionary.recordId, line.get('record') ?? '']]);
    for (const column of SYSTEM_COLUMNS) {
      const value = line.get(column);
      if (value !== undefined) row.set(column, value);
    }
    const name = line.get('field_name') ?? '';
    const value = line.get('value') ?? '';
    const field = project.dictionary.fields.get(name);
    if (name === project.dictionary.recordId) return row;
    if (field?.type !== 'checkbox') return row.set(name, value);
    const known = field.choices.some(choice => choice.code === value);
    // an unknown code must be refused like any other wrong category: no box accepts it as a value
    const box = known ? boxColumn(name, value) : field.columns[0]?.name;
    if (value !== '' && box !== undefined) row.set(box, known ? '1' : value);
    return row;
  });
}
