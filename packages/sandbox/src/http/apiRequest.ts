import type {IncomingMessage, ServerResponse} from 'node:http';
import type {DatabaseSync} from 'node:sqlite';
import {setTimeout as wait} from 'node:timers/promises';
import {type Answer, ApiError, errorAnswer, type Format, PLAIN} from '../api/answer.ts';
import type {Context} from '../api/context.ts';
import {actionOf, handleCall, NOT_IMPLEMENTED_TEXT} from '../api/handle.ts';
import {localTime} from '../clock.ts';
import {answerInstead, spoil} from '../faults/callFaults.ts';
import type {FaultQueue} from '../faults/faultQueue.ts';
import type {ProjectCache} from '../store/projects.ts';
import type {RecordStore} from '../store/records.ts';
import {readBody} from './body.ts';
import {parseForm} from './form.ts';
import {Parameters} from './parameters.ts';
import {send, sendSlowly, sendTruncated} from './send.ts';

/** What the API stands on, and its limits (those of PHP). */
export interface Api {
  database: DatabaseSync;
  records: RecordStore;
  projects: ProjectCache;
  faults: FaultQueue;
  openSnapshot(): DatabaseSync;
  postMaxBytes: number;
  maxInputVars: number;
  /** The API's own URL. */
  url: string;
  /** Told of bugs only. */
  onBug(error: unknown): void;
}

const PATHS = new Set(['/api/', '/api', '/api/index.php']);

const NOT_FOUND: Answer = {
  status: 404,
  contentType: PLAIN,
  body: '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n',
};

const NO_PERMISSION = 'You do not have permissions to use the API';

/** Answers one HTTP request, in the order of checks of the original: path, method, body, token, content, right, call. */
export async function answerRequest(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (!PATHS.has(path)) return await refuseEarly(request, response, NOT_FOUND);
  if (request.method !== 'POST') {
    return await refuseEarly(request, response, errorAnswer(501, NOT_IMPLEMENTED_TEXT, 'xml'));
  }
  const body = await readBody(request, api.postMaxBytes);
  const parameters = new Parameters(parseForm(body, request.headers['content-type'] ?? '', api.maxInputVars));
  const fault = takeFault(api, parameters);
  if (fault === undefined) return await send(response, answerCall(api, parameters));
  await actOut(fault, api, parameters, response);
}

async function refuseEarly(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  request.resume();
  await send(response, answer);
}

function takeFault({faults, projects}: Api, parameters: Parameters): string | undefined {
  const action = actionOf({parameters});
  return faults.takeForCall({
    content: parameters.text('content'),
    action,
    import: action === 'import',
    project: projects.byToken(parameters.text('token'))?.name ?? '',
    records: parameters.list('records')?.length ?? 0,
  });
}

/** Carries the call out; every refusal and every bug becomes an answer. */
function answerCall(api: Api, parameters: Parameters): Answer {
  const format: Format = parameters.returnFormat;
  try {
    const project = api.projects.byToken(parameters.text('token'));
    if (project === undefined) throw new ApiError(403, NO_PERMISSION);
    const {database, records, projects, openSnapshot} = api;
    const context: Context = {database, records, projects, project, parameters, time: localTime(), openSnapshot};
    return handleCall(context);
  } catch (error) {
    if (error instanceof ApiError) return errorAnswer(error.status, error.message, format);
    api.onBug(error);
    return errorAnswer(500, 'An unknown error occurred', format);
  }
}

/** Acts a queued fault out. */
async function actOut(fault: string, api: Api, parameters: Parameters, response: ServerResponse): Promise<void> {
  const [kind, value] = fault.split(':');
  if (kind === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (kind === 'delay') await wait(Number(value), undefined, {ref: false});
  const instead = answerInstead(fault, parameters.returnFormat);
  if (instead !== undefined) {
    await send(response, instead, kind === 'redirect301' ? {Location: api.url} : {});
    return;
  }
  const answer = answerCall(api, parameters);
  if (kind === 'resetAfterCommit') response.socket?.resetAndDestroy();
  else if (kind === 'truncate') await sendTruncated(response, answer, Number(value));
  else if (kind === 'slowBody') await sendSlowly(response, answer);
  else await send(response, await spoil(fault, answer));
}
