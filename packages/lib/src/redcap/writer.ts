import {shortHash} from '../cli/shortHash.ts';
import {type ImportPlan, importData, planBatches, planImport, type RecordImport} from './importPlan.ts';
import type {Connection} from './options.ts';
import {baseFieldNames, type ProjectCache} from './projectInfo.ts';
import type {Reader} from './reader.ts';
import type {Rejected, WriteOptions, Written} from './redcap.ts';
import {type ImportLine, RedcapError} from './redcapError.ts';
import {sameRecordKey, type WriteRow} from './row.ts';
import type {Server} from './server.ts';
import {differences} from './verify.ts';

/** How one call of `write` sends its imports, and what became of them so far. */
interface Progress extends Written {
  overwrite: boolean;
  /** False: a failure that may have reached the server is not tried again. */
  repeatable: boolean;
}

/** Imports of one project: nothing counts as written before the server confirmed it, record by record. */
export class Writer {
  readonly #server: Server;
  readonly #cache: ProjectCache;
  readonly #reader: Reader;
  readonly #connection: Connection;

  constructor(server: Server, cache: ProjectCache, reader: Reader, connection: Connection) {
    this.#server = server;
    this.#cache = cache;
    this.#reader = reader;
    this.#connection = connection;
  }

  /**
   * Stores rows; one that REDCap refuses does not hold up the others.
   * @throws RedcapError, which names in `written` what was stored before; TypeError on a mistake of the caller
   */
  async write(
    rows: readonly WriteRow[],
    {overwrite = false, verify = 'ids'}: WriteOptions = {},
    repeatable = true,
  ): Promise<Written> {
    if (rows.length === 0) return {written: [], rejected: []};
    const {records, rejected} = await this.#plan(rows, overwrite);
    const progress: Progress = {overwrite, repeatable, written: [], rejected: [...rejected]};
    try {
      for (const batch of planBatches(records, this.#connection.limits)) await this.#import(batch, progress);
      if (verify === 'values') await this.#compare(rows, progress);
    } catch (error) {
      if (error instanceof RedcapError) error.written = progress.written;
      throw error;
    }
    this.#report(progress.rejected);
    return {written: progress.written, rejected: progress.rejected};
  }

  /** Unknown columns and codes may only be new ones: then the dictionary is asked for once more. */
  async #plan(rows: readonly WriteRow[], overwrite: boolean): Promise<ImportPlan> {
    const first = planImport(rows, await this.#cache.dictionary(), overwrite);
    if (first.unknownColumns.length === 0 && first.rejected.length === 0) return first;
    await this.#cache.drop();
    const again = planImport(rows, await this.#cache.dictionary(), overwrite);
    if (again.unknownColumns.length === 0) return again;
    throw this.#server.error({
      kind: 'rejected',
      message: 'columns that the project does not have or that cannot be imported',
      hint: `add to the data dictionary or leave out: ${again.unknownColumns.join(', ')}`,
      content: 'record',
      changes: true,
    });
  }

  /** Sends one import; what the server names as bad is taken out and the rest sent again. */
  async #import(batch: readonly RecordImport[], progress: Progress): Promise<void> {
    if (batch.length === 0) return;
    try {
      this.#confirm(batch, await this.#send(batch, progress), progress);
    } catch (error) {
      if (!(error instanceof RedcapError)) throw error;
      if (error.kind === 'rejected') {
        await this.#cache.drop();
        // not about a record, but about all of them
        if (error.lines.length === 0) throw error;
        await this.#importRest(batch, error.lines, progress);
      } else if (error.kind === 'tooLarge' && batch.length > 1) {
        await this.#importHalves(batch, progress);
      } else {
        throw error;
      }
    }
  }

  #send(batch: readonly RecordImport[], {overwrite, repeatable}: Progress): Promise<unknown> {
    return this.#server.call({
      content: 'record',
      parameters: [
        ['type', 'flat'],
        ['overwriteBehavior', overwrite ? 'overwrite' : 'normal'],
        ['forceAutoNumber', 'false'],
        ['returnContent', 'ids'],
      ],
      encoded: importData(batch),
      expected: 'json',
      decode: value =>
        Array.isArray(value)
          ? {kind: 'ok', value}
          : {kind: 'malformed', message: 'the import is not confirmed by a list of records'},
      changes: true,
      repeatable,
    });
  }

  #confirm(batch: readonly RecordImport[], answer: unknown, progress: Progress): void {
    const confirmed = new Set((answer as unknown[]).map(name => sameRecordKey(String(name))));
    for (const {record} of batch) {
      if (confirmed.has(sameRecordKey(record))) progress.written.push(record);
      else {
        const reasons = [{message: 'the server did not confirm this record'}];
        progress.rejected.push({record, kind: 'incomplete', reasons});
      }
    }
  }

  async #importRest(batch: readonly RecordImport[], lines: readonly ImportLine[], progress: Progress): Promise<void> {
    const bad = new Map<string, Rejected['reasons']>();
    for (const {record, field, message} of lines) {
      const key = sameRecordKey(record);
      bad.set(key, [...(bad.get(key) ?? []), {field, message}]);
    }
    const [only] = batch;
    if (only && batch.length === 1) {
      // the one that stands alone is the offending one, whatever name the lines give it
      progress.rejected.push({record: only.record, kind: 'rejected', reasons: [...bad.values()].flat()});
      return;
    }
    const rest = batch.filter(({record}) => !bad.has(sameRecordKey(record)));
    if (rest.length === batch.length) return this.#importHalves(batch, progress);
    for (const {record} of batch) {
      const reasons = bad.get(sameRecordKey(record));
      if (reasons) progress.rejected.push({record, kind: 'rejected', reasons});
    }
    await this.#import(rest, progress);
  }

  async #importHalves(batch: readonly RecordImport[], progress: Progress): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await this.#import(batch.slice(0, half), progress);
    await this.#import(batch.slice(half), progress);
  }

  /** Reads the written fields back. */
  async #compare(rows: readonly WriteRow[], progress: Progress): Promise<void> {
    const {fields} = await this.#cache.dictionary();
    const written = new Set(progress.written.map(sameRecordKey));
    const sent = rows.filter(row => written.has(sameRecordKey(row.record)));
    const stored = await this.#reader.all({fields: baseFieldNames(sent, fields), records: progress.written});
    const wrong = differences(sent, stored, fields, progress.overwrite);
    progress.written = progress.written.filter(record => !wrong.has(sameRecordKey(record)));
    for (const {record, columns} of wrong.values()) {
      const reasons = columns.map(field => ({field, message: 'REDCap holds another value than was sent'}));
      progress.rejected.push({record, kind: 'incomplete', reasons});
    }
  }

  #report(rejected: readonly Rejected[]): void {
    const {log, project} = this.#connection;
    for (const {record, kind, reasons} of rejected) {
      const why = reasons
        .map(({field, message}) => (field === undefined ? message : `${field}: ${message}`))
        .join('; ');
      log.warn(`REDCap ${project}: ${kind} record ${namedSafely(record)}: ${why}`);
    }
  }
}

/** A study's UID may stand in the log; any other record name may be a person's pseudonym. */
function namedSafely(record: string): string {
  return /^[0-9]+(?:\.[0-9]+){2,}$/.test(record) ? record : shortHash(record);
}
