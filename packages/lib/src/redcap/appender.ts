import {join} from 'node:path';
import {acquireLock} from '../fs/lock.ts';
import type {Connection} from './options.ts';
import type {ProjectCache} from './projectInfo.ts';
import type {Reader} from './reader.ts';
import {RedcapError} from './redcapError.ts';
import {keyText, type Row, sameRecordKey, type WriteRow} from './row.ts';
import type {Server} from './server.ts';
import {differences} from './verify.ts';
import type {Writer} from './writer.ts';

const mostRounds = 5;

/**
 * Stores rows as new instances: under the host-wide lock of this project read the highest numbers, write upwards from there,
 * read back. Where another writer took the number, the next one is tried. After a failure that may have reached the server it
 * is read first what is there.
 * @throws RedcapError; `rejected` when the server refuses a row, `timeout` when others hold the lock all the time
 */
export async function appendRows(
  rows: readonly WriteRow[],
  {
    server,
    cache,
    reader,
    writer,
    connection,
  }: {server: Server; cache: ProjectCache; reader: Reader; writer: Writer; connection: Connection},
): Promise<WriteRow[]> {
  if (rows.length === 0) return [];
  for (const row of rows)
    if (row.form === undefined) throw new TypeError('append is for repeating instruments: a row has no form');
  const {pidDir, http, signal} = connection;
  const path = join(pidDir, `redcap-append-${server.identity}.lock`);
  const lock = await acquireLock(path, {kind: 'exclusive', waitMs: http.totalSeconds * 1000, signal});
  if (!lock) {
    const kind = signal?.aborted ? 'interrupted' : 'timeout';
    throw server.error({
      kind,
      message: 'another process appends all the time',
      content: 'record',
      changes: true,
      attempts: 0,
    });
  }
  try {
    return await append(rows);
  } finally {
    lock.release();
  }

  async function append(wanted: readonly WriteRow[]): Promise<WriteRow[]> {
    const {fields} = await cache.dictionary();
    let stored = await readBack();
    let numbered = number(wanted, stored);
    for (let round = 1; ; round++) {
      const pending = numbered.filter(row => !isStored(row, stored));
      if (pending.length === 0) return numbered;
      if (round > mostRounds) {
        throw server.error({
          kind: 'incomplete',
          message: `${pending.length} new rows were not stored as sent`,
          content: 'record',
          changes: true,
          mayHaveHappened: true,
        });
      }
      // a number that somebody else filled meanwhile is given up
      const taken = pending.filter(row => stored.has(keyOf(row)));
      if (taken.length > 0) {
        const renumbered = number(
          taken,
          new Map([...stored, ...numbered.map(row => [keyOf(row), {...row, values: {}}] as const)]),
        );
        numbered = numbered.map(row => renumbered[taken.indexOf(row)] ?? row);
      }
      await send(numbered.filter(row => !isStored(row, stored)));
      stored = await readBack();
    }

    async function send(pending: readonly WriteRow[]): Promise<void> {
      try {
        const {rejected} = await writer.write(pending, {}, false);
        const refused = rejected.find(({kind}) => kind === 'rejected');
        if (!refused) return;
        const message = refused.reasons.map(reason => `${reason.field ?? ''}: ${reason.message}`).join('; ');
        throw server.error({kind: 'rejected', message, content: 'record', changes: true});
      } catch (error) {
        // whether it happened shows when it is read back
        if (!(error instanceof RedcapError) || !error.mayHaveHappened || error.exitCode !== 69) throw error;
      }
    }

    async function readBack(): Promise<Map<string, Row>> {
      const asked = [
        ...new Set(wanted.flatMap(row => Object.keys(row.values).map(column => column.replace(/___[a-z0-9_]+$/, '')))),
      ];
      const found = await reader.all({fields: asked, records: [...new Set(wanted.map(row => row.record))]});
      return new Map(found.map(row => [keyOf(row), row]));
    }

    function isStored(row: WriteRow, rowsStored: ReadonlyMap<string, Row>): boolean {
      const found = rowsStored.get(keyOf(row));
      return found !== undefined && differences([row], [found], fields, false).size === 0;
    }
  }
}

function keyOf(row: Row | WriteRow): string {
  return keyText({...row, record: sameRecordKey(row.record)});
}

/** Gives each row the next free number of its record, event and instrument. */
function number(rows: readonly WriteRow[], stored: ReadonlyMap<string, Row | WriteRow>): WriteRow[] {
  const highest = new Map<string, number>();
  const series = (row: Row | WriteRow) =>
    keyText({record: sameRecordKey(row.record), event: row.event, form: row.form});
  for (const row of stored.values())
    highest.set(series(row), Math.max(highest.get(series(row)) ?? 0, row.instance ?? 0));
  return rows.map(row => {
    const instance = (highest.get(series(row)) ?? 0) + 1;
    highest.set(series(row), instance);
    return {...row, instance};
  });
}
