import type {Log} from '../cli/log.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {readInstanceFacts} from './instanceFile.ts';
import {collectData, type DataReceiver} from './messageAssembler.ts';
import {type QueryRun, runFind, runGet, runMove} from './queryService.ts';
import type {AssociationInfo, QueryRequest, Services} from './services.ts';
import {sendInstance} from './storeAssociation.ts';

const maxIdentifierLength = 1 << 20;

export interface ServingQueriesOptions {
  association: Association;
  services: Services;
  log: Log;
  /** Called when a query has been answered. */
  done(): void;
}

/** The C-FIND, C-MOVE and C-GET requests of one association that are being answered. */
export class ServingQueries {
  /** Contexts in which the peer takes C-STORE requests from us. */
  peerStores: readonly AcceptedContext[] = [];
  #options: ServingQueriesOptions;
  #running = new Map<number, AbortController>();

  constructor(options: ServingQueriesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  cancel(messageId: number): void {
    this.#running.get(messageId)?.abort();
  }

  cancelAll(): void {
    for (const query of this.#running.values()) query.abort();
  }

  /** Takes the identifier of a query and answers it. @returns undefined when nobody serves it here */
  begin(command: CommandSet, context: AcceptedContext, from: AssociationInfo): DataReceiver | undefined {
    const work = command.hasDataSet ? this.#workFor(command) : undefined;
    return work && this.#receive(command, context, from, work);
  }

  #workFor({commandField: field}: CommandSet): ((run: QueryRun) => Promise<void>) | undefined {
    const {services} = this.#options;
    const find = services.find?.bind(services);
    if (field === commandField.findRequest && find) return run => runFind(run, find);
    const move = services.move?.bind(services);
    if (field === commandField.moveRequest && move) return run => runMove(run, move);
    const get = services.get?.bind(services);
    if (field === commandField.getRequest && get) return run => runGet(run, get, this.#getRequest(run.query));
    return undefined;
  }

  #receive(
    command: CommandSet,
    context: AcceptedContext,
    from: AssociationInfo,
    work: (run: QueryRun) => Promise<void>,
  ): DataReceiver {
    const {association, log, done} = this.#options;
    return collectData(maxIdentifierLength, identifier => {
      const cancel = new AbortController();
      const messageId = command.messageId ?? 0;
      this.#running.set(messageId, cancel);
      association.operations++;
      const query = {
        association: from,
        sopClassUid: command.affectedSopClassUid ?? '',
        identifier,
        transferSyntaxUid: context.transferSyntax,
        messageId,
        signal: cancel.signal,
      };
      work({association, contextId: context.id, command, query, log}).finally(() => {
        this.#running.delete(messageId);
        done();
      });
    });
  }

  #getRequest(query: QueryRequest) {
    return {
      ...query,
      accepts: this.peerStores.map(context => ({
        sopClassUid: context.abstractSyntax,
        transferSyntaxUid: context.transferSyntax,
      })),
      send: async (path: string) => sendInstance(this.#options.association, readInstanceFacts(path)),
    };
  }
}
