import {once} from 'node:events';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import type {TLSSocket, TlsOptions, Server as TlsServer} from 'node:tls';
import type {Log} from '../cli/log.ts';
import {associationSummary} from './associationSummary.ts';
import {printable} from './peer.ts';
import {defaultMaxPduLength} from './requestor.ts';
import type {AssociationEnd, AssociationInfo, Services} from './services.ts';
import {Serving} from './serving.ts';
import {classifyStoreStatus} from './status.ts';
import type {Service} from './uids.ts';

/** Where a receiver listens. */
export interface ListenOptions {
  /** Address to listen on; default all interfaces. */
  host?: string | undefined;
  /** 0 = any free port. */
  port: number;
  /** TLS when given. */
  tls?: TlsOptions | undefined;
}

export interface ReceiverOptions extends ListenOptions {
  services: Services;
  log: Log;
  /** An association on which nothing happens is ended after this. Default 15 s. */
  idleTimeoutMs?: number | undefined;
  /** Longest silence while the peer owes an answer or does not read. Default 60 s. */
  responseTimeoutMs?: number | undefined;
  /** The ARTIM timer (PS3.8 9.1.5): a connection without a request, or one that is not closed after its end. Default 10 s. */
  artimTimeoutMs?: number | undefined;
  /** A peer that is slower for four times the idle time, in the middle of something, is aborted. Default 0: none is. */
  minBytesPerSecond?: number | undefined;
  /** Longest P-DATA-TF we announce to take. Default 1 MiB. */
  maxPduLength?: number | undefined;
  /** More are rejected as a passing condition. Default 256. */
  maxAssociations?: number | undefined;
  /** Data set bytes after which the C-STOREs of an association are answered A700. Default 0: no limit. */
  maxAssociationBytes?: number | undefined;
  /** Requests of one association worked on at once. Default 16. */
  maxOperations?: number | undefined;
}

/** Sums since the start. */
export interface ReceiverCounters {
  /** Connections that were taken, with an association or without. */
  connections: number;
  /** Connections that were not taken because there are too many. */
  dropped: number;
  handshakeFailures: number;
  /** Associations that are over, the rejected ones included, by how they ended; connections without a request too. */
  readonly ends: Map<AssociationEnd['kind'], number>;
  /** C-STORE requests by the status they were answered with. */
  readonly statuses: Map<number, number>;
  stored: number;
  failed: number;
  /** Data set bytes of the C-STORE requests that were answered. */
  bytes: number;
}

/** One port of a receiver. */
export interface Listener {
  readonly port: number;
  /** Other certificates for the connections to come; those that are open stay. @throws when they cannot be used, and the old ones stay */
  renew(tls: TlsOptions): void;
}

/**
 * Starts a DICOM application that accepts associations for any called AE title: C-ECHO always, and the given services.
 * Resolves when it listens; rejects with the error of listening (`EADDRINUSE`, `EACCES` …).
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const receiver = new Receiver(options);
  await receiver.listen(options);
  return receiver;
}

/** Between two warnings of the same kind. */
const warnAgainMs = 60_000;

/** Silence after which an association is not worth waiting for, when the receiver is to stop. */
const drainQuietMs = 2000;

/** A running receiver, made by {@link startReceiver}. */
export class Receiver {
  readonly counters: ReceiverCounters = {
    connections: 0,
    dropped: 0,
    handshakeFailures: 0,
    ends: new Map(),
    statuses: new Map(),
    stored: 0,
    failed: 0,
    bytes: 0,
  };
  #options: ReceiverOptions;
  #servers: Server[] = [];
  /** Connections as the system knows them, also those that are still busy with TLS. */
  #sockets = new Set<Socket>();
  #open = new Set<Serving>();
  #lastId = 0;
  #lastDropped = Number.NEGATIVE_INFINITY;
  #allEnded: (() => void) | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Listens on one more port, under the same limits. Resolves when connections are taken; rejects with the error of listening. */
  async listen({host, port, tls}: ListenOptions): Promise<Listener> {
    const server = tls ? await this.#tlsServer(tls) : createServer();
    server.maxConnections = 2 * this.#maxAssociations + 64;
    server.on('connection', socket => this.#sockets.add(socket.once('close', () => this.#sockets.delete(socket))));
    server.on('drop', () => this.#dropped());
    server.on(tls ? 'secureConnection' : 'connection', socket => this.#connected(socket));
    server.listen({port, host, backlog: 1024});
    await once(server, 'listening');
    server.on('error', error => this.#options.log.error(`receiver: ${error.message}`));
    this.#servers.push(server);
    return {
      port: (server.address() as AddressInfo).port,
      renew: renewed => (server as TlsServer).setSecureContext?.(renewed),
    };
  }

  /** The port listened on, the first one of several. */
  get port(): number {
    return (this.#servers[0]?.address() as AddressInfo | null)?.port ?? this.#options.port;
  }

  get openAssociations(): number {
    let open = 0;
    for (const serving of this.#open) if (serving.isEstablished) open++;
    return open;
  }

  /**
   * Stops listening and lets open associations come to their end; those that have not after `drainMs`, or on which nothing happens for
   * a while, are aborted. Resolves when the last instance being stored has had its answer.
   */
  async close(drainMs = 0): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const serving of this.#open)
      if (!serving.isEstablished) serving.abort('cancelled', 'the receiver is being stopped');
    if (this.#open.size > 0) await this.#drained(drainMs);
    for (const socket of this.#sockets) socket.destroySoon();
  }

  async #drained(drainMs: number): Promise<void> {
    const ended = new Promise<void>(resolve => {
      this.#allEnded = resolve;
    });
    const abortAll = (quietMs = 0) => {
      for (const serving of this.#open)
        if (serving.association.quietMs >= quietMs) serving.abort('cancelled', 'the receiver is being stopped');
    };
    const timer = setTimeout(abortAll, drainMs);
    const watch = setInterval(abortAll, 250, drainQuietMs);
    await ended;
    clearTimeout(timer);
    clearInterval(watch);
  }

  get #maxAssociations(): number {
    return this.#options.maxAssociations ?? 256;
  }

  async #tlsServer(tls: TlsOptions): Promise<Server> {
    const {createServer: createTlsServer} = await import('node:tls');
    const server = createTlsServer({...tls, handshakeTimeout: this.#options.artimTimeoutMs ?? 10_000});
    server.on('tlsClientError', (error, socket) => {
      this.counters.handshakeFailures++;
      this.#options.log.warn(`a TLS handshake of ${socket.remoteAddress ?? 'a lost peer'} failed: ${error.message}`);
    });
    return server;
  }

  /** Told once for a flood: a line for each of them would be one. */
  #dropped(): void {
    this.counters.dropped++;
    const now = performance.now();
    if (now - this.#lastDropped > warnAgainMs) this.#options.log.warn('connections are turned away, too many are open');
    this.#lastDropped = now;
  }

  #connected(socket: Socket): void {
    const {services, log, artimTimeoutMs = 10_000, idleTimeoutMs = 15_000, responseTimeoutMs = 60_000} = this.#options;
    this.counters.connections++;
    const serving: Serving = new Serving(socket, {
      id: ++this.#lastId,
      tls: describeTls(socket),
      services,
      offer: {
        services: offeredServices(services),
        maxPduLength: this.#options.maxPduLength ?? defaultMaxPduLength,
        maxOperations: this.#options.maxOperations ?? 16,
      },
      log,
      artimTimeoutMs,
      idleTimeoutMs,
      responseTimeoutMs,
      minBytesPerSecond: this.#options.minBytesPerSecond ?? 0,
      maxAssociationBytes: this.#options.maxAssociationBytes ?? 0,
      hasRoom: () => this.openAssociations < this.#maxAssociations,
      answered: (status, bytes) => this.#answered(status, bytes),
      finished: (association, end) => this.#finished(serving, association, end),
    });
    this.#open.add(serving);
  }

  #answered(status: number, bytes: number): void {
    const {counters} = this;
    counters.statuses.set(status, (counters.statuses.get(status) ?? 0) + 1);
    if (classifyStoreStatus(status) === 'stored') counters.stored++;
    else counters.failed++;
    counters.bytes += bytes;
  }

  #finished(serving: Serving, association: AssociationInfo, end: AssociationEnd): void {
    this.#open.delete(serving);
    this.counters.ends.set(end.kind, (this.counters.ends.get(end.kind) ?? 0) + 1);
    const line = associationSummary(association, end);
    if (end.kind === 'released') this.#options.log.info(line);
    else this.#options.log.warn(line);
    if (this.#open.size === 0) this.#allEnded?.();
  }
}

/** `TLSv1.3`, or `TLSv1.3 as CT1.example.org` for who showed a certificate that was verified. */
function describeTls(socket: Socket): string | undefined {
  const {getProtocol, authorized} = socket as Partial<TLSSocket>;
  if (getProtocol === undefined) return undefined;
  const secured = socket as TLSSocket;
  const name = authorized ? secured.getPeerCertificate()?.subject?.CN : undefined;
  return `${secured.getProtocol() ?? 'TLS'}${name === undefined ? '' : ` as ${printable(String(name))}`}`;
}

function offeredServices(services: Services): Set<Service> {
  const offered = new Set<Service>(['verification']);
  if (services.store || services.get) offered.add('storage');
  for (const name of ['find', 'move', 'get'] as const) if (services[name]) offered.add(name);
  if (services.commit || services.committed) offered.add('commitment');
  return offered;
}
