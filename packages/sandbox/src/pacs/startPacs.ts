import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Log} from '@fiona/lib/cli/log';
import {encodeIdentifier} from '@fiona/lib/dimse/identifier';
import {startReceiver} from '@fiona/lib/dimse/receiver';
import {
  type AssociationAnswer,
  type AssociationInfo,
  type GetRequest,
  type IncomingCommitment,
  type IncomingInstance,
  type QueryRequest,
  refuse,
  type Services,
  type StoreSink,
  type SubOperations,
} from '@fiona/lib/dimse/services';
import {status, statusError} from '@fiona/lib/dimse/status';
import {type Destination, findDestination} from './destinations.ts';
import {answerCommitment} from './pacsCommitment.ts';
import {nextFault, type PacsFault, type PacsFaultSource} from './pacsFaults.ts';
import {PacsSink, preparePacsFolder} from './pacsFolder.ts';
import {PacsIndex, type StoredInstance} from './pacsIndex.ts';
import {type PacsQuery, readQuery, runQuery} from './pacsQuery.ts';
import {moveInstances, type RetrieveFault, returnInstances} from './pacsRetrieve.ts';

export interface PacsOptions {
  /** Folder of the instances: `<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm`. Made when missing. */
  dir: string;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 = any free port. */
  port: number;
  /** Destinations of C-MOVE and of commitment reports by AE title; more are in `destinations.json` beside `dir`. */
  moveTo?: Readonly<Record<string, Destination>> | undefined;
  faults?: PacsFaultSource | undefined;
  log: Log;
}

export interface Pacs {
  port: number;
  /** Stops; open associations have so long to end. */
  close(drainSeconds: number): Promise<void>;
}

/**
 * Starts a small research PACS for any AE titles: C-ECHO, C-STORE, C-FIND, C-MOVE and C-GET of Study and Patient Root,
 * and storage commitment.
 * Rejects with the error of listening.
 */
export async function startPacs(options: PacsOptions): Promise<Pacs> {
  preparePacsFolder(options.dir);
  const pacs = new PacsServices(options);
  const receiver = await startReceiver({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    services: pacs,
    log: options.log,
    idleTimeoutMs: 60_000,
  });
  return {port: receiver.port, close: seconds => receiver.close(seconds * 1000)};
}

/** Faults that go on for the rest of an association. */
interface Lasting {
  dropLeft: number;
  storesLeft: number;
}

class PacsServices implements Services {
  readonly store = {begin: (instance: IncomingInstance) => this.#begin(instance)};
  #options: PacsOptions;
  #index: PacsIndex;
  #lasting = new Map<number, Lasting>();

  constructor(options: PacsOptions) {
    this.#options = options;
    this.#index = new PacsIndex(options.dir);
  }

  async associate(): Promise<AssociationAnswer> {
    const fault = nextFault(this.#options.faults, 'associate');
    if (fault?.kind === 'delay') await sleep(fault.milliseconds);
    if (fault?.kind === 'reject') return {kind: 'reject', because: fault.transient ? 'busy' : 'caller'};
    return {kind: fault?.kind === 'abort' ? 'abort' : 'accept'};
  }

  closed(association: AssociationInfo): void {
    this.#lasting.delete(association.id);
  }

  async *find(request: QueryRequest): AsyncGenerator<Buffer> {
    const query = readQuery(request);
    const fault = await this.#queryFault('find', request, query);
    const cap = fault?.kind === 'cap' ? fault : undefined;
    let matches = 0;
    for (const {values} of runQuery(query, this.#index.studies())) {
      if (cap && matches === cap.count) {
        if (cap.status !== status.success) throw statusError(cap.status, 'too many matches');
        return;
      }
      if (fault?.kind === 'abortAfter' && matches === fault.count) request.association.abort('fault abortAfter');
      matches++;
      yield encodeIdentifier(query.level, values, request.transferSyntaxUid);
    }
  }

  async *move(request: QueryRequest & {destination: string}): AsyncGenerator<SubOperations> {
    const query = readQuery(request);
    const fault = await this.#queryFault('move', request, query);
    const destination = this.#destination(request.destination);
    if (destination === undefined) throw statusError(status.moveDestinationUnknown, 'move destination unknown');
    const target = {...destination, aeTitle: request.destination};
    yield* moveInstances(request, this.#select(query), target, retrieveFault(fault), this.#options.log);
  }

  async *get(request: GetRequest): AsyncGenerator<SubOperations> {
    const query = readQuery(request);
    const fault = await this.#queryFault('get', request, query);
    yield* returnInstances(request, this.#select(query), retrieveFault(fault));
  }

  commit(request: IncomingCommitment): () => void {
    const {faults, log} = this.#options;
    return answerCommitment(request, {
      studies: this.#index.studies(),
      destination: this.#destination(request.association.callingAeTitle),
      fault: nextFault(faults, 'commit'),
      log,
    });
  }

  #destination(aeTitle: string): Destination | undefined {
    const {moveTo = {}, dir} = this.#options;
    return findDestination(aeTitle, moveTo, join(dirname(dir), 'destinations.json'));
  }

  #select(query: PacsQuery): StoredInstance[] {
    return [...runQuery(query, this.#index.studies())].flatMap(match => match.instances);
  }

  /** Acts out what can be done at once: delay, abort, a status for the whole, a key to be ignored. */
  async #queryFault(
    operation: 'find' | 'move' | 'get',
    request: QueryRequest,
    query: PacsQuery,
  ): Promise<PacsFault | undefined> {
    const fault = nextFault(this.#options.faults, operation);
    if (fault?.kind === 'delay') await sleep(fault.milliseconds);
    if (fault?.kind === 'abort') request.association.abort('fault abort');
    if (fault?.kind === 'status') throw statusError(fault.status, 'as ordered');
    if (fault?.kind === 'ignoreKey' && query.keys.has(fault.tag)) query.keys.set(fault.tag, '');
    return fault;
  }

  #begin(instance: IncomingInstance): StoreSink {
    const {association} = instance;
    const lasting = this.#lasting.get(association.id);
    if (lasting) return this.#beginUnder(lasting, instance);
    const fault = nextFault(this.#options.faults, 'store');
    switch (fault?.kind) {
      case 'status':
        return refuse(fault.status, 'as ordered');
      case 'abort':
        association.abort('fault abort');
        return refuse(status.success);
      case 'abortAfter':
        return this.#beginUnder({dropLeft: 0, storesLeft: fault.count}, instance);
      case 'dropInstances':
        return this.#beginUnder({dropLeft: fault.count, storesLeft: Number.POSITIVE_INFINITY}, instance);
      case 'delay':
        return delayed(new PacsSink(this.#options.dir, instance), fault.milliseconds);
      default:
        return new PacsSink(this.#options.dir, instance);
    }
  }

  #beginUnder({dropLeft, storesLeft}: Lasting, instance: IncomingInstance): StoreSink {
    const {association} = instance;
    const rest = {dropLeft: dropLeft - 1, storesLeft: storesLeft - 1};
    if (rest.dropLeft > 0 || storesLeft !== Number.POSITIVE_INFINITY) this.#lasting.set(association.id, rest);
    else this.#lasting.delete(association.id);
    if (storesLeft === 0) association.abort('fault abortAfter');
    return dropLeft > 0 || storesLeft === 0 ? refuse(status.success) : new PacsSink(this.#options.dir, instance);
  }
}

/** The same sink, slower to answer. */
function delayed(sink: StoreSink, milliseconds: number): StoreSink {
  return {
    write: chunk => sink.write(chunk),
    async finish() {
      await sleep(milliseconds);
      return sink.finish();
    },
    abort: reason => sink.abort(reason),
  };
}

function retrieveFault(fault: PacsFault | undefined): RetrieveFault {
  return {
    drop: fault?.kind === 'dropInstances' ? fault.count : 0,
    abortAfter: fault?.kind === 'abortAfter' ? fault.count : Number.POSITIVE_INFINITY,
  };
}
