import {appendRows} from './appender.ts';
import {createFiles} from './files.ts';
import type {Parameter} from './form.ts';
import {type Connection, type ConnectOptions, defaultHttp, defaultLimits} from './options.ts';
import {createProjectCache, fetchEvents, fetchList} from './projectInfo.ts';
import {Reader} from './reader.ts';
import type {LogEntry, Redcap} from './redcap.ts';
import {removeRecords} from './remover.ts';
import {Server} from './server.ts';
import {formatRedcapTime} from './time.ts';
import {Writer} from './writer.ts';

/**
 * One REDCap project, seen with one token. Nothing is sent before the first call.
 * @throws RedcapError when address, token or CA file cannot be right
 */
export function connect(options: ConnectOptions): Redcap {
  const connection: Connection = {
    ...options,
    http: {...defaultHttp, ...options.http},
    limits: {...defaultLimits, ...options.limits},
  };
  const server = new Server(connection);
  const cache = createProjectCache(server, connection.stateDir, connection.clock);
  const reader = new Reader(server, cache, connection);
  const writer = new Writer(server, cache, reader, connection);
  return {
    name: connection.project,
    get identity() {
      return server.identity;
    },
    timeZone: connection.timeZone,
    get requests() {
      return server.requests;
    },
    get clockOffsetMs() {
      return server.clockOffsetMs;
    },
    read: query => reader.all(query),
    readChunks: query => reader.chunks(query),
    names: () => reader.names(),
    write: (rows, writeOptions) => writer.write(rows, writeOptions),
    append: rows => appendRows(rows, {server, cache, reader, writer, connection}),
    remove: (names, removeOptions = {}) => removeRecords(server, names, removeOptions),
    project: async () => (await cache.dictionary()).project,
    metadata: async () => (await cache.dictionary()).fields,
    events: async () => ((await cache.dictionary()).project.longitudinal ? fetchEvents(server) : []),
    forms: async () =>
      (await fetchList(server, 'instrument')).map(row => ({
        name: String(row.instrument_name),
        label: String(row.instrument_label),
      })),
    mapping: async () =>
      (await fetchList(server, 'formEventMapping')).map(row => ({
        event: String(row.unique_event_name),
        form: String(row.form),
        arm: Number(row.arm_num),
      })),
    repeating: async () =>
      (await cache.dictionary()).project.repeating
        ? (await fetchList(server, 'repeatingFormsEvents')).map(row => ({
            event: String(row.event_name ?? ''),
            form: String(row.form_name ?? ''),
          }))
        : [],
    fieldNames: async () =>
      (await fetchList(server, 'exportFieldNames')).map(row => ({
        field: String(row.original_field_name),
        choice: String(row.choice_value ?? ''),
        column: String(row.export_field_name),
      })),
    nextName: () => ask(server, 'generateNextRecordName'),
    version: () => ask(server, 'version'),
    log: range => readLog(server, range, connection.timeZone),
    file: createFiles(server, connection.token),
    forgetMetadata: cache.drop,
    close: () => server.close(),
  };
}

/** Contents that answer with one plain text. */
async function ask(server: Server, content: string): Promise<string> {
  const answer = await server.call({content, parameters: [], expected: 'text', changes: false, repeatable: true});
  return String(answer);
}

async function readLog(
  server: Server,
  {from, to, record}: {from: Date; to?: Date; record?: string},
  timeZone: string,
): Promise<LogEntry[]> {
  const parameters: Parameter[] = [
    ['beginTime', formatRedcapTime(from, timeZone)],
    ...(to ? [['endTime', formatRedcapTime(to, timeZone)] as const] : []),
    ...(record === undefined ? [] : [['record', record] as const]),
  ];
  return (await fetchList(server, 'log', parameters)).map(row => ({
    timestamp: String(row.timestamp),
    user: String(row.username),
    action: String(row.action),
    details: String(row.details ?? ''),
    record: String(row.record ?? ''),
  }));
}
