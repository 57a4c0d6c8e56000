import {once} from 'node:events';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import type {TlsOptions} from 'node:tls';
import type {Log} from '../cli/log.ts';
import {defaultMaxPduLength} from './requestor.ts';
import type {AssociationEnd, Services} from './services.ts';
import {Serving} from './serving.ts';
import type {Service} from './uids.ts';

export interface ReceiverOptions {
  /** Address to listen on; default all interfaces. */
  host?: string | undefined;
  /** 0 = any free port. */
  port: number;
  /** TLS when given. */
  tls?: TlsOptions | undefined;
  services: Services;
  log: Log;
  /** An association on which nothing happens is ended after this. Default 15 s. */
  idleTimeoutMs?: number | undefined;
  /** Longest silence while the peer owes an answer or does not read. Default 60 s. */
  responseTimeoutMs?: number | undefined;
  /** The ARTIM timer (PS3.8 9.1.5): a connection without a request, or one that is not closed after its end. Default 10 s. */
  artimTimeoutMs?: number | undefined;
  /** Longest P-DATA-TF we announce to take. Default 1 MiB. */
  maxPduLength?: number | undefined;
  /** More are rejected as a passing condition. Default 256. */
  maxAssociations?: number | undefined;
  /** Requests of one association worked on at once. Default 16. */
  maxOperations?: number | undefined;
}

/** Sums since the start. */
export interface ReceiverCounters {
  associations: number;
  rejected: number;
  stored: number;
  failed: number;
  bytes: number;
}

/**
 * Starts a DICOM application that accepts associations for any called AE title: C-ECHO always, and the given services.
 * Resolves when it listens; rejects with the error of listening (`EADDRINUSE`, `EACCES` …).
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const receiver = new Receiver(options, options.tls ? await tlsServer(options.tls, options.log) : createServer());
  await receiver.listen();
  return receiver;
}

async function tlsServer(tls: TlsOptions, log: Log): Promise<Server> {
  const {createServer: createTlsServer} = await import('node:tls');
  const server = createTlsServer(tls);
  server.on('tlsClientError', error => log.warn(`a TLS handshake failed: ${error.message}`));
  return server;
}

/** A running receiver, made by {@link startReceiver}. */
export class Receiver {
  readonly counters: ReceiverCounters = {associations: 0, rejected: 0, stored: 0, failed: 0, bytes: 0};
  #options: ReceiverOptions;
  #server: Server;
  #open = new Set<Serving>();
  #lastId = 0;
  #allEnded: (() => void) | undefined;

  constructor(options: ReceiverOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    server.maxConnections = 2 * this.#maxAssociations + 64;
    server.on(options.tls ? 'secureConnection' : 'connection', socket => this.#connected(socket));
  }

  /** Resolves when connections are taken. */
  async listen(): Promise<void> {
    const {host, port} = this.#options;
    this.#server.listen({port, host, backlog: 1024});
    await once(this.#server, 'listening');
    this.#server.on('error', error => this.#options.log.error(`receiver: ${error.message}`));
  }

  /** The port listened on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#options.port;
  }

  get openAssociations(): number {
    return [...this.#open].filter(serving => serving.isEstablished).length;
  }

  /**
   * Stops listening and lets open associations come to their end; those that have not after `drainMs` are aborted. Resolves
   * when the last instance being stored has had its answer.
   */
  async close(drainMs = 0): Promise<void> {
    this.#server.close();
    for (const serving of this.#open)
      if (!serving.isEstablished) serving.abort('cancelled', 'the receiver is being stopped');
    const ended = new Promise<void>(resolve => {
      this.#allEnded = resolve;
    });
    if (this.#open.size === 0) return;
    const abortAll = () => {
      for (const serving of this.#open) serving.abort('cancelled', 'the receiver is being stopped');
    };
    const timer = setTimeout(abortAll, drainMs);
    await ended;
    clearTimeout(timer);
  }

  get #maxAssociations(): number {
    return this.#options.maxAssociations ?? 256;
  }

  #connected(socket: Socket): void {
    const {services, log, artimTimeoutMs = 10_000, idleTimeoutMs = 15_000, responseTimeoutMs = 60_000} = this.#options;
    const id = ++this.#lastId;
    const serving: Serving = new Serving(socket, {
      id,
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
      hasRoom: () => this.openAssociations < this.#maxAssociations,
      finished: end => this.#finished(id, serving, end),
    });
    this.#open.add(serving);
  }

  #finished(id: number, serving: Serving, end: AssociationEnd): void {
    this.#open.delete(serving);
    this.#count(end);
    const seconds = (end.milliseconds / 1000).toFixed(1);
    const sums = `stored ${end.stored}, failed ${end.failed}, ${end.bytes} bytes, ${seconds} s`;
    if (end.kind === 'released') this.#options.log.info(`association ${id}: released, ${sums}`);
    else this.#options.log.warn(`association ${id}: ${end.kind}, ${sums}: ${end.detail}`);
    if (this.#open.size === 0) this.#allEnded?.();
  }

  #count(end: AssociationEnd): void {
    this.counters.associations++;
    if (end.kind === 'rejected') this.counters.rejected++;
    this.counters.stored += end.stored;
    this.counters.failed += end.failed;
    this.counters.bytes += end.bytes;
  }
}

function offeredServices(services: Services): Set<Service> {
  const offered = new Set<Service>(['verification']);
  if (services.store || services.get) offered.add('storage');
  for (const name of ['find', 'move', 'get'] as const) if (services[name]) offered.add(name);
  return offered;
}
