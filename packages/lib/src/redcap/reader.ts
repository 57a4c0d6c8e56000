import {type ExportPlan, planExport} from './exportPlan.ts';
import {listParameters, maxVariables} from './form.ts';
import {parseNames} from './names.ts';
import type {Connection} from './options.ts';
import type {ProjectCache} from './projectInfo.ts';
import type {Query} from './redcap.ts';
import {kinds, RedcapError} from './redcapError.ts';
import {type Row, sameRecordKey} from './row.ts';
import {decodeRows} from './rowDecoder.ts';
import type {Server} from './server.ts';
import {maxUnpackedBytes} from './transport.ts';

/** token, content, format, returnFormat and some room */
const otherVariables = 10;
/** Records that did not come are asked for again in small groups, then alone. */
const secondLooks = [10, 1];
/** Attempts for the halves of a list that failed whole with all attempts. */
const attemptsOfHalves = 2;

/** Exports of one project: in chunks, every answer checked against what was asked. */
export class Reader {
  readonly #server: Server;
  readonly #cache: ProjectCache;
  readonly #connection: Connection;
  /** Shrinks when the server proves unable to answer for that many records. */
  #chunkSize: number;

  constructor(server: Server, cache: ProjectCache, connection: Connection) {
    this.#server = server;
    this.#cache = cache;
    this.#connection = connection;
    this.#chunkSize = connection.limits.exportRecords;
  }

  /** All rows of a query. @throws RedcapError */
  async all(query: Query): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of this.chunks(query)) for (const row of chunk) rows.push(row);
    return rows;
  }

  /** The rows of a query, some records at a time. @throws RedcapError */
  async *chunks(query: Query): AsyncGenerator<Row[]> {
    for await (const rows of this.#exported(query)) {
      // only now: until here the rows of other instruments prove that their record came
      yield query.onlyForm === undefined ? rows : rows.filter(row => (row.form ?? '') === query.onlyForm);
    }
  }

  /** Names of all records, in REDCap's order. @throws RedcapError */
  async names(): Promise<string[]> {
    const {parameters, shape} = await this.#plan({});
    const names = await this.#server.call({
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

  #exported(query: Query): AsyncGenerator<Row[]> {
    if (query.records !== undefined) return this.#named(query, query.records);
    const {since, until, filter, events} = query;
    return [since, until, filter, events].some(part => part !== undefined) ? this.#selected(query) : this.#whole(query);
  }

  /** Records by name; one without rows does not exist. */
  async *#named(query: Query, records: readonly string[]): AsyncGenerator<Row[]> {
    if (records.length === 0) return;
    const plan = await this.#plan(query);
    for await (const {asked, rows} of this.#inChunks(plan, [...new Set(records)])) {
      yield rows;
      if (!query.mustExist) continue;
      const missing = yield* this.#lookAgain(plan, namesWithout(asked, rows));
      if (missing.length > 0) this.#refuse(`${missing.length} records that must exist do not come`);
    }
  }

  /** The whole project: its names, then their rows, then whatever did not come. */
  async *#whole(query: Query): AsyncGenerator<Row[]> {
    const plan = await this.#plan(query);
    const names = await this.names();
    const missing: string[] = [];
    for await (const {asked, rows} of this.#inChunks(plan, names)) {
      yield rows;
      missing.push(...namesWithout(asked, rows));
    }
    if (missing.length === 0) return;
    const absent = new Set(yield* this.#lookAgain(plan, missing));
    if (absent.size === 0) return;
    // what was deleted meanwhile is no longer listed, what came still is: otherwise the list is not to be trusted either
    const listed = new Set(await this.names());
    const came = names.filter(name => !absent.has(name));
    if (came.length === 0 || !came.every(name => listed.has(name)) || [...absent].some(name => listed.has(name))) {
      this.#refuse(`${absent.size} records were listed but do not come`);
    }
  }

  /** What the server selects (changed since, filter) in one request; when that is too much, first which records, then these. */
  async *#selected(query: Query): AsyncGenerator<Row[]> {
    try {
      yield await this.#request(await this.#plan(query), []);
    } catch (error) {
      if (!isHalved(error)) throw error;
      const {since, until, filter, events} = query;
      const rows = await this.#request(await this.#plan({since, until, filter, events}), []);
      const records = [...new Set(rows.map(row => row.record))];
      yield* this.#named({...query, since: undefined, until: undefined}, records);
    }
  }

  async *#inChunks(
    plan: ExportPlan,
    names: readonly string[],
  ): AsyncGenerator<{asked: readonly string[]; rows: Row[]}> {
    const {clock, http} = this.#connection;
    const most = maxVariables - otherVariables - plan.parameters.length;
    for (let start = 0; start < names.length; ) {
      const asked = names.slice(start, start + Math.max(1, Math.min(this.#chunkSize, most)));
      yield {asked, rows: await this.#halving(plan, asked, clock.monotonic() + http.totalSeconds * 1000)};
      start += asked.length;
    }
  }

  /** Rows of a list of records, which is halved as long as the server cannot answer for all of them. */
  async #halving(plan: ExportPlan, names: readonly string[], deadline: number, attempts?: number): Promise<Row[]> {
    try {
      return await this.#request(plan, names, {deadline, ...(attempts !== undefined && {attempts})});
    } catch (error) {
      if (names.length < 2 || !isHalved(error)) throw error;
      const half = Math.ceil(names.length / 2);
      this.#chunkSize = Math.min(this.#chunkSize, half);
      const first = await this.#halving(plan, names.slice(0, half), deadline, attemptsOfHalves);
      return [...first, ...(await this.#halving(plan, names.slice(half), deadline, attemptsOfHalves))];
    }
  }

  /** Yields the rows of records that should have come; @returns the names that still did not */
  async *#lookAgain(plan: ExportPlan, missing: readonly string[]): AsyncGenerator<Row[], readonly string[]> {
    let absent = missing;
    for (const size of secondLooks) {
      const still: string[] = [];
      for (let start = 0; start < absent.length; start += size) {
        const asked = absent.slice(start, start + size);
        const rows = await this.#request(plan, asked);
        if (rows.length > 0) yield rows;
        still.push(...namesWithout(asked, rows));
      }
      absent = still;
    }
    return absent;
  }

  /** One request. Errors that a new dictionary may cure drop the cached one. */
  async #request(
    plan: ExportPlan,
    names: readonly string[],
    limits: {attempts?: number; deadline?: number} = {},
  ): Promise<Row[]> {
    try {
      const rows = await this.#server.call({
        content: 'record',
        parameters: [...plan.parameters, ...listParameters('records', names)],
        expected: 'json',
        changes: false,
        repeatable: true,
        decode: value => decodeRows(value, {...plan.shape, asked: names}),
        ...limits,
      });
      return rows as Row[];
    } catch (error) {
      if (error instanceof RedcapError && (error.kind === 'rejected' || error.kind === 'incomplete')) {
        await this.#cache.drop();
      }
      throw error;
    }
  }

  async #plan(query: Query): Promise<ExportPlan> {
    const {clock, timeZone} = this.#connection;
    const serverNow = clock.now().getTime() + Math.max(0, this.#server.clockOffsetMs ?? 0);
    return planExport(query, await this.#cache.dictionary(), new Date(serverNow), timeZone);
  }

  #refuse(message: string): never {
    throw this.#server.error({kind: 'incomplete', message, content: 'record', mayHaveHappened: true});
  }
}

function isHalved(error: unknown): boolean {
  if (!(error instanceof RedcapError)) return false;
  return kinds[error.kind].halved || (error.kind === 'gateway' && (error.status === 504 || error.status === 408));
}

function namesWithout(names: readonly string[], rows: readonly Row[]): string[] {
  const present = new Set(rows.map(row => sameRecordKey(row.record)));
  return names.filter(name => !present.has(sameRecordKey(name)));
}
