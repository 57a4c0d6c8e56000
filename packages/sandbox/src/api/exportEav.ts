import type {Field} from '../project/dictionary.ts';
import {hasRepeating, type Project} from '../project/project.ts';
import type {StoredRow} from '../store/records.ts';
import type {CellMaker} from './exportCells.ts';
import type {RowTable} from './rowTable.ts';

/**
 * The `eav` form of an export: one line per stored value; a checked box is its field with the code as value, a file its
 * document number; the record id is a line of each base row.
 */
export function eavTable(project: Project, fields: Field[], cells: CellMaker): RowTable {
  const repeating = hasRepeating(project);
  const columns = [
    'record',
    ...(project.longitudinal ? ['redcap_event_name'] : []),
    ...(repeating ? ['redcap_repeat_instrument', 'redcap_repeat_instance'] : []),
    'field_name',
    'value',
  ];
  const keyOf = (row: StoredRow): string[] => [
    row.record.name,
    ...(project.longitudinal ? [row.event] : []),
    ...(repeating ? [row.instrument, row.instance === 0 ? '' : String(row.instance)] : []),
  ];
  const valuesOf = (row: StoredRow, field: Field): string[] => {
    if (field.name === project.dictionary.recordId) return row.instrument === '' ? [row.record.name] : [];
    return field.columns.flatMap(column => {
      const stored = row.values[column.name];
      if (stored === undefined || stored === '') return [];
      if (column.choice !== undefined) return [cells.shown(column, column.choice.code)];
      return [typeof stored === 'string' ? cells.shown(column, stored) : String(stored.document)];
    });
  };
  return {
    columns,
    stored: fields.flatMap(field => field.columns.map(column => column.name)),
    cellsOf: row => fields.flatMap(field => valuesOf(row, field).map(value => [...keyOf(row), field.name, value])),
  };
}
