import {createHash} from 'node:crypto';
import {setTimeout as delay} from 'node:timers/promises';
import {registerSecret} from '../cli/secretWords.ts';
import {checkedUrl, followedRedirect, isLoopback, readAuthority} from './address.ts';
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

interface Answered {
  value: unknown;
  bytes: Buffer;
  headers: Answer['headers'];
}

/** One REDCap server seen with one token: sends calls, judges answers, repeats what may be repeated. */
export class Server {
  readonly #connection: Connection;
  readonly #transport: Transport;
  /** As configured; a redirect changes `#url`. */
  readonly #address: string;
  #url: URL;
  #identity: string | undefined;
  #requests = 0;
  #clockOffsetMs: number | undefined;
  /** The last call of each lane; there are `concurrency` lanes. */
  #lanes: Promise<unknown>[];

  /**
   * Checks address, token and CA file; nothing is sent yet.
   * @throws RedcapError of kind `config` or `auth`
   */
  constructor(connection: Connection) {
    const {http, log, project, token} = connection;
    this.#connection = connection;
    registerSecret(token);
    this.#url = checkedUrl(connection);
    this.#address = this.#url.href;
    if (!/^[0-9A-Fa-f]{32}$/.test(token)) {
      throw this.error({kind: 'auth', message: 'the token is not 32 hexadecimal characters', content: 'connect'});
    }
    if (!http.verifyTls) {
      log.warn(`REDCap ${project}: REDCAP.verifyTls is false, the server's certificate is not checked`);
    }
    if (this.#url.protocol === 'http:' && !isLoopback(this.#url)) {
      log.warn(`REDCap ${project}: plain http, token and data travel unencrypted`);
    }
    this.#transport = createTransport(http, readAuthority(connection));
    this.#lanes = Array.from({length: http.concurrency}, () => Promise.resolve());
  }

  /** First 16 hex digits of the SHA-256 of URL and token: names caches and locks. Made when asked for: loading node:crypto takes 5 ms. */
  get identity(): string {
    this.#identity ??= createHash('sha256')
      .update(this.#address + this.#connection.token, 'utf8')
      .digest('hex')
      .slice(0, 16);
    return this.#identity;
  }

  get requests(): number {
    return this.#requests;
  }

  /** How far the server's clock is ahead of ours, in ms, by the last answer's Date header (whole seconds). */
  get clockOffsetMs(): number | undefined {
    return this.#clockOffsetMs;
  }

  /** The value of the answer. @throws RedcapError, FileError (state folder not writable) */
  async call(call: Call): Promise<unknown> {
    return (await this.#inTurn(() => this.#perform(call))).value;
  }

  /** Like `call`, for bodies that are no text. */
  download(call: Call): Promise<Answered> {
    return this.#inTurn(() => this.#perform(call));
  }

  /** Error of this project, for what is found out after the answer. */
  error(failure: Omit<RedcapFailure, 'project'>): RedcapError {
    return new RedcapError({...failure, project: this.#connection.project});
  }

  close(): void {
    this.#transport.close();
  }

  /** Calls beyond `concurrency` wait, in the order they were made. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const [first = Promise.resolve(), ...others] = this.#lanes;
    const result = first.then(work);
    this.#lanes = [...others, result.catch(() => {})];
    return result;
  }

  async #perform(call: Call): Promise<Answered> {
    const {clock, http} = this.#connection;
    const deadline = call.deadline ?? clock.monotonic() + http.totalSeconds * 1000;
    let idleClosed = false;
    for (let attempt = 1; ; attempt++) {
      await this.#admit(call.content);
      const left = deadline - clock.monotonic();
      if (left <= 0) {
        const message = `not done within ${http.totalSeconds} s`;
        throw this.error({kind: 'timeout', message, content: call.content, changes: call.changes});
      }
      const outcome = await this.#send(call, left);
      try {
        return this.#judge(call, outcome, attempt);
      } catch (error) {
        if (!(error instanceof RedcapError)) throw error;
        if (error.kind === 'rateLimited') pauseAll(this.#connection.stateDir, `status ${error.status}`, clock);
        // only once: a server that closes every connection is no idle one
        const stale: boolean = outcome.kind !== 'answer' && outcome.staleConnection === true && !idleClosed;
        idleClosed ||= stale;
        await this.#waitBefore(attempt + 1, {call, error, deadline, stale});
      }
    }
  }

  /** Waits until the host may send one more request. */
  async #admit(content: string): Promise<void> {
    const {stateDir, clock, http, signal} = this.#connection;
    const until = pausedUntil(stateDir, clock);
    if (until) {
      const message = `REDCap blocked us, all tools pause until ${until.toISOString()}`;
      throw this.error({kind: 'rateLimited', message, content, attempts: 0});
    }
    await this.#wait(await reserveRequest(stateDir, http.requestsPerMinute, clock, signal), content);
  }

  async #wait(ms: number, content: string): Promise<void> {
    const {signal} = this.#connection;
    if (ms > 0) await delay(ms, undefined, {...(signal && {signal})}).catch(() => {});
    if (signal?.aborted) throw this.error({kind: 'interrupted', message: 'stopped on request', content, attempts: 0});
  }

  async #send(call: Call, limitMs: number): Promise<Outcome> {
    const {clock, log, project, signal} = this.#connection;
    const {body, contentType} = this.#encode(call);
    for (let hops = 0; ; hops++) {
      const begun = clock.now().getTime();
      this.#requests++;
      const outcome = await this.#transport.post({
        url: this.#url,
        contentType,
        body,
        limitMs,
        mostBytes: call.mostBytes,
        signal: call.changes ? undefined : signal,
      });
      if (outcome.kind !== 'answer') return outcome;
      const {status, headers} = outcome.answer;
      const date = Date.parse(headers.date ?? '');
      if (!Number.isNaN(date)) this.#clockOffsetMs = date - (begun + clock.now().getTime()) / 2;
      if (status < 300 || status > 399) return outcome;
      const to = hops === 0 ? followedRedirect(this.#url, headers.location) : undefined;
      if (!to) {
        const message = `the server redirects elsewhere (status ${status})`;
        throw this.error({kind: 'config', message, content: call.content, mayHaveHappened: true});
      }
      log.warn(`REDCap ${project}: the server has moved within ${to.host}, correct REDCAP.url`);
      this.#url = to;
    }
  }

  #encode(call: Call): {body: string | Buffer; contentType: string} {
    if (call.multipart) return call.multipart;
    const variables = encodeForm([
      ['token', this.#connection.token],
      ['content', call.content],
      ['format', 'json'],
      ['returnFormat', 'json'],
      ...call.parameters,
    ]);
    const body = call.encoded === undefined ? variables : `${variables}&${call.encoded}`;
    return {body, contentType: 'application/x-www-form-urlencoded'};
  }

  /** The answer's value. @throws RedcapError */
  #judge(call: Call, outcome: Outcome, attempts: number): Answered {
    const common = {content: call.content, changes: call.changes, attempts};
    if (outcome.kind !== 'answer') {
      throw this.error({...common, kind: outcome.kind, message: outcome.message, mayHaveHappened: outcome.sent});
    }
    const {bytes, answer} = outcome;
    const judged = judgeAnswer({...answer, body: this.#withoutToken(answer.body)}, call.expected, call.parse);
    const verdict: Verdict = judged.kind === 'ok' && call.decode ? call.decode(judged.value) : judged;
    if (verdict.kind === 'ok') return {value: verdict.value, bytes, headers: answer.headers};
    throw this.error({...common, ...verdict, status: answer.status, mayHaveHappened: true});
  }

  #withoutToken(text: string): string {
    const {token} = this.#connection;
    return text.includes(token) ? text.replaceAll(token, '<redacted>') : text;
  }

  /** Waits before the next attempt. @throws the error when there may be none */
  async #waitBefore(
    attempt: number,
    {call, error, deadline, stale}: {call: Call; error: RedcapError; deadline: number; stale: boolean},
  ): Promise<void> {
    const {clock, http, log, project, signal} = this.#connection;
    const most = Math.min(call.attempts ?? http.attempts, kinds[error.kind].attempts);
    const harmless = call.repeatable || !error.mayHaveHappened;
    if (!harmless || (attempt > most && !stale) || signal?.aborted) throw error;
    const waitMs = stale ? 0 : Math.max(this.#backoff(attempt - 1), error.retryAfterMs ?? 0);
    if (clock.monotonic() + waitMs >= deadline) throw error;
    const why = error.status === undefined ? error.kind : `${error.kind} ${error.status}`;
    log.info(`REDCap ${project} ${call.content}: attempt ${attempt} of ${most} in ${seconds(waitMs)} s (${why})`);
    await this.#wait(waitMs, call.content);
  }

  /** Spread by a fifth to both sides, so that the tools of one host do not return together. */
  #backoff(failures: number): number {
    const steps = this.#connection.http.backoffSeconds;
    const step = steps[Math.min(failures, steps.length) - 1] ?? 0;
    return step * 1000 * (0.8 + 0.4 * Math.random());
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, '');
}
