import {shortHash} from '../cli/shortHash.ts';
import {type ImportPlan, importData, planBatches, planImport, type RecordImport} from './importPlan.ts';
import type {Connection} from './options.ts';
import type {ProjectCache} from './projectInfo.ts';
import type {Reader} from './reader.ts';
import type {Rejected, WriteOptions, Written} from './redcap.ts';
import {type ImportLine, RedcapError} from './redcapError.ts';
import {sameRecordKey, type WriteRow} from './row.ts';
import type {Server} from './server.ts';
import {differences} from './verify.ts';

/** Imports of one project. */
export interface Writer {
  /** @param repeatable false: a failure that may have reached the server is not tried again */
  write(rows: readonly WriteRow[], options?: WriteOptions, repeatable?: boolean): Promise<Written>;
}

/** How one call of `write` sends its imports. */
interface Manner {
  overwrite: boolean;
  repeatable: boolean;
}

export function createWriter(
  server: Server,
  cache: ProjectCache,
  reader: Reader,
  {limits, log, project}: Connection,
): Writer {
  /** Unknown columns and codes may only be new ones: then the dictionary is asked for once more. */
  async function plan(rows: readonly WriteRow[], overwrite: boolean): Promise<ImportPlan> {
    const first = planImport(rows, await cache.dictionary(), overwrite);
    if (first.unknownColumns.length === 0 && first.rejected.length === 0) return first;
    await cache.drop();
    const again = planImport(rows, await cache.dictionary(), overwrite);
    if (again.unknownColumns.length > 0) {
      throw server.error({
        kind: 'rejected',
        message: 'columns that the project does not have or that cannot be imported',
        hint: `add to the data dictionary or leave out: ${again.unknownColumns.join(', ')}`,
        content: 'record',
        changes: true,
      });
    }
    return again;
  }

  async function write(
    rows: readonly WriteRow[],
    {overwrite = false, verify = 'ids'}: WriteOptions = {},
    repeatable = true,
  ): Promise<Written> {
    if (rows.length === 0) return {written: [], rejected: []};
    const {records, rejected} = await plan(rows, overwrite);
    const result: Written = {written: [], rejected: [...rejected]};
    try {
      for (const batch of planBatches(records, limits)) await importBatch(batch, {overwrite, repeatable}, result);
      if (verify === 'values') await compare(rows, overwrite, result);
    } catch (error) {
      if (error instanceof RedcapError) error.written = result.written;
      throw error;
    }
    for (const {record, kind, reasons} of result.rejected) {
      const why = reasons.map(reason => `${reason.field ?? ''}: ${reason.message}`).join('; ');
      log.warn(`REDCap ${project}: ${kind} record ${namedSafely(record)}: ${why}`);
    }
    return result;
  }

  /** Sends one import; what the server names as bad is taken out and the rest sent again. */
  async function importBatch(batch: readonly RecordImport[], manner: Manner, result: Written): Promise<void> {
    if (batch.length === 0) return;
    try {
      confirm(batch, await send(batch, manner), result);
    } catch (error) {
      if (!(error instanceof RedcapError)) throw error;
      if (error.kind === 'rejected') {
        await cache.drop();
        if (error.lines.length === 0) throw error;
        return sendRest(batch, error.lines, manner, result);
      }
      if (error.kind !== 'tooLarge' || batch.length < 2) throw error;
      return halve(batch, manner, result);
    }
  }

  function send(batch: readonly RecordImport[], {overwrite, repeatable}: Manner): Promise<unknown> {
    return server.call({
      content: 'record',
      parameters: [
        ['type', 'flat'],
        ['overwriteBehavior', overwrite ? 'overwrite' : 'normal'],
        ['forceAutoNumber', 'false'],
        ['returnContent', 'ids'],
      ],
      encoded: importData(batch),
      expected: 'json',
      changes: true,
      repeatable,
    });
  }

  async function sendRest(
    batch: readonly RecordImport[],
    lines: readonly ImportLine[],
    manner: Manner,
    result: Written,
  ): Promise<void> {
    const bad = new Map<string, Rejected['reasons']>();
    for (const {record, field, message} of lines) {
      const key = sameRecordKey(record);
      bad.set(key, [...(bad.get(key) ?? []), {field, message}]);
    }
    const rest = batch.filter(({record}) => !bad.has(sameRecordKey(record)));
    // the one that stands alone is the offending one, whatever name the line gives it
    if (batch.length === 1 || rest.length < batch.length) {
      for (const {record} of batch) {
        const reasons = bad.get(sameRecordKey(record)) ?? (batch.length === 1 ? [...bad.values()].flat() : undefined);
        if (reasons) result.rejected.push({record, kind: 'rejected', reasons});
      }
      if (batch.length > 1) await importBatch(rest, manner, result);
      return;
    }
    await halve(batch, manner, result);
  }

  async function halve(batch: readonly RecordImport[], manner: Manner, result: Written): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await importBatch(batch.slice(0, half), manner, result);
    await importBatch(batch.slice(half), manner, result);
  }

  function confirm(batch: readonly RecordImport[], answer: unknown, result: Written): void {
    if (!Array.isArray(answer)) {
      throw server.error({
        kind: 'malformed',
        message: 'the import is not confirmed by a list of records',
        content: 'record',
        changes: true,
        mayHaveHappened: true,
      });
    }
    const confirmed = new Set(answer.map(name => sameRecordKey(String(name))));
    for (const {record} of batch) {
      if (confirmed.has(sameRecordKey(record))) result.written.push(record);
      else
        result.rejected.push({
          record,
          kind: 'incomplete',
          reasons: [{message: 'the server did not confirm this record'}],
        });
    }
  }

  async function compare(rows: readonly WriteRow[], overwrite: boolean, result: Written): Promise<void> {
    const {fields} = await cache.dictionary();
    const written = new Set(result.written.map(sameRecordKey));
    const sent = rows.filter(row => written.has(sameRecordKey(row.record)));
    const asked = [
      ...new Set(sent.flatMap(row => Object.keys(row.values).map(column => column.replace(/___[a-z0-9_]+$/, '')))),
    ];
    const stored = await reader.all({fields: asked, records: result.written});
    const wrong = differences(sent, stored, fields, overwrite);
    result.written = result.written.filter(record => !wrong.has(sameRecordKey(record)));
    for (const [, {record, columns}] of wrong) {
      const reasons = columns.map(field => ({field, message: 'REDCap holds another value than was sent'}));
      result.rejected.push({record, kind: 'incomplete', reasons});
    }
  }

  return {write};
}

/** A study's UID may stand in the log; any other record name may be a person's pseudonym. */
function namedSafely(record: string): string {
  return /^[0-9]+(?:\.[0-9]+){2,}$/.test(record) ? record : shortHash(record);
}
