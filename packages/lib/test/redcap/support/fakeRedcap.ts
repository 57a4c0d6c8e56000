import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {gzipSync} from 'node:zlib';

/** What the server does to the next requests that match, in the order of the queue; names as the sandbox has them. */
export interface Fault {
  match?: {content?: string; import?: boolean; action?: string};
  do: string;
  times?: number;
  after?: number;
}

type Values = Record<string, string>;
interface Stored {
  record: string;
  form: string;
  instance: number | '';
  values: Values;
}

export interface FakeRedcap {
  url: string;
  /** Variables of every request, in order. */
  requests: Map<string, string>[];
  faults: Fault[];
  rows: Stored[];
  /** Rules of the import: a message refuses the value. */
  check?: (field: string, value: string) => string | undefined;
  /** Milliseconds the Date header is off. */
  clockOffsetMs: number;
  close(): Promise<void>;
}

export const token = '0123456789ABCDEF0123456789ABCDEF';

/** Dictionary of the sample project: base form, repeating form `series`. */
export const metadata = [
  field('record_id', 'base', 'text'),
  field('name', 'base', 'text'),
  field('box', 'base', 'checkbox', '1, A | 2, B, with comma'),
  field('pick', 'base', 'radio', '1, One | 2, Two'),
  field('when', 'base', 'text', '', 'date_mdy'),
  field('sum', 'base', 'calc', '[n] + 1'),
  field('hint', 'base', 'descriptive'),
  field('uid', 'series', 'text'),
  field('n', 'series', 'text', '', 'integer'),
];

function field(field_name: string, form_name: string, field_type: string, choices = '', validation = '') {
  return {
    field_name,
    form_name,
    field_type,
    field_label: field_name,
    select_choices_or_calculations: choices,
    text_validation_type_or_show_slider_number: validation,
  };
}

/** A small REDCap with the sample project, for faults that a real one cannot be asked to have. */
export async function startFakeRedcap(tls?: {key: string; cert: string}): Promise<FakeRedcap> {
  const fake: FakeRedcap = {url: '', requests: [], faults: [], rows: [], clockOffsetMs: 0, close};
  const listener = (request: IncomingMessage, response: ServerResponse) => void handle(fake, request, response);
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  fake.url = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  return fake;

  function close(): Promise<void> {
    server.closeAllConnections();
    return new Promise(resolve => server.close(() => resolve()));
  }
}

async function handle(fake: FakeRedcap, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return;
  }
  const variables = new Map(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
  fake.requests.push(variables);
  response.setHeader('Date', new Date(Date.now() + fake.clockOffsetMs).toUTCString());
  const fault = nextFault(fake, variables);
  if (fault !== undefined && (await misbehave(fault, fake, variables, request, response))) return;
  const {status, body} = answer(fake, variables);
  finish(response, status, fault?.startsWith('slowBody') ? body : faulty(fault, body));
}

function nextFault(fake: FakeRedcap, variables: Map<string, string>): string | undefined {
  for (const fault of fake.faults) {
    const {content, import: importing, action} = fault.match ?? {};
    if (content !== undefined && variables.get('content') !== content) continue;
    if (importing !== undefined && variables.has('data') !== importing) continue;
    if (action !== undefined && variables.get('action') !== action) continue;
    if ((fault.after ?? 0) > 0) {
      fault.after = (fault.after ?? 0) - 1;
      continue;
    }
    if (fault.times !== undefined && fault.times <= 0) continue;
    if (fault.times !== undefined) fault.times--;
    return fault.do;
  }
  return undefined;
}

/** @returns whether the request is dealt with */
async function misbehave(
  fault: string,
  fake: FakeRedcap,
  variables: Map<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const [name = '', argument = ''] = fault.split(/:(.*)/s);
  const page = '<!DOCTYPE html><html><body>Please come back later</body></html>';
  switch (name) {
    case 'delay':
      await new Promise(resolve => setTimeout(resolve, Number(argument)));
      return false;
    case 'reset':
      request.socket.resetAndDestroy();
      return true;
    case 'resetAfterCommit':
      answer(fake, variables);
      request.socket.resetAndDestroy();
      return true;
    case 'silent':
      return true;
    case 'gatewayTimeout':
      finish(response, 504, '<html><h1>504 Gateway Time-out</h1></html>');
      return true;
    case 'gatewayTimeoutAfterCommit':
      answer(fake, variables);
      finish(response, 504, '<html><h1>504 Gateway Time-out</h1></html>');
      return true;
    case 'maintenance':
    case 'maintenance503':
      finish(response, name === 'maintenance' ? 200 : 503, page);
      return true;
    case 'html':
      finish(response, Number(argument), page);
      return true;
    case 'empty200':
      finish(response, 200, '');
      return true;
    case 'ban':
      finish(response, 403, '<html>Your IP address is banned</html>');
      return true;
    case 'badToken':
      finish(response, 403, JSON.stringify({error: 'You do not have permissions to use the API'}));
      return true;
    case 'outOfMemory':
      if ([...variables.keys()].filter(key => key.startsWith('records[')).length <= Number(argument || 0)) return false;
      finish(
        response,
        200,
        'REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a smaller amount of data.',
      );
      return true;
    case 'error200':
      finish(response, 200, JSON.stringify({error: argument || 'something is wrong'}));
      return true;
    case 'status': {
      const [status = '', body = ''] = argument.split(/ (.*)/s);
      finish(response, Number(status), body);
      return true;
    }
    case 'retryAfter':
      response.setHeader('Retry-After', argument);
      finish(response, 503, 'busy');
      return true;
    case 'redirect':
      response.writeHead(301, {Location: argument === 'self' ? '/other/api/' : argument}).end();
      return true;
    case 'truncate': {
      const {body} = answer(fake, variables);
      response.writeHead(200, {'Content-Length': Buffer.byteLength(body)});
      response.write(body.slice(0, Number(argument)), () => request.socket.destroy());
      return true;
    }
    case 'slowBody': {
      response.writeHead(200, {'Content-Type': 'application/json'});
      const timer = setInterval(() => response.write(' '), Number(argument || 50));
      request.socket.once('close', () => clearInterval(timer));
      return true;
    }
    case 'echoToken':
      finish(response, 400, JSON.stringify({error: `the token ${variables.get('token')} made trouble`}));
      return true;
    case 'gzip': {
      const {status, body} = answer(fake, variables);
      response.writeHead(status, {'Content-Encoding': 'gzip'}).end(gzipSync(body));
      return true;
    }
    default:
      return false;
  }
}

/** Faults that change a good answer. */
function faulty(fault: string | undefined, body: string): string {
  const [name = '', argument = ''] = (fault ?? '').split(/:(.*)/s);
  if (name === 'truncateJson') return body.slice(0, Math.floor(body.length / 2));
  if (name === 'stringInstances')
    return body.replaceAll(/"redcap_repeat_instance":(\d+)/g, '"redcap_repeat_instance":"$1"');
  if (name === 'dropRecords') {
    const rows = JSON.parse(body) as Values[];
    const names = [...new Set(rows.map(row => row.record_id))];
    const gone = new Set(names.filter((_, index) => (index + 1) % Number(argument) === 0));
    return JSON.stringify(rows.filter(row => !gone.has(row.record_id)));
  }
  if (name === 'dropRecord')
    return JSON.stringify((JSON.parse(body) as Values[]).filter(row => row.record_id !== argument));
  if (name === 'dropColumn')
    return JSON.stringify(
      (JSON.parse(body) as Values[]).map(row =>
        Object.fromEntries(Object.entries(row).filter(([column]) => column !== argument)),
      ),
    );
  if (name === 'repeatRow')
    return JSON.stringify([...(JSON.parse(body) as Values[]), (JSON.parse(body) as Values[])[0]]);
  if (name === 'hashNames')
    return JSON.stringify((JSON.parse(body) as Values[]).map(row => ({...row, record_id: 'ab12'.repeat(8)})));
  return body;
}

function finish(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {'Content-Type': body.startsWith('<') ? 'text/html' : 'application/json'}).end(body);
}

function answer(fake: FakeRedcap, variables: Map<string, string>): {status: number; body: string} {
  if (variables.get('token') !== token) return error(403, 'You do not have permissions to use the API');
  const content = variables.get('content');
  if (content === 'metadata') return ok(metadata);
  if (content === 'project')
    return ok({
      project_title: 'S',
      is_longitudinal: 0,
      has_repeating_instruments_or_events: 1,
      record_autonumbering_enabled: 1,
    });
  if (content === 'version') return {status: 200, body: '14.7.3'};
  if (content !== 'record') return error(501, 'The requested method is not implemented.');
  if (variables.get('action') === 'delete') return remove(fake, list(variables, 'records'));
  const data = variables.get('data');
  return data === undefined
    ? exported(fake, variables)
    : imported(fake, data, variables.get('overwriteBehavior') === 'overwrite');
}

function ok(value: unknown) {
  return {status: 200, body: JSON.stringify(value)};
}

function error(status: number, text: string) {
  return {status, body: JSON.stringify({error: text})};
}

function list(variables: Map<string, string>, name: string): string[] {
  const joined = variables.get(name);
  if (joined !== undefined) return joined.split(',');
  return [...variables].filter(([key]) => key.startsWith(`${name}[`)).map(([, value]) => value);
}

const columns: Record<string, string[]> = {box: ['box___1', 'box___2'], hint: []};
const formOf = new Map(metadata.map(row => [row.field_name, row.form_name]));

function exported(fake: FakeRedcap, variables: Map<string, string>) {
  const fields = list(variables, 'fields');
  const unknown = fields.filter(name => !formOf.has(name) && !name.endsWith('_complete'));
  if (unknown.length > 0)
    return error(400, `The following values in the parameter "fields" are not valid: '${unknown.join("', '")}'`);
  const named = new Set(list(variables, 'records'));
  const rows = fake.rows.filter(row => named.size === 0 || named.has(row.record));
  const wanted = fields
    .filter(name => name !== 'record_id')
    .flatMap(name => (columns[name] ?? [name]).map(column => ({column, form: formOf.get(name)})));
  return ok(
    rows.map(row => ({
      record_id: row.record,
      redcap_repeat_instrument: row.form === 'base' ? '' : row.form,
      redcap_repeat_instance: row.instance,
      ...Object.fromEntries(
        wanted.map(({column, form}) => [column, form === row.form ? (row.values[column] ?? '') : '']),
      ),
    })),
  );
}

function imported(fake: FakeRedcap, data: string, overwrite: boolean) {
  const rows = JSON.parse(data) as Values[];
  const lines: string[] = [];
  for (const {record_id, redcap_repeat_instrument, redcap_repeat_instance, ...values} of rows) {
    for (const [column, value] of Object.entries(values)) {
      const message = fake.check?.(column, value);
      if (message !== undefined)
        lines.push(
          [record_id, column, value, message].map(cell => `"${String(cell).replaceAll('"', '""')}"`).join(','),
        );
    }
  }
  if (lines.length > 0) return error(400, lines.join('\n'));
  for (const {record_id = '', redcap_repeat_instrument, redcap_repeat_instance, ...values} of rows) {
    const form = redcap_repeat_instrument || 'base';
    const instance = Number(redcap_repeat_instance) || '';
    const known = fake.rows.find(row => row.record === record_id && row.form === form && row.instance === instance);
    const stored = known ?? {record: record_id, form, instance, values: {}};
    if (!known) fake.rows.push(stored);
    for (const [column, value] of Object.entries(values)) if (value !== '' || overwrite) stored.values[column] = value;
  }
  return ok([...new Set(rows.map(row => String(row.record_id)))]);
}

function remove(fake: FakeRedcap, names: string[]) {
  const missing = names.filter(name => !fake.rows.some(row => row.record === name));
  if (missing.length > 0) {
    const text =
      'One or more of the records provided cannot be deleted because they do not exist in the project. The following records do not exist: ';
    return error(400, text + missing.join(', '));
  }
  fake.rows = fake.rows.filter(row => !names.includes(row.record));
  return ok(names.length);
}
