import {setImmediate} from 'node:timers/promises';
import {compileFilter, type Filter} from '../filterLogic/evaluate.ts';
import {FilterError} from '../filterLogic/filterError.ts';
import {tableWriter} from '../formats/table.ts';
import type {Parameters} from '../http/parameters.ts';
import type {Project} from '../project/project.ts';
import {writeReadLog} from '../store/log.ts';
import {type RecordSelection, RecordStore, type StoredRecord, type StoredRow} from '../store/records.ts';
import {type Answer, ApiError, invalidNames, invalidParameter, ok} from './answer.ts';
import type {Context} from './context.ts';
import {CellMaker, type CellOptions, storedCell} from './exportCells.ts';
import {flatColumns, requestedFields} from './exportColumns.ts';
import {eavTable} from './exportEav.ts';
import {compareRows, filterRows, isVisible} from './exportRows.ts';
import type {RowTable} from './rowTable.ts';
import {timeParameter} from './times.ts';

/** An export of fewer records is answered in one piece. */
const SMALL = 600;

/** Records whose rows are read and sent at once in a larger export: with 100, the heap grows by 150 MB. */
const PAGE = 20;

const DELIMITERS: Record<string, string> = {'': ',', ',': ',', tab: '\t', ';': ';', '|': '|', '^': '^'};

/** The delimiter a `csvDelimiter` parameter names. @throws ApiError 400 */
export function delimiterOf(parameters: Parameters): string {
  const delimiter = DELIMITERS[parameters.text('csvDelimiter')];
  if (delimiter === undefined) throw invalidParameter('csvDelimiter');
  return delimiter;
}

interface ExportPlan {
  selection: RecordSelection;
  events: string[] | undefined;
  filter: Filter | undefined;
  table: RowTable;
}

function cellOptions(parameters: Parameters): CellOptions {
  const decimal = parameters.text('decimalCharacter');
  if (decimal !== '' && decimal !== '.' && decimal !== ',') throw invalidParameter('decimalCharacter');
  return {
    labels: parameters.oneOf('rawOrLabel', ['raw', 'label']) === 'label',
    checkboxLabels: parameters.flag('exportCheckboxLabel'),
    blankForGray: parameters.flag('exportBlankForGrayFormStatus'),
    decimal,
  };
}

/** Events asked for. @throws ApiError 400 for unknown ones */
function requestedEvents(project: Project, parameters: Parameters): string[] | undefined {
  const events = parameters.list('events');
  if (!project.longitudinal) return undefined;
  const unknown = events?.filter(event => !project.events.has(event)) ?? [];
  if (unknown.length > 0) throw invalidNames('events', unknown);
  return events;
}

function requestedFilter(project: Project, parameters: Parameters): Filter | undefined {
  const text = parameters.text('filterLogic');
  if (text.trim() === '') return undefined;
  try {
    return compileFilter(project, text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new ApiError(400, `The filter logic is not valid: ${error.message}`);
  }
}

function flatTable(project: Project, parameters: Parameters): RowTable {
  const options = cellOptions(parameters);
  const withGroups = parameters.flag('exportDataAccessGroups') && project.definition.groups.length > 0;
  const columns = flatColumns(project, requestedFields(project, parameters), withGroups);
  const cells = new CellMaker(project, options);
  const whole = columns.some(column => column.kind === 'recordId');
  // without the record id, only rows come that hold a requested value
  const holdsValue = (row: StoredRow): boolean =>
    columns.some(column => column.kind === 'value' && storedCell(row, column.column) !== '');
  const labelHeaders = parameters.oneOf('rawOrLabelHeaders', ['raw', 'label']) === 'label';
  return {
    columns: columns.map(column => column.name),
    stored: columns.filter(column => column.kind === 'value').map(column => column.name),
    labels: labelHeaders ? columns.map(column => column.label) : undefined,
    cellsOf: row => (whole || holdsValue(row) ? [columns.map(column => cells.cell(row, column))] : []),
  };
}

function planExport({project, parameters}: Context): ExportPlan {
  const type = parameters.oneOf('type', ['flat', 'eav']);
  return {
    selection: {
      names: parameters.list('records'),
      changedFrom: timeParameter(parameters, 'dateRangeBegin'),
      changedTo: timeParameter(parameters, 'dateRangeEnd'),
    },
    events: requestedEvents(project, parameters),
    filter: requestedFilter(project, parameters),
    table:
      type === 'flat'
        ? flatTable(project, parameters)
        : eavTable(project, requestedFields(project, parameters), new CellMaker(project, cellOptions(parameters))),
  };
}

/** The table rows of a page of records, records and rows in export order. */
function pageCells(project: Project, store: RecordStore, page: StoredRecord[], plan: ExportPlan): string[][] {
  const rows = store.rowsOf(page, [...new Set([...plan.table.stored, ...(plan.filter?.columns ?? [])])]);
  const compare = compareRows(project);
  return page.flatMap(({id}) => {
    let own = (rows.get(id) ?? []).filter(row => isVisible(project, row)).sort(compare);
    if (plan.filter !== undefined) own = filterRows(project, own, plan.filter);
    const {events} = plan;
    if (events !== undefined) own = own.filter(row => events.includes(row.event));
    return own.flatMap(row => plan.table.cellsOf(row));
  });
}

/**
 * `content=record` without data: the selected rows. Small answers are made at once; larger ones are read page by page from
 * one snapshot while they are sent, so that memory does not grow with the project.
 */
export function exportRecords(context: Context): Answer {
  const {project, parameters} = context;
  const format = parameters.format;
  const plan = planExport(context);
  const writer = tableWriter(format, {
    columns: plan.table.columns,
    labels: plan.table.labels,
    integers: ['redcap_repeat_instance'],
    root: 'records',
    delimiter: delimiterOf(parameters),
  });
  writeReadLog(context.database, project.id, context.time, {
    class: 'export',
    action: 'Data Export (API)',
    details: `export_format: ${format}`,
    record: '',
  });
  const first = context.records.pages(project, plan.selection, SMALL).next().value ?? [];
  if (first.length < SMALL) {
    const cells = pageCells(project, context.records, first, plan);
    return ok(format, writer.head + cells.map((row, index) => writer.row(row, index === 0)).join('') + writer.tail);
  }
  return ok(format, streamPages(context, plan, writer));
}

async function* streamPages(
  context: Context,
  plan: ExportPlan,
  writer: ReturnType<typeof tableWriter>,
): AsyncGenerator<string> {
  const snapshot = context.openSnapshot();
  try {
    snapshot.exec('BEGIN');
    const store = new RecordStore(snapshot);
    let first = true;
    yield writer.head;
    for (const page of store.pages(context.project, plan.selection, PAGE)) {
      const parts: string[] = [];
      for (const cells of pageCells(context.project, store, page, plan)) {
        parts.push(writer.row(cells, first));
        first = false;
      }
      if (parts.length > 0) yield parts.join('');
      // other requests get their turn between two pages
      await setImmediate();
    }
    yield writer.tail;
  } finally {
    snapshot.close();
  }
}
