import {csvCell} from '../formats/csv.ts';
import {XML_HEAD} from '../formats/xml.ts';
import type {Parameters} from '../http/parameters.ts';
import {transaction} from '../store/database.ts';
import {writeLog} from '../store/log.ts';
import {nameKey} from '../store/recordName.ts';
import type {StoredRecord, Values} from '../store/records.ts';
import {type Answer, type Format, invalidParameter, ok} from './answer.ts';
import type {Context} from './context.ts';
import {type CheckedRow, checkRows} from './importCheck.ts';
import {dataColumns} from './importColumns.ts';
import {decodeData} from './importDecode.ts';
import {flatFromEav} from './importEav.ts';

/**
 * `content=record` with data: checks everything, then stores everything in one transaction, or nothing.
 * @throws ApiError 400
 */
export function importRecords(context: Context): Answer {
  const {project, parameters} = context;
  const format = parameters.format;
  const type = parameters.oneOf('type', ['flat', 'eav']);
  const overwrite = parameters.oneOf('overwriteBehavior', ['normal', 'overwrite']) === 'overwrite';
  const dateFormat = parameters.oneOf('dateFormat', ['YMD', 'MDY', 'DMY']);
  const returnContent = parameters.oneOf('returnContent', ['count', 'ids', 'auto_ids', 'nothing']);
  if (returnContent === 'auto_ids' && !parameters.flag('forceAutoNumber')) throw invalidParameter('returnContent');

  const sent = decodeData(parameters, format);
  const rows = type === 'eav' ? flatFromEav(project, sent) : sent;
  const checked = checkRows(project, rows, dataColumns(project, rows), dateFormat);
  const names = transaction(context.database, () => {
    const numbered = numberAutomatically(context, checked);
    return new ImportWriter(context, overwrite).store(numbered);
  });
  return importAnswer(parameters, returnContent, names);
}

/** A row with the name it is stored under and the name it was sent with. */
type NamedRow = CheckedRow & {sentAs: string};

/** With forceAutoNumber in a project that numbers its records, each distinct name sent becomes the next number. */
function numberAutomatically({project, parameters, records}: Context, rows: CheckedRow[]): NamedRow[] {
  if (!parameters.flag('forceAutoNumber') || !project.definition.autonumbering) {
    return rows.map(row => ({...row, sentAs: row.record}));
  }
  const given = new Map<string, string>();
  let number = records.highestNumber(project);
  for (const {record} of rows) {
    if (given.has(nameKey(record))) continue;
    number += 1n;
    given.set(nameKey(record), String(number));
  }
  return rows.map(row => ({...row, sentAs: row.record, record: given.get(nameKey(row.record)) ?? row.record}));
}

interface TouchedRecord {
  record: StoredRecord;
  sentAs: string;
  created: boolean;
  changes: string[];
}

/** Stores checked rows; belongs inside a transaction. */
class ImportWriter {
  readonly #context: Context;
  readonly #overwrite: boolean;
  readonly #touched = new Map<string, TouchedRecord>();

  constructor(context: Context, overwrite: boolean) {
    this.#context = context;
    this.#overwrite = overwrite;
  }

  /** Names in order of first appearance, as stored and as sent. */
  store(rows: NamedRow[]): {name: string; sentAs: string}[] {
    for (const row of rows) this.#storeRow(row);
    const {database, project, records, time} = this.#context;
    for (const {record, created, changes} of this.#touched.values()) {
      if (changes.length === 0 && !created) continue;
      records.touch(record.id, time);
      writeLog(database, project.id, time, {
        class: created ? 'record_add' : 'record_edit',
        action: `${created ? 'Create' : 'Update'} record (API) ${record.name}`,
        details: changes.join(', '),
        record: record.name,
      });
    }
    return [...this.#touched.values()].map(({record, sentAs}) => ({name: record.name, sentAs}));
  }

  #recordOf(row: NamedRow): TouchedRecord {
    const key = nameKey(row.record);
    const known = this.#touched.get(key);
    if (known !== undefined) return known;
    const {project, records, time} = this.#context;
    const existing = records.find(project, row.record);
    const touched = {
      record: existing ?? records.create(project, row.record, time),
      sentAs: row.sentAs,
      created: existing === undefined,
      changes: [],
    };
    this.#touched.set(key, touched);
    return touched;
  }

  #storeRow(row: NamedRow): void {
    const {records} = this.#context;
    const touched = this.#recordOf(row);
    const {record, changes} = touched;
    const instance =
      row.instance === 'new' ? records.highestInstance(record.id, row.event, row.instrument) + 1 : row.instance;
    const key = {event: row.event, instrument: row.instrument, instance};
    const existing = records.readRow(record.id, key);
    const values = existing ?? {};
    const changed = this.#merge(values, row);
    if (existing === undefined || changed.length > 0) {
      records.writeRow(record.id, key, values);
      if (instance > 0) changes.push(`[instance = ${instance}]`);
      else if (changed.length === 0) changes.push(`${this.#context.project.dictionary.recordId} = '${record.name}'`);
      changes.push(...changed);
    }
    const base = {event: row.event, instrument: '', instance: 0};
    // an instance of an instrument stands beside the base row of its record and event
    if (row.instrument !== '' && records.readRow(record.id, base) === undefined) records.writeRow(record.id, base, {});
    this.#assignGroup(touched, row.group);
  }

  /** Puts the row's values into the stored ones; says what changed, as the log does. */
  #merge(values: Values, row: CheckedRow): string[] {
    const changes: string[] = [];
    const saved = new Set<string>();
    for (const {column, value} of row.values) {
      const isBox = column.choice !== undefined;
      if (value === '' && !this.#overwrite) continue;
      if (value !== '') saved.add(column.field.form);
      const before = values[column.name];
      const after = isBox && value === '0' ? '' : value;
      if ((before ?? '') === after) continue;
      if (after === '') delete values[column.name];
      else values[column.name] = after;
      const box = `${column.field.name}(${column.choice?.code}) = ${after === '1' ? 'checked' : 'unchecked'}`;
      changes.push(isBox ? box : `${column.name} = '${after}'`);
    }
    for (const form of saved) {
      const status = `${form}_complete`;
      if (values[status] !== undefined) continue;
      values[status] = '0';
      changes.push(`${status} = '0'`);
    }
    return changes;
  }

  #assignGroup(touched: TouchedRecord, group: string | undefined): void {
    if (group === undefined || (group === '' && !this.#overwrite)) return;
    if (group === touched.record.dag) return;
    this.#context.records.assignGroup(touched.record.id, group);
    touched.record.dag = group;
    touched.changes.push(`redcap_data_access_group = '${group}'`);
  }
}

function importAnswer(
  parameters: Parameters,
  returnContent: 'count' | 'ids' | 'auto_ids' | 'nothing',
  names: {name: string; sentAs: string}[],
): Answer {
  const format: Format = parameters.returnFormat;
  if (returnContent === 'nothing') return ok(format, '');
  if (returnContent === 'count') return ok(format, countText(format, names.length));
  const ids = names.map(({name, sentAs}) => (returnContent === 'ids' ? name : `${name},${sentAs}`));
  if (format === 'json') return ok(format, JSON.stringify(ids));
  if (format === 'csv') return ok(format, ['id', ...ids.map(id => csvCell(id, ','))].join('\n'));
  return ok(
    format,
    `${XML_HEAD}<ids>${ids.map(id => `<id>${id.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</id>`).join('')}</ids>`,
  );
}

/** The number an import reports, in the wished format. */
export function countText(format: Format, count: number): string {
  if (format === 'json') return JSON.stringify({count});
  return format === 'csv' ? String(count) : `${XML_HEAD}<count>${count}</count>`;
}
