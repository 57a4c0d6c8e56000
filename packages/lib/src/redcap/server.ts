import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {registerSecret} from '../cli/secretWords.ts';
import {whyOf} from '../fs/fileError.ts';
import {type Answer, type Expected, judgeAnswer, type Parse, type Verdict} from './answer.ts';
import {encodeForm, type Parameter} from './form.ts';
import type {Connection} from './options.ts';
import {pauseAll, pausedUntil, reserveRequest} from './rateLimit.ts';
import {kinds, RedcapError, type RedcapFailure} from './redcapError.ts';
import {createTransport, type Outcome, type Transport} from './transport.ts';

/** One request as REDCap sees it. */
export interface Call {
  /** REDCap's `content`. */
  content: string;
  parameters: readonly Parameter[];
  /** Already encoded variables (import data), appended as they are. */
  encoded?: string | undefined;
  /** Complete body of another content type, instead of the variables. */
  multipart?: {contentType: string; body: Buffer};
  expected: Expected;
  /** Stands in for `JSON.parse`. */
  parse?: Parse;
  /** Makes the value of a JSON answer, or says why it cannot be trusted. */
  decode?: (json: unknown) => {kind: 'ok'; value: unknown} | {kind: 'malformed' | 'incomplete'; message: string};
  /** Whether it changes something on the server. */
  changes: boolean;
  /** Whether sending it twice does no harm. */
  repeatable: boolean;
  /** Largest answer that is taken; default 128 MB. */
  mostBytes?: number;
  /** Fewer attempts than configured. */
  attempts?: number;
  /** Monotonic time at which the whole call must be over; default now + totalSeconds. */
  deadline?: number | undefined;
}

/** One REDCap server seen with one token: sends calls, judges answers, repeats what may be repeated. */
export interface Server {
  /** @throws RedcapError, FileError (state folder not writable) */
  call(call: Call): Promise<unknown>;
  /** Like `call`, for bodies that are no text. */
  download(call: Call): Promise<{bytes: Buffer; headers: Answer['headers']}>;
  /** Error of this project, for what is found out after the answer. */
  error(failure: Omit<RedcapFailure, 'project'>): RedcapError;
  /** First 16 hex digits of the SHA-256 of URL and token: names caches and locks. */
  readonly identity: string;
  readonly requests: number;
  /** How far the server's clock is ahead of ours, in ms, by the last answer's Date header (whole seconds). */
  readonly clockOffsetMs: number | undefined;
  close(): void;
}

/**
 * Checks address, token and CA file; nothing is sent yet.
 * @throws RedcapError of kind `config` or `auth`
 */
export function createServer(connection: Connection): Server {
  const {http, log, clock, stateDir, signal, project, token} = connection;
  registerSecret(token);
  let url = checkedUrl(connection);
  if (!/^[0-9A-Fa-f]{32}$/.test(token))
    throw failed({kind: 'auth', message: 'the token is not 32 hexadecimal characters', content: 'connect'});
  if (!http.verifyTls)
    log.warn(`REDCap ${project}: REDCAP.verifyTls is false, the server's certificate is not checked`);
  if (url.protocol === 'http:' && !isLoopback(url))
    log.warn(`REDCap ${project}: plain http, token and data travel unencrypted`);
  const transport: Transport = createTransport(http, readAuthority(connection));
  let requests = 0;
  let clockOffsetMs: number | undefined;
  let last: Promise<unknown>[] = Array.from({length: http.concurrency}, () => Promise.resolve());

  function failed(failure: Omit<RedcapFailure, 'project'>): RedcapError {
    return new RedcapError({...failure, project});
  }

  async function admit(content: string): Promise<void> {
    const until = pausedUntil(stateDir, clock);
    if (until) {
      throw failed({
        kind: 'rateLimited',
        message: `REDCap blocked us, all tools pause until ${until.toISOString()}`,
        content,
        attempts: 0,
      });
    }
    const waitMs = await reserveRequest(stateDir, http.requestsPerMinute, clock, signal);
    if (waitMs > 0) await wait(waitMs, content);
  }

  async function wait(ms: number, content: string): Promise<void> {
    await delay(ms, undefined, {...(signal && {signal})}).catch(() => {});
    if (signal?.aborted) throw failed({kind: 'interrupted', message: 'stopped while waiting', content, attempts: 0});
  }

  async function send(call: Call, limitMs: number): Promise<Outcome> {
    const variables = encodeForm([
      ['token', token],
      ['content', call.content],
      ['format', 'json'],
      ['returnFormat', 'json'],
      ...call.parameters,
    ]);
    const body = call.multipart?.body ?? (call.encoded === undefined ? variables : `${variables}&${call.encoded}`);
    const contentType = call.multipart?.contentType ?? 'application/x-www-form-urlencoded';
    for (let hops = 0; ; hops++) {
      const begun = clock.now().getTime();
      requests++;
      const outcome = await transport.post({
        url,
        contentType,
        body,
        limitMs,
        signal: call.changes ? undefined : signal,
      });
      if (outcome.kind !== 'answer') return outcome;
      noteClock(outcome.answer, begun, clock.now().getTime());
      const {status, headers} = outcome.answer;
      if (status < 300 || status > 399) return outcome;
      url = redirected(url, headers.location, hops, call.content);
      log.warn(`REDCap ${project}: the server has moved within ${url.host}, correct REDCAP.url`);
    }
  }

  function noteClock(answer: Answer, begun: number, ended: number): void {
    const date = Date.parse(answer.headers.date ?? '');
    if (!Number.isNaN(date)) clockOffsetMs = date - (begun + ended) / 2;
  }

  function redirected(from: URL, location: string | undefined, hops: number, content: string): URL {
    const to = location === undefined ? undefined : URL.parse(location, from.href);
    if (
      hops === 0 &&
      to &&
      to.hostname === from.hostname &&
      (to.protocol === 'https:' || to.protocol === from.protocol)
    )
      return to;
    const where = to ? to.host : 'nowhere';
    throw failed({kind: 'config', message: `the server redirects to ${where}`, content, mayHaveHappened: true});
  }

  /** Judges one outcome. @throws RedcapError with everything but the number of attempts */
  function judge(
    call: Call,
    outcome: Outcome,
    attempts: number,
  ): {value: unknown; outcome: Outcome & {kind: 'answer'}} {
    const common = {content: call.content, changes: call.changes, attempts};
    if (outcome.kind !== 'answer') {
      throw failed({...common, kind: outcome.kind, message: outcome.message, mayHaveHappened: outcome.sent});
    }
    const answer = {...outcome.answer, body: withoutToken(outcome.answer.body)};
    const judged: Verdict = judgeAnswer(answer, call.expected, call.parse);
    const verdict = judged.kind === 'ok' && call.decode ? call.decode(judged.value) : judged;
    if (verdict.kind === 'ok') return {value: verdict.value, outcome};
    throw failed({...common, ...verdict, status: answer.status, mayHaveHappened: true});
  }

  function withoutToken(text: string): string {
    return text.includes(token) ? text.replaceAll(token, '<redacted>') : text;
  }

  async function perform(call: Call): Promise<{value: unknown; outcome: Outcome & {kind: 'answer'}}> {
    const deadline = call.deadline ?? clock.monotonic() + http.totalSeconds * 1000;
    let stale = false;
    for (let attempt = 1; ; attempt++) {
      await admit(call.content);
      const left = deadline - clock.monotonic();
      if (left <= 0)
        throw failed({
          kind: 'timeout',
          message: `not done within ${http.totalSeconds} s`,
          content: call.content,
          changes: call.changes,
        });
      const outcome = await send(call, left);
      try {
        return judge(call, outcome, attempt);
      } catch (error) {
        if (!(error instanceof RedcapError)) throw error;
        if (error.kind === 'rateLimited') pauseAll(stateDir, `${project}: ${error.status}`, clock);
        const idleClosed: boolean = outcome.kind !== 'answer' && outcome.staleConnection === true && !stale;
        const most = Math.min(call.attempts ?? http.attempts, kinds[error.kind].attempts);
        const harmless = call.repeatable || !error.mayHaveHappened;
        if (!harmless || (attempt >= most && !idleClosed) || signal?.aborted) throw error;
        const waitMs = idleClosed ? 0 : Math.max(backoff(attempt), error.retryAfterMs ?? 0);
        if (clock.monotonic() + waitMs >= deadline) throw error;
        stale ||= idleClosed;
        const what = error.status === undefined ? error.kind : `${error.kind} ${error.status}`;
        log.info(
          `REDCap ${project} ${call.content}: attempt ${attempt + 1} of ${most} in ${seconds(waitMs)} s (${what})`,
        );
        await wait(waitMs, call.content);
      }
    }
  }

  /** Evenly spread by a fifth, so that the tools of one host do not return together. */
  function backoff(attempt: number): number {
    const steps = http.backoffSeconds;
    const step = steps[Math.min(attempt, steps.length) - 1] ?? 0;
    return step * 1000 * (0.8 + 0.4 * Math.random());
  }

  /** Keeps to `concurrency` calls at a time, in the order they were made. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const [first, ...others] = last;
    const result = (first ?? Promise.resolve()).then(work, work);
    last = [...others, result.catch(() => {})];
    return result;
  }

  return {
    call: call => inTurn(async () => (await perform(call)).value),
    download: call =>
      inTurn(async () => {
        const {outcome} = await perform(call);
        return {bytes: outcome.bytes, headers: outcome.answer.headers};
      }),
    error: failed,
    identity: createHash('sha256')
      .update(url.href + token, 'utf8')
      .digest('hex')
      .slice(0, 16),
    get requests() {
      return requests;
    },
    get clockOffsetMs() {
      return clockOffsetMs;
    },
    close: () => transport.close(),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, '');
}

function checkedUrl({url: text, http, project}: Connection): URL {
  const refuse = (message: string) => new RedcapError({kind: 'config', message, project, content: 'connect'});
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw refuse('REDCAP.url is no http(s) address');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refuse('REDCAP.url must hold nothing but host and path');
  if (!url.pathname.endsWith('/api/')) throw refuse('REDCAP.url must end in /api/');
  if (url.protocol === 'http:' && !isLoopback(url) && !http.allowPlainHttp)
    throw refuse('REDCAP.url must be https (or set REDCAP.allowPlainHttp)');
  return url;
}

function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(url.hostname);
}

function readAuthority({http: {caFile}, project}: Connection): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, 'utf8');
  } catch (error) {
    const message = `REDCAP.caFile ${caFile} cannot be read: ${whyOf(error)}`;
    throw new RedcapError({kind: 'config', message, project, content: 'connect', hint: 'correct REDCAP.caFile'});
  }
}
