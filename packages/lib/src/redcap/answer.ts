import {parseImportLines} from './importLines.ts';
import type {ImportLine, RedcapErrorKind} from './redcapError.ts';

/** One complete HTTP answer, decompressed, the token already taken out. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
  /** Size of the request body in bytes: an oversized one arrives empty and is answered like a missing token. */
  sentBytes: number;
}

/** `json`: must parse; `text`: plain text such as a version; `nothing`: an empty body is fine. */
export type Expected = 'json' | 'text' | 'nothing';

/** Makes a value of JSON text or throws. */
export type Parse = (text: string) => unknown;

/** What an answer means: a value, or a kind of failure with the facts that were found. */
export type Verdict =
  | {kind: 'ok'; value: unknown}
  | {
      kind: RedcapErrorKind;
      message: string;
      hint?: string;
      lines?: readonly ImportLine[];
      serverText?: string;
      retryAfterMs?: number | undefined;
    };

const tokenText = /you do not have permissions to use the api/i;
const memoryText = /redcap ran out of server memory/i;
const banText = /\bbanned\b|too many/i;
const oversizedBytes = 1024 * 1024;

/** What the rules look at, worked out once. */
interface Facts extends Answer {
  html: boolean;
  /** Text of REDCap's error object in JSON, CSV or XML, unescaped. */
  errorText: string | undefined;
  json: {value: unknown} | undefined;
}

interface Rule {
  when(facts: Facts): boolean;
  verdict(facts: Facts): Exclude<Verdict, {kind: 'ok'}>;
}

/** The first rule that applies decides; redirects are dealt with before (see the transport). */
const rules: readonly Rule[] = [
  {
    when: f => f.status === 413,
    verdict: f => ({kind: 'tooLarge', message: `the request of ${f.sentBytes} bytes is too large for the server`}),
  },
  {
    when: f => f.status === 429 || ((f.html || f.status === 403) && banText.test(f.body) && !tokenText.test(f.body)),
    verdict: f => ({
      kind: 'rateLimited',
      message: `the server blocks us for too many requests (status ${f.status})`,
      retryAfterMs: retryAfter(f),
    }),
  },
  {when: f => f.errorText !== undefined && memoryText.test(f.errorText), verdict: outOfMemory},
  {when: f => f.status < 500 && memoryText.test(f.body) && f.json === undefined, verdict: outOfMemory},
  {
    when: f => f.status === 503 && f.html,
    verdict: f => ({
      kind: 'maintenance',
      message: 'answered with a web page (status 503)',
      retryAfterMs: retryAfter(f),
    }),
  },
  {
    when: f => f.status === 501 && f.errorText !== undefined,
    verdict: f => ({kind: 'config', message: `the server does not know this call (501 ${quoted(f)})`}),
  },
  {
    // a server in trouble may wrap its trouble in an error object; only a refused import is final
    when: f => f.status === 408 || (f.status >= 500 && parseImportLines(f.errorText ?? '').length === 0),
    verdict: f => ({kind: 'gateway', message: `answered status ${f.status}`, retryAfterMs: retryAfter(f)}),
  },
  {
    when: f => f.status === 404,
    verdict: () => ({kind: 'config', message: 'there is no REDCap API at this address (404)'}),
  },
  {
    when: f => f.html,
    verdict: f => ({
      kind: 'maintenance',
      message: `answered with a web page (status ${f.status})`,
      retryAfterMs: retryAfter(f),
    }),
  },
  {
    when: f => f.status === 403 && f.sentBytes > oversizedBytes,
    verdict: f => ({
      kind: 'tooLarge',
      message: `refused a request of ${f.sentBytes} bytes (403), probably for its size`,
    }),
  },
  {
    when: f => f.status === 401 || tokenText.test(f.errorText ?? f.body.slice(0, 1000)),
    verdict: () => ({kind: 'auth', message: 'the token was not accepted'}),
  },
  {
    when: f => f.status === 403,
    verdict: f => ({
      kind: 'forbidden',
      message: `not permitted (403${f.errorText === undefined ? '' : ` ${quoted(f)}`})`,
    }),
  },
  {
    when: f => f.errorText !== undefined,
    verdict: f => {
      const lines = parseImportLines(f.errorText ?? '');
      return {kind: 'rejected', message: rejectedMessage(f, lines), lines, serverText: f.errorText ?? ''};
    },
  },
  {
    when: f => f.status >= 400,
    verdict: f => ({kind: 'malformed', message: `answered status ${f.status} without a reason`}),
  },
];

/**
 * Decides what one answer means. An error is never taken for data: whatever is not the expected kind of answer is a failure.
 * @param parse stands in for `JSON.parse` where an answer is too large for it
 */
export function judgeAnswer(answer: Answer, expected: Expected, parse: Parse = JSON.parse): Verdict {
  const facts = factsOf(answer, parse);
  for (const rule of rules) {
    if (rule.when(facts)) return rule.verdict(facts);
  }
  if (expected === 'nothing') return {kind: 'ok', value: undefined};
  const body = facts.body.trim();
  if (body === '') {
    if (facts.sentBytes > oversizedBytes)
      return {kind: 'tooLarge', message: `answered nothing to a request of ${facts.sentBytes} bytes`};
    return {kind: 'malformed', message: 'answered with an empty body'};
  }
  if (expected === 'text') return {kind: 'ok', value: body};
  return facts.json
    ? {kind: 'ok', value: facts.json.value}
    : {kind: 'malformed', message: 'the answer is not complete JSON'};
}

function factsOf(answer: Answer, parse: Parse): Facts {
  const body = answer.body.startsWith('\uFEFF') ? answer.body.slice(1) : answer.body;
  const start = body.slice(0, 200).trimStart().toLowerCase();
  const html = start.startsWith('<!doctype html') || start.startsWith('<html');
  const json = html ? undefined : parsed(body, parse);
  const errorText = html ? undefined : errorTextOf(body, json?.value);
  return {...answer, body, html, json, errorText};
}

function parsed(body: string, parse: Parse): {value: unknown} | undefined {
  try {
    return {value: parse(body)};
  } catch {
    return undefined;
  }
}

/** The error may come in another format than asked for: JSON, `ERROR: …` (CSV) or XML. */
function errorTextOf(body: string, json: unknown): string | undefined {
  if (typeof json === 'object' && json !== null && !Array.isArray(json) && 'error' in json)
    return unescaped(String(json.error));
  if (json !== undefined) return undefined;
  if (/^\s*error:/i.test(body)) return unescaped(body.replace(/^\s*error:\s*/i, ''));
  const xml = body.length < 1_000_000 ? /<error>([\s\S]*?)<\/error>/i.exec(body) : null;
  return xml?.[1] === undefined ? undefined : unescaped(xml[1]);
}

const entities: Record<string, string> = {
  '&quot;': '"',
  '&#039;': "'",
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

/** Some versions escape quotes in error texts for HTML. */
function unescaped(text: string): string {
  return text.replaceAll(/&(?:quot|#0?39|lt|gt|amp);/g, entity => entities[entity] ?? entity);
}

function outOfMemory(): Exclude<Verdict, {kind: 'ok'}> {
  return {kind: 'tooLarge', message: 'REDCap ran out of memory for this request'};
}

/** Texts that name parts of the project and no values; anything else of a server's error text is not quoted. */
const harmlessTexts = [
  /^You do not have [A-Za-z/ ]+/,
  /^The following values in the parameter "\w+" are not valid: '[a-z0-9_', ]+'/i,
  /^The following fields were not found in the project as real data fields: [a-z0-9_, ]+/i,
  /^The following values of redcap_event_name are invalid: [a-z0-9_, ]+/i,
  /^The value of the parameter "\w+" is not valid/,
  /^The (?:data being imported is not formatted correctly|filter logic is not valid|requested method is not implemented)/,
  /^You cannot export [a-z/ ]+/i,
  /^The record ID field "\w+" is missing/,
];

function quoted(facts: Facts): string {
  const text = facts.errorText ?? '';
  for (const harmless of harmlessTexts) {
    const match = harmless.exec(text);
    if (match) return `"${match[0].slice(0, 500)}"`;
  }
  return '(text not shown: it may hold data)';
}

function rejectedMessage(facts: Facts, lines: readonly ImportLine[]): string {
  if (lines.length === 0) return `refused with status ${facts.status}: ${quoted(facts)}`;
  const fields = [...new Set(lines.map(line => line.field))].slice(0, 10).join(', ');
  return `refused ${lines.length} ${lines.length === 1 ? 'value' : 'values'} (${fields})`;
}

function retryAfter(facts: Facts): number | undefined {
  const header = facts.headers['retry-after'];
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1000;
  const date = Date.parse(header);
  const now = Date.parse(facts.headers.date ?? '');
  return Number.isNaN(date) || Number.isNaN(now) ? undefined : Math.max(0, date - now);
}
