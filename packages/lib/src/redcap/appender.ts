import {join} from 'node:path';
import {exitCode} from '../cli/exitCode.ts';
import {acquireLock} from '../fs/lock.ts';
import type {Connection} from './options.ts';
import {baseFieldNames, type Field, type ProjectCache} from './projectInfo.ts';
import type {Reader} from './reader.ts';
import {RedcapError, type RedcapErrorKind} from './redcapError.ts';
import {keyText, type Row, sameRecordKey, type WriteRow} from './row.ts';
import type {Server} from './server.ts';
import {differences} from './verify.ts';
import type {Writer} from './writer.ts';

const mostRounds = 5;

interface Parts {
  server: Server;
  cache: ProjectCache;
  reader: Reader;
  writer: Writer;
  connection: Connection;
}

/** What REDCap holds of the records concerned, by {@link keyOf}. */
type Stored = ReadonlyMap<string, Row>;

/**
 * Stores rows as new instances of repeating instruments, under the host-wide lock of this project: REDCap itself knows no
 * transaction over two calls.
 * @returns the rows with their numbers
 * @throws RedcapError: `rejected` when the server refuses a row, `timeout` when others hold the lock all the time
 */
export async function appendRows(rows: readonly WriteRow[], parts: Parts): Promise<WriteRow[]> {
  if (rows.length === 0) return [];
  if (rows.some(row => row.form === undefined)) throw new TypeError('a row to append has no repeating instrument');
  const {server, connection} = parts;
  const {pidDir, http, signal} = connection;
  const path = join(pidDir, `redcap-append-${server.identity}.lock`);
  const lock = await acquireLock(path, {kind: 'exclusive', waitMs: http.totalSeconds * 1000, signal});
  if (!lock) {
    throw failed(server, signal?.aborted ? 'interrupted' : 'timeout', `another process holds ${path} all the time`);
  }
  try {
    return await appendLocked(rows, parts);
  } finally {
    lock.release();
  }
}

/** Reads the highest numbers, writes upwards from there, reads back; what is not there as sent goes round again. */
async function appendLocked(rows: readonly WriteRow[], parts: Parts): Promise<WriteRow[]> {
  const {fields} = await parts.cache.dictionary();
  let stored = await readStored(rows, fields, parts);
  let numbered = numberUpwards(rows, [...stored.values()]);
  for (let round = 0; ; round++) {
    const pending = numbered.filter(row => !isStored(row, stored, fields));
    if (pending.length === 0) return numbered;
    if (round === mostRounds) {
      throw failed(parts.server, 'incomplete', `${pending.length} new rows were not stored as sent`);
    }
    numbered = withoutTaken(numbered, pending, stored);
    await send(
      numbered.filter(row => !isStored(row, stored, fields)),
      parts,
    );
    stored = await readStored(rows, fields, parts);
  }
}

/** A record that does not come is asked for a second time: to number from 1 what REDCap has already would overwrite it. */
async function readStored(rows: readonly WriteRow[], fields: readonly Field[], {reader}: Parts): Promise<Stored> {
  const asked = baseFieldNames(rows, fields);
  const names = [...new Set(rows.map(row => row.record))];
  const first = await reader.all({fields: asked, records: names});
  const came = new Set(first.map(row => sameRecordKey(row.record)));
  const absent = names.filter(name => !came.has(sameRecordKey(name)));
  const second = await reader.all({fields: asked, records: absent});
  return new Map([...first, ...second].map(row => [keyOf(row), row]));
}

async function send(rows: readonly WriteRow[], {writer, server}: Parts): Promise<void> {
  try {
    const {rejected} = await writer.write(rows, {}, false);
    const refused = rejected.find(({kind}) => kind === 'rejected');
    if (!refused) return;
    const reasons = refused.reasons.map(({field, message}) => `${field ?? ''}: ${message}`);
    throw failed(server, 'rejected', reasons.join('; '));
  } catch (error) {
    // after a failure that may have reached the server it is read first what is there
    const unknown = error instanceof RedcapError && error.mayHaveHappened && error.exitCode === exitCode.unavailable;
    if (!unknown) throw error;
  }
}

/** A number that somebody else filled meanwhile is given up for a higher one. */
function withoutTaken(numbered: readonly WriteRow[], pending: readonly WriteRow[], stored: Stored): WriteRow[] {
  const taken = pending.filter(row => stored.has(keyOf(row)));
  const renumbered = numberUpwards(taken, [...stored.values(), ...numbered]);
  return numbered.map(row => renumbered[taken.indexOf(row)] ?? row);
}

/** Gives each row the next free number of its record, event and instrument. */
function numberUpwards(rows: readonly WriteRow[], known: readonly (Row | WriteRow)[]): WriteRow[] {
  const highest = new Map<string, number>();
  const counter = ({record, event, form}: Row | WriteRow) => keyText({record: sameRecordKey(record), event, form});
  for (const row of known) {
    highest.set(counter(row), Math.max(highest.get(counter(row)) ?? 0, row.instance ?? 0));
  }
  return rows.map(row => {
    const instance = (highest.get(counter(row)) ?? 0) + 1;
    highest.set(counter(row), instance);
    return {...row, instance};
  });
}

function isStored(row: WriteRow, stored: Stored, fields: readonly Field[]): boolean {
  const found = stored.get(keyOf(row));
  return found !== undefined && differences([row], [found], fields, false).size === 0;
}

function keyOf(row: Row | WriteRow): string {
  return keyText({...row, record: sameRecordKey(row.record)});
}

function failed(server: Server, kind: RedcapErrorKind, message: string): RedcapError {
  return server.error({kind, message, content: 'record', changes: true, mayHaveHappened: kind === 'incomplete'});
}
