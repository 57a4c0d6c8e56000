import type {Agent, ClientRequest, IncomingMessage} from 'node:http';
import type {Answer} from './answer.ts';
import type {HttpOptions} from './options.ts';

/** What one attempt gives when no complete answer came. */
export interface NoAnswer {
  kind: 'unreachable' | 'tls' | 'timeout' | 'malformed' | 'tooLarge' | 'interrupted';
  message: string;
  /** Whether a byte of the request may have reached the server. */
  sent: boolean;
  /** The server had closed an idle connection just when we used it: nothing is wrong, try at once. */
  staleConnection?: boolean;
}

/** What one attempt gives. */
export type Outcome = {kind: 'answer'; answer: Answer; bytes: Buffer} | NoAnswer;

/** One request to send. */
export interface Post {
  url: URL;
  contentType: string;
  body: string | Buffer;
  /** Limit for this attempt, connecting included. */
  limitMs: number;
  /** Largest answer as received; default 128 MB. */
  mostBytes?: number | undefined;
  /** Gives up at once; only for requests that change nothing. */
  signal?: AbortSignal | undefined;
}

const usualMostBytes = 128 * 1024 * 1024;
/** The most a JavaScript text can hold, nearly. */
export const maxUnpackedBytes = 512 * 1024 * 1024 - 4096;

/** Sends requests to one server over kept connections. `node:https` itself: see docs/decisions on the start-up cost of axios. */
export interface Transport {
  post(post: Post): Promise<Outcome>;
  /** Closes idle connections. */
  close(): void;
}

/**
 * Makes the transport for one server; nothing is opened or loaded before the first request.
 * @param ca certificates of a private authority, PEM
 */
export function createTransport(http: HttpOptions, ca: string | undefined): Transport {
  let connection: {request: typeof import('node:http').request; agent: Agent; protocol: string} | undefined;
  let systemAuthorities = false;

  // not `import`: as an ES module node:http evaluates all its exports, undici's among them, which takes 20 ms
  function open(protocol: string) {
    if (connection?.protocol === protocol) return connection;
    const proxyEnv = http.useProxy ? {HTTPS_PROXY: process.env.HTTPS_PROXY ?? process.env.https_proxy} : undefined;
    const common = {keepAlive: true, maxSockets: http.concurrency, ...(proxyEnv && {proxyEnv})};
    if (protocol === 'http:') {
      const {Agent: PlainAgent, request} = process.getBuiltinModule('node:http');
      connection = {request, agent: new PlainAgent(common), protocol};
    } else {
      const {Agent: TlsAgent, request} = process.getBuiltinModule('node:https');
      const authorities = ca ?? (systemAuthorities ? systemStore() : undefined);
      const agent = new TlsAgent({
        ...common,
        rejectUnauthorized: http.verifyTls,
        ...(authorities && {ca: authorities}),
      });
      connection = {request, agent, protocol};
    }
    return connection;
  }

  async function post(what: Post): Promise<Outcome> {
    const {request, agent} = open(what.url.protocol);
    const outcome = await attempt(what, http, onDone =>
      request(
        what.url,
        {
          agent,
          method: 'POST',
          headers: {
            'Content-Type': what.contentType,
            'Content-Length': Buffer.byteLength(what.body),
            Accept: 'application/json',
            'Accept-Encoding': 'gzip',
            'User-Agent': 'fiona',
          },
        },
        onDone,
      ),
    );
    // an authority that only the system's own store knows: nothing was sent yet, so this is no second attempt
    if (outcome.kind === 'tls' && !outcome.sent && ca === undefined && !systemAuthorities) {
      systemAuthorities = true;
      connection = undefined;
      if (systemStore() !== undefined) return post(what);
    }
    return outcome;
  }

  return {post, close: () => connection?.agent.destroy()};
}

/** Node's list and that of the system (Node 22.15 and newer). Loaded only when Node's list alone did not suffice: it is slow. */
function systemStore(): string[] | undefined {
  const tls = process.getBuiltinModule('node:tls');
  if (typeof tls.getCACertificates !== 'function') return undefined;
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
}

function attempt(
  what: Post,
  http: HttpOptions,
  start: (onAnswer: (answer: IncomingMessage) => void) => ClientRequest,
): Promise<Outcome> {
  return new Promise(resolve => {
    let connected = false;
    let answered = false;
    let over: NoAnswer | undefined;
    const request = start(answer => {
      answered = true;
      void receive(answer).then(end);
    });
    const giveUp = (reason: Omit<NoAnswer, 'sent'>) => {
      over ??= {...reason, sent: connected};
      request.destroy();
      end(over);
    };
    // unref: a limit must not keep the process alive, the connection does
    const whole = setTimeout(
      () => giveUp({kind: 'timeout', message: `no complete answer within ${Math.round(what.limitMs / 1000)} s`}),
      what.limitMs,
    ).unref();
    const connecting = setTimeout(
      () => giveUp({kind: 'timeout', message: `no connection to ${what.url.host} within ${http.connectSeconds} s`}),
      Math.min(http.connectSeconds * 1000, what.limitMs),
    ).unref();
    const interrupt = () => giveUp({kind: 'interrupted', message: 'stopped on request'});
    if (what.signal?.aborted) interrupt();
    what.signal?.addEventListener('abort', interrupt, {once: true});

    request.on('socket', socket => {
      const ready = () => {
        connected = true;
        clearTimeout(connecting);
      };
      if (!socket.connecting && request.reusedSocket) ready();
      else socket.once(what.url.protocol === 'https:' ? 'secureConnect' : 'connect', ready);
    });
    request.setTimeout(http.requestSeconds * 1000, () => {
      giveUp({kind: 'timeout', message: `silent for ${http.requestSeconds} s`});
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (answered) return;
      end(over ?? failure(error, what.url, connected, request.reusedSocket));
    });
    request.end(what.body);

    function end(outcome: Outcome): void {
      clearTimeout(whole);
      clearTimeout(connecting);
      what.signal?.removeEventListener('abort', interrupt);
      resolve(over ?? outcome);
    }

    async function receive(answer: IncomingMessage): Promise<Outcome> {
      const chunks: Buffer[] = [];
      const mostBytes = what.mostBytes ?? usualMostBytes;
      let bytes = 0;
      try {
        for await (const chunk of answer as AsyncIterable<Buffer>) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > mostBytes) {
            request.destroy();
            return {kind: 'tooLarge', message: `the answer is larger than ${mostBytes} bytes`, sent: true};
          }
        }
      } catch {
        return {kind: 'malformed', message: `the answer was cut off after ${bytes} bytes`, sent: true};
      }
      if (!answer.complete)
        return {kind: 'malformed', message: `the answer was cut off after ${bytes} bytes`, sent: true};
      return unpack(answer, Buffer.concat(chunks, bytes), Buffer.byteLength(what.body));
    }
  });
}

async function unpack(answer: IncomingMessage, received: Buffer, sentBytes: number): Promise<Outcome> {
  let bytes = received;
  if (answer.headers['content-encoding'] === 'gzip') {
    const {gunzipSync} = await import('node:zlib');
    try {
      bytes = gunzipSync(received, {maxOutputLength: maxUnpackedBytes});
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      const message = tooLarge ? `the answer is larger than ${maxUnpackedBytes} bytes` : 'the packed answer is damaged';
      return {kind: tooLarge ? 'tooLarge' : 'malformed', message, sent: true};
    }
  }
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(answer.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return {
    kind: 'answer',
    answer: {status: answer.statusCode ?? 0, headers, body: bytes.toString('utf8'), sentBytes},
    bytes,
  };
}

/** Only the error's code goes on: its message and properties may hold parts of the request. */
function failure(error: NodeJS.ErrnoException, {host}: URL, connected: boolean, reused: boolean): NoAnswer {
  const code = error.code ?? 'unknown error';
  if (!connected && isTlsCode(code))
    return {kind: 'tls', message: `the server's certificate was not accepted (${code})`, sent: false};
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  return {
    kind: 'unreachable',
    message: connected ? `the connection broke before an answer came (${code})` : `cannot connect to ${host} (${code})`,
    sent: connected,
    ...(connected && reused && reset && {staleConnection: true}),
  };
}

function isTlsCode(code: string): boolean {
  return /^(?:CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|UNSUPPORTED_CERT)/.test(
    code,
  );
}
