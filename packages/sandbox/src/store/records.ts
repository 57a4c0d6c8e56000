import type {DatabaseSync, StatementSync} from 'node:sqlite';
import type {Project, RowKey} from '../project/project.ts';
import {nameKey, sortKey} from './recordName.ts';

/** Values of a row: column -> text; a file field holds its document. Blank values are absent. */
export type Values = Record<string, string | FileValue>;

export interface FileValue {
  document: number;
  name: string;
}

export interface StoredRecord {
  id: number;
  name: string;
  dag: string;
}

export interface StoredRow extends RowKey {
  record: StoredRecord;
  values: Values;
}

/** Which records an export or delete is about. Names are compared without regard to case; unknown ones match nothing. */
export interface RecordSelection {
  names?: string[] | undefined;
  /** Last change, local time as text, inclusive. */
  changedFrom?: string | undefined;
  changedTo?: string | undefined;
}

const toRecord = (row: Record<string, unknown>): StoredRecord => ({
  id: Number(row.id),
  name: String(row.name),
  dag: String(row.dag),
});

/** From so many columns on the whole row is read. */
const MOST_SINGLE_COLUMNS = 16;

/** SQL that yields a JSON object of all values, or a JSON array of the few. */
function dataExpression(few: readonly string[] | undefined): string {
  if (few === undefined) return 'json(data)';
  // json_extract makes an array of two paths and more only
  return few.length === 0 ? "'[]'" : `json_extract(data, '$.-', ${few.map(() => '?').join(', ')})`;
}

function valuesFrom(json: string, few: readonly string[] | undefined): Values {
  if (few === undefined) return JSON.parse(json) as Values;
  if (few.length === 0) return {};
  const [, ...cells] = JSON.parse(json) as (Values[string] | null)[];
  const values: Values = {};
  for (const [index, column] of few.entries()) {
    const cell = cells[index];
    if (cell !== null && cell !== undefined) values[column] = cell;
  }
  return values;
}

/** Records and rows of one database connection. All changing calls belong inside a transaction. */
export class RecordStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  find(project: Project, name: string): StoredRecord | undefined {
    const row = this.#prepare('SELECT id, name, dag FROM record WHERE project = ? AND name_key = ?').get(
      project.id,
      nameKey(name),
    );
    return row === undefined ? undefined : toRecord(row);
  }

  /**
   * The selected records in record order, page by page. Every kind of selection goes through an index of its own, so that
   * the cost is that of the result; only a selection of everything is never held in memory as a whole.
   */
  *pages(project: Project, selection: RecordSelection, size: number): Generator<StoredRecord[]> {
    if (selection.names === undefined && selection.changedFrom === undefined) {
      yield* this.#pagesInOrder(project, selection, size);
      return;
    }
    const conditions = ['project = ?'];
    const parameters: (string | number)[] = [project.id];
    if (selection.names !== undefined) {
      conditions.push('name_key IN (SELECT value FROM json_each(?))');
      parameters.push(JSON.stringify(selection.names.map(nameKey)));
    }
    if (selection.changedFrom !== undefined) {
      conditions.push('modified >= ?');
      parameters.push(selection.changedFrom);
    }
    if (selection.changedTo !== undefined) {
      conditions.push('modified <= ?');
      parameters.push(selection.changedTo);
    }
    const index = selection.names === undefined ? 'record_modified' : 'record_name';
    const sql = `SELECT id, name, dag FROM record INDEXED BY ${index} WHERE ${conditions.join(' AND ')} ORDER BY sort_key`;
    const records = this.#prepare(sql)
      .all(...parameters)
      .map(toRecord);
    for (let start = 0; start < records.length; start += size) yield records.slice(start, start + size);
  }

  *#pagesInOrder(project: Project, selection: RecordSelection, size: number): Generator<StoredRecord[]> {
    const sql = `SELECT id, name, dag, sort_key FROM record INDEXED BY record_order
      WHERE project = ? AND sort_key > ? AND modified <= ? ORDER BY sort_key LIMIT ?`;
    let after = '';
    for (;;) {
      const rows = this.#prepare(sql).all(project.id, after, selection.changedTo ?? '9', size);
      if (rows.length === 0) return;
      after = String(rows.at(-1)?.sort_key);
      yield rows.map(toRecord);
    }
  }

  /**
   * Every row of the given records, in no particular order. With `columns` the rows hold at most these values: a few
   * columns, or none, are read at a fraction of the cost.
   */
  rowsOf(records: StoredRecord[], columns?: readonly string[]): Map<number, StoredRow[]> {
    const byId = new Map(records.map(record => [record.id, record]));
    const rows = new Map<number, StoredRow[]>(records.map(record => [record.id, []]));
    const few = columns !== undefined && columns.length <= MOST_SINGLE_COLUMNS ? columns : undefined;
    const paths = few?.map(column => `$.${column}`) ?? [];
    const sql = `SELECT record, event, instrument, instance, ${dataExpression(few)} AS data FROM row
      WHERE record IN (SELECT value FROM json_each(?)) ORDER BY record, event, instrument, instance`;
    for (const row of this.#prepare(sql).iterate(...paths, JSON.stringify([...byId.keys()]))) {
      const record = byId.get(Number(row.record));
      if (record === undefined) continue;
      rows.get(record.id)?.push({
        record,
        event: String(row.event),
        instrument: String(row.instrument),
        instance: Number(row.instance),
        values: valuesFrom(String(row.data), few),
      });
    }
    return rows;
  }

  readRow(recordId: number, key: RowKey): Values | undefined {
    const row = this.#prepare(
      'SELECT json(data) AS data FROM row WHERE record = ? AND event = ? AND instrument = ? AND instance = ?',
    ).get(recordId, key.event, key.instrument, key.instance);
    return row === undefined ? undefined : (JSON.parse(String(row.data)) as Values);
  }

  writeRow(recordId: number, key: RowKey, values: Values): void {
    this.#prepare(
      `INSERT INTO row (record, event, instrument, instance, data) VALUES (?, ?, ?, ?, jsonb(?))
       ON CONFLICT (record, event, instrument, instance) DO UPDATE SET data = excluded.data`,
    ).run(recordId, key.event, key.instrument, key.instance, JSON.stringify(values));
  }

  deleteRow(recordId: number, key: RowKey): void {
    this.#prepare('DELETE FROM row WHERE record = ? AND event = ? AND instrument = ? AND instance = ?').run(
      recordId,
      key.event,
      key.instrument,
      key.instance,
    );
  }

  /** Highest instance number of an instrument (or of a repeating event, instrument ''), 0 when there is none. */
  highestInstance(recordId: number, event: string, instrument: string): number {
    const row = this.#prepare(
      'SELECT max(instance) AS highest FROM row WHERE record = ? AND event = ? AND instrument = ?',
    ).get(recordId, event, instrument);
    return Number(row?.highest ?? 0);
  }

  create(project: Project, name: string, time: string): StoredRecord {
    const result = this.#prepare(
      'INSERT INTO record (project, name, name_key, sort_key, modified) VALUES (?, ?, ?, ?, ?)',
    ).run(project.id, name, nameKey(name), sortKey(name), time);
    return {id: Number(result.lastInsertRowid), name, dag: ''};
  }

  touch(recordId: number, time: string): void {
    this.#prepare('UPDATE record SET modified = ? WHERE id = ?').run(time, recordId);
  }

  assignGroup(recordId: number, dag: string): void {
    this.#prepare('UPDATE record SET dag = ? WHERE id = ?').run(dag, recordId);
  }

  rename(recordId: number, name: string, time: string): void {
    this.#prepare('UPDATE record SET name = ?, name_key = ?, sort_key = ?, modified = ? WHERE id = ?').run(
      name,
      nameKey(name),
      sortKey(name),
      time,
      recordId,
    );
  }

  /** Removes the record when it has no row left; says whether it did. */
  removeIfEmpty(recordId: number): boolean {
    const sql = 'DELETE FROM record WHERE id = ? AND NOT EXISTS (SELECT 1 FROM row WHERE record = ?)';
    return Number(this.#prepare(sql).run(recordId, recordId).changes) > 0;
  }

  remove(recordId: number): void {
    this.#prepare('DELETE FROM row WHERE record = ?').run(recordId);
    this.#prepare('DELETE FROM record WHERE id = ?').run(recordId);
  }

  /** Highest whole-number record name, 0 when there is none. */
  highestNumber(project: Project): bigint {
    const sql = `SELECT name FROM record WHERE project = ? AND sort_key < '1' ORDER BY sort_key DESC LIMIT 1`;
    const row = this.#prepare(sql).get(project.id);
    return row === undefined ? 0n : BigInt(String(row.name));
  }
}
