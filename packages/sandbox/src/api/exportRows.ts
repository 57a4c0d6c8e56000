import type {Filter, FilterRow} from '../filterLogic/evaluate.ts';
import type {Column} from '../project/dictionary.ts';
import {firstEvent, isRepeatingForm, type Project} from '../project/project.ts';
import type {StoredRow} from '../store/records.ts';
import {CellMaker, RAW} from './exportCells.ts';

/**
 * Order of a record's rows: events, within an event the base row first, then instruments in dictionary order, instances
 * ascending.
 */
export function compareRows(project: Project): (a: StoredRow, b: StoredRow) => number {
  const event = (row: StoredRow): number => project.eventOrder.get(row.event) ?? Number.MAX_SAFE_INTEGER;
  const form = (row: StoredRow): number =>
    row.instrument === '' ? -1 : (project.formOrder.get(row.instrument) ?? Number.MAX_SAFE_INTEGER);
  return (a, b) => event(a) - event(b) || form(a) - form(b) || a.instance - b.instance;
}

/** Rows that still have a place in the project: their event and instrument may be gone after a change of dictionary. */
export function isVisible(project: Project, row: StoredRow): boolean {
  if (project.longitudinal !== (row.event !== '')) return false;
  if (project.longitudinal && !project.events.has(row.event)) return false;
  return row.instrument === '' || project.formOrder.has(row.instrument);
}

/** Applies a filter to the rows of one record: each row is judged by its own values. */
export function filterRows(project: Project, rows: StoredRow[], filter: Filter): StoredRow[] {
  const cells = new CellMaker(project, RAW);
  const find = (event: string, instrument: string, instance: number): StoredRow | undefined =>
    rows.find(row => row.event === event && row.instrument === instrument && row.instance === instance);
  return rows.filter(row => {
    const scope: FilterRow = {
      cell: column => cells.value(row, column),
      otherCell(column: Column, event: string | undefined, instance: number | undefined): string {
        const inEvent = event ?? (row.event || firstEvent(project));
        const repeating = instance !== undefined && isRepeatingForm(project, column.field.form, inEvent);
        const other = find(inEvent, repeating ? column.field.form : '', instance ?? 0);
        return other === undefined ? '' : cells.value(other, column);
      },
    };
    return filter.holds(scope);
  });
}
