import type {DatabaseSync} from 'node:sqlite';
import {isRecordName, nameKey} from '../store/recordName.ts';
import type {RecordStore, Values} from '../store/records.ts';
import type {ProjectFile} from './loadFormat.ts';
import {firstEvent, formBelongs, isRepeatingEvent, isRepeatingForm, type Project, type RowKey} from './project.ts';

const SYSTEM = new Set([
  'redcap_event_name',
  'redcap_repeat_instrument',
  'redcap_repeat_instance',
  'redcap_data_access_group',
]);

/** A row of a project file on its way into the store. */
interface RestoredRow {
  name: string;
  group: string;
  key: RowKey;
  values: Values;
}

type DataRow = ProjectFile['data'][number];

const textOf = (value: DataRow[string] | undefined): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
};

/**
 * Turns the data of a project file into rows as they are: no validation of values, calculated ones included.
 * @returns the rows, or every problem with its place
 */
export function readData(project: Project, data: DataRow[]): {rows: RestoredRow[]; problems: string[]} {
  const problems: string[] = [];
  const rows: RestoredRow[] = [];
  const seen = new Set<string>();
  for (const [index, row] of data.entries()) {
    const before = problems.length;
    const problem = (text: string): void => {
      problems.push(`data[${index}]: ${text}`);
    };
    const name = textOf(row[project.dictionary.recordId]).trim();
    if (!isRecordName(name)) problem(`${project.dictionary.recordId} is missing or no record name`);
    const key = keyOf(project, row, problem);
    const unique = [nameKey(name), key.event, key.instrument, key.instance].join('\n');
    if (seen.has(unique)) problem('the same record, event, instrument and instance occur twice');
    seen.add(unique);
    const values = valuesOf(project, row, key, problem);
    if (problems.length === before) rows.push({name, group: textOf(row.redcap_data_access_group), key, values});
  }
  return {rows, problems};
}

function keyOf(project: Project, row: DataRow, problem: (text: string) => void): RowKey {
  const event = textOf(row.redcap_event_name) || firstEvent(project);
  const instrument = textOf(row.redcap_repeat_instrument);
  const instance = textOf(row.redcap_repeat_instance);
  if (event !== firstEvent(project) && !project.events.has(event)) problem(`event ${event} is not among the events`);
  const repeats = instrument === '' ? isRepeatingEvent(project, event) : isRepeatingForm(project, instrument, event);
  if (instrument !== '' && !repeats) problem(`${instrument} is no repeating instrument here`);
  if (repeats && !/^[1-9]\d{0,8}$/.test(instance)) problem('redcap_repeat_instance is missing or no whole number');
  if (!repeats && instrument === '' && instance !== '') problem('redcap_repeat_instance on a row that does not repeat');
  return {event, instrument, instance: repeats ? Number(instance) : 0};
}

function valuesOf(project: Project, row: DataRow, key: RowKey, problem: (text: string) => void): Values {
  const values: Values = {};
  const forms = new Set<string>();
  for (const [name, sent] of Object.entries(row)) {
    if (SYSTEM.has(name) || name === project.dictionary.recordId) continue;
    const column = project.dictionary.columns.get(name);
    const value = textOf(sent);
    if (column === undefined) problem(`column ${name.slice(0, 100)} is not in the dictionary`);
    else if (value !== '' && !(column.choice !== undefined && value === '0')) {
      if (formBelongs(project, column.field.form, key)) {
        values[name] = value;
        forms.add(column.field.form);
      } else problem(`column ${name} does not belong to this event or instrument`);
    }
  }
  for (const form of forms) values[`${form}_complete`] ??= '0';
  return values;
}

/** Stores restored rows; belongs inside a transaction. A file name becomes an empty document of that name. */
export function storeData(
  database: DatabaseSync,
  records: RecordStore,
  project: Project,
  rows: RestoredRow[],
  time: string,
): void {
  const known = new Map<string, number>();
  for (const row of rows) {
    let id = known.get(nameKey(row.name));
    if (id === undefined) {
      id = records.create(project, row.name, time).id;
      known.set(nameKey(row.name), id);
    }
    if (row.group !== '') records.assignGroup(id, row.group);
    records.writeRow(id, row.key, withDocuments(database, project, row.values));
  }
}

function withDocuments(database: DatabaseSync, project: Project, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string' || project.dictionary.columns.get(name)?.field.type !== 'file')
        return [name, value];
      const result = database
        .prepare(
          `INSERT INTO document (project, name, type, bytes) VALUES (?, ?, 'application/octet-stream', zeroblob(0))`,
        )
        .run(project.id, value);
      return [name, {document: Number(result.lastInsertRowid), name: value}];
    }),
  );
}
