import {once} from 'node:events';
import {createServer, type IncomingMessage, request as plainRequest, type ServerResponse} from 'node:http';
import {request as tlsRequest} from 'node:https';
import type {AddressInfo} from 'node:net';

/** One call as it passed through the proxy. */
export interface ProxiedCall {
  /** From 1. */
  number: number;
  parameters: URLSearchParams;
  /** `import` when it carries data, else `export`. */
  kind: 'import' | 'export';
  content: string;
}

/** What becomes of a call: passed on, answered by the proxy, or the connection broken before or after it was carried out. */
export type Fate = 'pass' | 'reset' | 'resetAfterCommit' | {status: number; contentType?: string; body: string};

/** A REDCap seen through a proxy that counts calls and can spoil them. */
export interface RedcapProxy {
  url: string;
  calls: ProxiedCall[];
  /** Decides about each call; default `pass`. Reset it in the end. */
  fate: (call: ProxiedCall) => Fate | Promise<Fate>;
  /** Called when the server has answered and the answer has not been passed on yet. */
  answered: (call: ProxiedCall) => void | Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy, itself with plain HTTP, on a free loopback port before a sandbox. `ca` is the authority of one with TLS. */
export async function startRedcapProxy(targetUrl: string, ca?: Buffer): Promise<RedcapProxy> {
  const proxy: RedcapProxy = {
    url: '',
    calls: [],
    fate: () => 'pass',
    answered: () => {},
    close: () => Promise.resolve(),
  };
  const server = createServer((incoming, outgoing) => {
    relay(proxy, {url: targetUrl, ca}, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  proxy.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return proxy;
}

interface Target {
  readonly url: string;
  readonly ca: Buffer | undefined;
}

async function relay(
  proxy: RedcapProxy,
  target: Target,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bodyOf(incoming);
  const parameters = new URLSearchParams(body.toString('utf8'));
  const call: ProxiedCall = {
    number: proxy.calls.length + 1,
    parameters,
    kind: parameters.has('data') ? 'import' : 'export',
    content: parameters.get('content') ?? '',
  };
  proxy.calls.push(call);
  const fate = await proxy.fate(call);
  if (fate === 'reset') return void incoming.socket.resetAndDestroy();
  if (typeof fate === 'object') {
    outgoing.writeHead(fate.status, {'Content-Type': fate.contentType ?? 'application/json'});
    return void outgoing.end(fate.body);
  }
  const {status, headers, answer} = await forward(target, incoming, body);
  await proxy.answered(call);
  if (fate === 'resetAfterCommit') return void incoming.socket.resetAndDestroy();
  outgoing.writeHead(status, headers);
  outgoing.end(answer);
}

async function forward({url, ca}: Target, incoming: IncomingMessage, body: Buffer) {
  const headers = {
    ...incoming.headers,
    host: new URL(url).host,
    'content-length': String(body.length),
    'accept-encoding': 'identity',
  };
  const options = {method: incoming.method, headers, agent: false} as const;
  const call = ca === undefined ? plainRequest(url, options) : tlsRequest(url, {...options, ca});
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const answer = await bodyOf(response);
  const {'transfer-encoding': _, 'content-length': __, connection: ___, ...kept} = response.headers;
  return {status: response.statusCode ?? 502, headers: kept, answer};
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
