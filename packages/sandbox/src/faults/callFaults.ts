import type {Answer} from '../api/answer.ts';
import {errorAnswer, type Format, PLAIN} from '../api/answer.ts';

const html = (status: number, title: string, text: string): Answer => ({
  status,
  contentType: PLAIN,
  body: `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>\n`,
});

const OUT_OF_MEMORY =
  'REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a smaller amount of data.';

/** What is answered instead of carrying the call out; undefined when the call is carried out. */
export function answerInstead(fault: string, format: Format): Answer | undefined {
  switch (fault) {
    case 'gatewayTimeout':
      return gatewayTimeout();
    case 'maintenance':
      return html(200, 'REDCap is offline', 'The system is being maintained. Please try again later.');
    case 'maintenance503':
      return html(503, 'REDCap is offline', 'The system is being maintained. Please try again later.');
    case 'empty200':
      return {status: 200, contentType: PLAIN, body: ''};
    case 'outOfMemory':
      return {status: 200, contentType: PLAIN, body: OUT_OF_MEMORY};
    case 'error200':
      return {...errorAnswer(400, 'An error occurred while the request was processed', format), status: 200};
    case 'ban':
      return html(403, 'Forbidden', 'Your IP address has been banned because it made too many requests.');
    case 'badToken':
      return errorAnswer(403, 'You do not have permissions to use the API', format);
    case 'redirect301':
      return html(301, 'Moved Permanently', 'The document has moved.');
    default:
      return undefined;
  }
}

export function gatewayTimeout(): Answer {
  return html(504, '504 Gateway Time-out', 'The server did not answer in time.');
}

/** The answer of a call that was carried out, as the fault spoils it. Only JSON bodies can be changed row by row. */
export async function spoil(fault: string, answer: Answer): Promise<Answer> {
  const [kind, value] = fault.split(':');
  if (kind === 'gatewayTimeoutAfterCommit') return gatewayTimeout();
  if (kind === 'truncateJson') {
    const body = await wholeBody(answer);
    return {...answer, body: body.subarray(0, Math.floor(body.length / 2))};
  }
  if (kind === 'dropRecords') return changeRows(answer, rows => withoutEach(rows, Number(value)));
  if (kind === 'stringInstances') {
    return changeRows(answer, rows =>
      rows.map(row =>
        'redcap_repeat_instance' in row ? {...row, redcap_repeat_instance: String(row.redcap_repeat_instance)} : row,
      ),
    );
  }
  return answer;
}

type Row = Record<string, unknown>;

/** Rows without every k-th record; the first column is the record. */
function withoutEach(rows: Row[], k: number): Row[] {
  const names = [...new Set(rows.map(row => Object.values(row)[0]))];
  const dropped = new Set(names.filter((_, index) => (index + 1) % k === 0));
  return rows.filter(row => !dropped.has(Object.values(row)[0]));
}

async function changeRows(answer: Answer, change: (rows: Row[]) => Row[]): Promise<Answer> {
  const body = await wholeBody(answer);
  try {
    const rows: unknown = JSON.parse(body.toString());
    if (!Array.isArray(rows)) return {...answer, body};
    return {...answer, body: JSON.stringify(change(rows as Row[]))};
  } catch {
    return {...answer, body};
  }
}

/** A body in one piece. */
export async function wholeBody({body}: Answer): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  const parts: string[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.from(parts.join(''));
}
