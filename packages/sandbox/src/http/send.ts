import type {ServerResponse} from 'node:http';
import {pipeline} from 'node:stream/promises';
import {setTimeout as wait} from 'node:timers/promises';
import type {Answer} from '../api/answer.ts';
import {wholeBody} from '../faults/callFaults.ts';

/** Sends an answer; a body in parts waits for a slow reader and stops when the reader goes away. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  headers: Record<string, string> = {},
): Promise<void> {
  const {body, status, contentType} = answer;
  const head = {'Content-Type': contentType, 'Cache-Control': 'no-store', ...headers};
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    response.writeHead(status, {...head, 'Content-Length': Buffer.byteLength(body)});
    response.end(body);
    return;
  }
  response.writeHead(status, head);
  await pipeline(body, response);
}

/** Promises the whole body and ends the connection after `bytes` of it. */
export async function sendTruncated(response: ServerResponse, answer: Answer, bytes: number): Promise<void> {
  const body = await wholeBody(answer);
  response.writeHead(answer.status, {'Content-Type': answer.contentType, 'Content-Length': body.length});
  response.write(body.subarray(0, bytes), () => response.destroy());
}

/** One byte a second, until the reader has had enough. */
export async function sendSlowly(response: ServerResponse, answer: Answer): Promise<void> {
  const body = await wholeBody(answer);
  response.writeHead(answer.status, {'Content-Type': answer.contentType, 'Content-Length': body.length});
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await wait(1000, undefined, {ref: false});
  }
  response.end();
}
