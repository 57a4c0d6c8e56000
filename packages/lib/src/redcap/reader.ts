import {listParameters, maxVariables, type Parameter} from './form.ts';
import {parseNames} from './names.ts';
import type {Connection} from './options.ts';
import {exportColumns, type ProjectCache} from './projectInfo.ts';
import type {Query} from './redcap.ts';
import {kinds, RedcapError} from './redcapError.ts';
import {type Row, sameRecordKey} from './row.ts';
import {decodeRows, type RowShape} from './rowDecoder.ts';
import type {Server} from './server.ts';
import {earliestRedcapTime, formatRedcapSeconds} from './time.ts';
import {maxUnpackedBytes} from './transport.ts';

/** Exports of one project. */
export interface Reader {
  names(): Promise<string[]>;
  chunks(query: Query): AsyncGenerator<Row[]>;
  all(query: Query): Promise<Row[]>;
}

/** One export ready to be sent: everything but the names of the records. */
interface Export {
  parameters: Parameter[];
  shape: Omit<RowShape, 'asked'>;
}

/** token, content, format, returnFormat and some room */
const otherVariables = 10;
/** Records that did not come are asked for again in small groups. */
const secondLook = 10;
/** Attempts for the halves of a list that failed whole with all attempts. */
const attemptsOfHalves = 2;

export function createReader(server: Server, cache: ProjectCache, connection: Connection): Reader {
  const {clock, timeZone, limits, http} = connection;
  /** Shrinks when the server proves unable to answer for that many records. */
  let chunkSize = limits.exportRecords;

  async function prepare(query: Query): Promise<Export> {
    const {fields, project} = await cache.dictionary();
    const recordIdField = fields[0]?.name ?? '';
    const wanted = [recordIdField, ...(query.fields ?? []).filter(name => name !== recordIdField)];
    const columns = new Set<string>();
    for (const name of wanted) {
      const field = fields.find(known => known.name === name);
      for (const column of field ? exportColumns(field) : [name]) columns.add(column);
    }
    for (const form of query.forms ?? []) {
      for (const field of fields)
        if (field.form === form) for (const column of exportColumns(field)) columns.add(column);
      columns.add(`${form}_complete`);
    }
    const {since, until, filter} = query;
    const parameters: Parameter[] = [
      ['type', 'flat'],
      ['rawOrLabel', 'raw'],
      ...listParameters('fields', wanted),
      ...listParameters('forms', query.forms ?? []),
      ...listParameters('events', query.events ?? []),
      ...(since ? [['dateRangeBegin', earliestRedcapTime(since, serverNow(), timeZone)] as const] : []),
      ...(until ? [['dateRangeEnd', formatRedcapSeconds(until, timeZone)] as const] : []),
      ...(filter === undefined ? [] : [['filterLogic', filter] as const]),
    ];
    const {longitudinal, repeating} = project;
    return {parameters, shape: {recordIdField, longitudinal, repeating, columns: [...columns]}};
  }

  function serverNow(): Date {
    return new Date(clock.now().getTime() + Math.max(0, server.clockOffsetMs ?? 0));
  }

  function refuse(message: string): never {
    throw server.error({kind: 'incomplete', message, content: 'record', mayHaveHappened: true});
  }

  /** One request. Errors that a new dictionary may cure drop the cached one. */
  async function request(what: Export, names: readonly string[], attempts?: number, deadline?: number): Promise<Row[]> {
    const parameters = [...what.parameters, ...listParameters('records', names)];
    try {
      const rows = await server.call({
        content: 'record',
        parameters,
        expected: 'json',
        changes: false,
        repeatable: true,
        decode: value => decodeRows(value, {...what.shape, asked: names}),
        ...(attempts !== undefined && {attempts}),
        deadline,
      });
      return rows as Row[];
    } catch (error) {
      if (error instanceof RedcapError && (error.kind === 'rejected' || error.kind === 'incomplete'))
        await cache.drop();
      throw error;
    }
  }

  /** A list of records, halved as long as the server cannot answer for all of them. */
  async function fetchNamed(
    what: Export,
    names: readonly string[],
    deadline: number,
    attempts?: number,
  ): Promise<Row[]> {
    try {
      return await request(what, names, attempts, deadline);
    } catch (error) {
      if (!(error instanceof RedcapError) || names.length < 2 || !isHalved(error)) throw error;
      const half = Math.ceil(names.length / 2);
      chunkSize = Math.min(chunkSize, half);
      return [
        ...(await fetchNamed(what, names.slice(0, half), deadline, attemptsOfHalves)),
        ...(await fetchNamed(what, names.slice(half), deadline, attemptsOfHalves)),
      ];
    }
  }

  async function* fetchChunks(
    what: Export,
    names: readonly string[],
  ): AsyncGenerator<{asked: readonly string[]; rows: Row[]}> {
    const most = maxVariables - otherVariables - what.parameters.length;
    for (let start = 0; start < names.length; ) {
      const asked = names.slice(start, start + Math.max(1, Math.min(chunkSize, most)));
      yield {asked, rows: await fetchNamed(what, asked, clock.monotonic() + http.totalSeconds * 1000)};
      start += asked.length;
    }
  }

  async function allNames(): Promise<string[]> {
    const {parameters, shape} = await prepare({});
    const names = await server.call({
      content: 'record',
      parameters,
      expected: 'json',
      changes: false,
      repeatable: true,
      mostBytes: maxUnpackedBytes,
      parse: text => parseNames(text, shape.recordIdField),
      decode: value =>
        Array.isArray(value)
          ? {kind: 'ok', value}
          : {kind: 'malformed', message: 'the answer is not a list of record names'},
    });
    return names as string[];
  }

  /** Rows of records that should be there but did not come: asked for in small groups, then alone. */
  async function* lookAgain(what: Export, missing: readonly string[]): AsyncGenerator<Row[], string[]> {
    let absent = [...missing];
    for (const size of [secondLook, 1]) {
      const still: string[] = [];
      for (let start = 0; start < absent.length; start += size) {
        const asked = absent.slice(start, start + size);
        const rows = await request(what, asked);
        if (rows.length > 0) yield rows;
        still.push(...namesWithout(asked, rows));
      }
      absent = still;
      if (absent.length === 0) break;
    }
    return absent;
  }

  async function* named(query: Query, records: readonly string[]): AsyncGenerator<Row[]> {
    if (records.length === 0) return;
    const what = await prepare(query);
    for await (const {asked, rows} of fetchChunks(what, [...new Set(records)])) {
      yield rows;
      if (!query.mustExist) continue;
      const missing = yield* lookAgain(what, namesWithout(asked, rows));
      if (missing.length > 0) refuse(`${missing.length} records that must exist do not come`);
    }
  }

  async function* whole(query: Query): AsyncGenerator<Row[]> {
    const what = await prepare(query);
    const names = await allNames();
    const missing: string[] = [];
    for await (const {asked, rows} of fetchChunks(what, names)) {
      yield rows;
      missing.push(...namesWithout(asked, rows));
    }
    if (missing.length === 0) return;
    const absent = new Set(yield* lookAgain(what, missing));
    if (absent.size === 0) return;
    // what was deleted meanwhile is no longer listed, what came still is: otherwise the list is not to be trusted either
    const listed = new Set(await allNames());
    const came = names.filter(name => !absent.has(name));
    if (came.length === 0 || !came.every(name => listed.has(name)) || [...absent].some(name => listed.has(name))) {
      refuse(`${absent.size} records were listed but do not come`);
    }
  }

  async function* selected(query: Query): AsyncGenerator<Row[]> {
    try {
      yield await request(await prepare(query), []);
    } catch (error) {
      if (!(error instanceof RedcapError) || !isHalved(error)) throw error;
      // too much at once: first which records, then these in chunks
      const {since, until, filter, events} = query;
      const rows = await request(await prepare({since, until, filter, events}), []);
      yield* named({...query, since: undefined, until: undefined}, [...new Set(rows.map(row => row.record))]);
    }
  }

  function exported(query: Query): AsyncGenerator<Row[]> {
    if (query.records !== undefined) return named(query, query.records);
    const selecting =
      query.since !== undefined ||
      query.until !== undefined ||
      query.filter !== undefined ||
      query.events !== undefined;
    return selecting ? selected(query) : whole(query);
  }

  /** Rows of other instruments are dropped at the end only: until then they prove that their record came. */
  async function* chunks(query: Query): AsyncGenerator<Row[]> {
    for await (const rows of exported(query)) {
      yield query.onlyForm === undefined ? rows : rows.filter(row => (row.form ?? '') === query.onlyForm);
    }
  }

  return {
    chunks,
    names: allNames,
    all: async query => {
      const rows: Row[] = [];
      for await (const chunk of chunks(query)) for (const row of chunk) rows.push(row);
      return rows;
    },
  };
}

function isHalved(error: RedcapError): boolean {
  return kinds[error.kind].halved || (error.kind === 'gateway' && (error.status === 504 || error.status === 408));
}

function namesWithout(names: readonly string[], rows: readonly Row[]): string[] {
  const present = new Set(rows.map(row => sameRecordKey(row.record)));
  return names.filter(name => !present.has(sameRecordKey(name)));
}
