import {createServer as createHttpServer, type Server} from 'node:http';
import {createServer as createHttpsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {type Api, answerRequest} from './apiRequest.ts';

/** The port cannot be listened on. */
export class ListenError extends FionaError {
  readonly exitCode = exitCode.unavailable;
}

export interface ServerOptions {
  host: string;
  port: number;
  /** PEM texts; absent = plain HTTP. */
  tls?: {key: string; cert: string} | undefined;
  api: Api;
}

export interface RunningServer {
  port: number;
  /** Finishes running requests, at most so many milliseconds, then closes. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts the API server; resolves when it listens.
 * @throws ListenError
 */
export async function startServer({host, port, tls, api}: ServerOptions): Promise<RunningServer> {
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer({...tls});
  // longer than clients keep idle connections, so that a reused connection is not closed under a request
  server.keepAliveTimeout = 75_000;
  server.on('request', (request, response) => {
    answerRequest(api, request, response).catch((error: unknown) => {
      // the caller went away in the middle: nobody is left to be told
      if (!request.complete || response.destroyed) return;
      api.onBug(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(listenError({host, port, option: '--redcap-port'}, error)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: graceMs =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), graceMs).unref();
      }),
  };
}

/** A sentence for an operator from the system's error. */
export function listenError(place: {host: string; port: number; option: string}, error: unknown): ListenError {
  const code = (error as NodeJS.ErrnoException).code;
  const text = error instanceof Error ? error.message : String(error);
  const why = code === 'EADDRINUSE' ? 'the port is in use' : code === 'EACCES' ? 'the port needs more rights' : text;
  const advice = `choose another port with ${place.option}`;
  return new ListenError(`cannot listen on ${place.host}:${place.port}: ${why}; ${advice}`, {cause: error});
}
