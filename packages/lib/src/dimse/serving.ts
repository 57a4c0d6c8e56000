import type {Socket} from 'node:net';
import type {Log} from '../cli/log.ts';
import {type AcceptedContext, Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {DimseError, protocolError} from './dimseError.ts';
import {readInstanceFacts} from './instanceFile.ts';
import {collectData, type DataReceiver} from './messageAssembler.ts';
import {type Negotiated, negotiate, type Offer} from './negotiation.ts';
import type {AssociateRequest} from './pdu.ts';
import {printable} from './peer.ts';
import {type QueryRun, runFind, runGet, runMove} from './queryService.ts';
import {sendLength} from './requestor.ts';
import type {AssociationEnd, AssociationInfo, QueryRequest, Services, StoreAnswer} from './services.ts';
import {classifyStoreStatus, status} from './status.ts';
import {sendInstance} from './storeAssociation.ts';
import {receiveInstance} from './storeService.ts';

/** What an association needs from the receiver it belongs to. */
export interface ServingOptions {
  id: number;
  services: Services;
  offer: Offer;
  log: Log;
  artimTimeoutMs: number;
  idleTimeoutMs: number;
  responseTimeoutMs: number;
  /** False when the receiver has as many associations as it may. */
  hasRoom(): boolean;
  /** Called once when the connection is over and nothing is being worked on any more. */
  finished(end: AssociationEnd): void;
}

const maxIdentifierLength = 1 << 20;

/** The acceptor's side of one association: negotiates, then answers requests until it ends. */
export class Serving {
  readonly association: Association;
  #options: ServingOptions;
  #info: AssociationInfo;
  #negotiated: Negotiated | undefined;
  #started = performance.now();
  #queries = new Map<number, AbortController>();
  #roomWanted: (() => void) | undefined;
  #end: AssociationEnd = {kind: 'closed', detail: '', stored: 0, failed: 0, bytes: 0, milliseconds: 0};
  #asked = false;
  #over = false;

  constructor(socket: Socket, options: ServingOptions) {
    this.#options = options;
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.#info = {
      id: options.id,
      callingAeTitle: '',
      calledAeTitle: '',
      address,
      port: socket.remotePort ?? 0,
      implementationClassUid: undefined,
      implementationVersion: undefined,
      userIdentity: undefined,
      abort: why => this.abort('aborted', why),
    };
    this.association = new Association(
      socket,
      {
        requested: request => {
          this.#requested(request).catch(error => this.abort('aborted', `negotiation failed: ${String(error)}`));
        },
        message: (command, context) => this.#message(command, context),
        ended: error => this.#ended(error),
      },
      {role: 'acceptor', peerName: address, ...options},
    );
  }

  /** True once the association was accepted and until it ends. */
  get isEstablished(): boolean {
    return this.#negotiated !== undefined && !this.#over;
  }

  abort(failure: 'aborted' | 'cancelled', why: string): void {
    this.association.abort(new DimseError(failure, why));
  }

  async #requested(request: AssociateRequest): Promise<void> {
    const {offer, log, id} = this.#options;
    const {callingAeTitle, calledAeTitle, user} = request;
    this.#asked = true;
    this.#info = {
      ...this.#info,
      callingAeTitle,
      calledAeTitle,
      implementationClassUid: user.implementationClassUid,
      implementationVersion: user.implementationVersion,
      userIdentity: user.userIdentity?.type,
    };
    this.association.peerName = `${printable(callingAeTitle)} (${this.#info.address})`;
    const answer = await this.#mayEnter();
    if (this.#over) return;
    if (answer.kind === 'abort') return this.abort('aborted', 'the association is not wanted');
    if (answer.kind === 'reject') return this.#reject(answer.transient);
    const negotiated = negotiate(request, offer);
    this.#negotiated = negotiated;
    this.association.contexts = negotiated.contexts;
    this.association.maxSendLength = sendLength(user.maxPduLength);
    log.info(
      `association ${id}: ${this.association.peerName} calls ${printable(calledAeTitle)}, ` +
        `${negotiated.contexts.size} of ${request.contexts.length} contexts accepted`,
    );
    this.association.upper.accept(negotiated.accept);
  }

  async #mayEnter() {
    if (!this.#options.hasRoom()) {
      this.#options.log.warn(
        `association ${this.#options.id}: ${this.association.peerName} turned away, too many are open`,
      );
      return {kind: 'reject', transient: true} as const;
    }
    try {
      return (await this.#options.services.associate?.(this.#info)) ?? ({kind: 'accept'} as const);
    } catch (error) {
      this.#options.log.error(`association ${this.#options.id}: cannot decide on it: ${String(error)}`);
      return {kind: 'reject', transient: true} as const;
    }
  }

  /** PS3.8 table 9-21: local limit exceeded, or calling AE title not recognised. */
  #reject(transient: boolean): void {
    this.#end.kind = 'rejected';
    this.association.upper.reject(
      transient
        ? {kind: 'associate-reject', result: 2, source: 3, reason: 2}
        : {kind: 'associate-reject', result: 1, source: 1, reason: 3},
    );
  }

  #message(
    command: CommandSet,
    context: AcceptedContext,
  ): DataReceiver | undefined | Promise<DataReceiver | undefined> {
    if (command.commandField === commandField.cancelRequest) {
      this.#queries.get(command.messageIdRespondedTo ?? 0)?.abort();
      return undefined;
    }
    if (this.association.operations < this.#options.offer.maxOperations) return this.#begin(command, context);
    if (this.#queries.size > 0) throw protocolError('more requests are under way than were negotiated');
    return new Promise<void>(resolve => {
      this.#roomWanted = resolve;
    }).then(() => this.#begin(command, context));
  }

  #begin(command: CommandSet, context: AcceptedContext): DataReceiver | undefined | Promise<DataReceiver> {
    const {services} = this.#options;
    switch (command.commandField) {
      case commandField.echoRequest:
        this.#answer(command, context, {status: status.success});
        return undefined;
      case commandField.storeRequest:
        if (services.store && command.hasDataSet) return this.#beginStore(command, context);
        break;
      case commandField.findRequest: {
        const find = services.find?.bind(services);
        if (find && command.hasDataSet) return this.#beginQuery(command, context, run => runFind(run, find));
        break;
      }
      case commandField.moveRequest: {
        const move = services.move?.bind(services);
        if (move && command.hasDataSet) return this.#beginQuery(command, context, run => runMove(run, move));
        break;
      }
      case commandField.getRequest: {
        const get = services.get?.bind(services);
        if (!get || !command.hasDataSet) break;
        return this.#beginQuery(command, context, run => runGet(run, get, this.#getRequest(run.query)));
      }
      default:
        break;
    }
    this.#answer(command, context, {status: status.unrecognizedOperation});
    return undefined;
  }

  #beginStore(command: CommandSet, context: AcceptedContext): DataReceiver | Promise<DataReceiver> {
    const handler = this.#options.services.store;
    const instance = {
      association: this.#info,
      sopClassUid: command.affectedSopClassUid ?? '',
      sopInstanceUid: command.affectedSopInstanceUid ?? '',
      transferSyntaxUid: context.transferSyntax,
      messageId: command.messageId ?? 0,
      moveOriginator: command.moveOriginatorAeTitle,
    };
    return receiveInstance(handler ?? {begin: () => Promise.reject(new Error('not served'))}, instance, {
      finishing: () => {
        this.association.operations++;
      },
      answered: (answer, bytes) => {
        this.#count(answer, bytes);
        this.#answer(command, context, answer);
        this.#operationDone();
      },
    });
  }

  #beginQuery(command: CommandSet, context: AcceptedContext, work: (run: QueryRun) => Promise<void>): DataReceiver {
    return collectData(maxIdentifierLength, identifier => {
      const cancel = new AbortController();
      const messageId = command.messageId ?? 0;
      this.#queries.set(messageId, cancel);
      this.association.operations++;
      const query = {
        association: this.#info,
        sopClassUid: command.affectedSopClassUid ?? '',
        identifier,
        transferSyntaxUid: context.transferSyntax,
        messageId,
        signal: cancel.signal,
      };
      work({association: this.association, contextId: context.id, command, query, log: this.#options.log}).finally(
        () => {
          this.#queries.delete(messageId);
          this.#operationDone();
        },
      );
    });
  }

  #getRequest(query: QueryRequest) {
    const peerStores = this.#negotiated?.peerStores ?? [];
    return {
      ...query,
      accepts: peerStores.map(context => ({
        sopClassUid: context.abstractSyntax,
        transferSyntaxUid: context.transferSyntax,
      })),
      send: async (path: string) => sendInstance(this.association, readInstanceFacts(path)),
    };
  }

  #answer(command: CommandSet, context: AcceptedContext, answer: StoreAnswer): void {
    this.association.send(context.id, {
      commandField: command.commandField | 0x8000,
      affectedSopClassUid: command.affectedSopClassUid,
      messageIdRespondedTo: command.messageId,
      status: answer.status,
      errorComment: answer.comment,
      affectedSopInstanceUid: command.affectedSopInstanceUid,
      hasDataSet: false,
    });
  }

  #count(answer: StoreAnswer, bytes: number): void {
    if (classifyStoreStatus(answer.status) === 'stored') this.#end.stored++;
    else this.#end.failed++;
    this.#end.bytes += bytes;
  }

  #operationDone(): void {
    this.association.operations--;
    const {association} = this;
    if (this.#roomWanted) {
      const wanted = this.#roomWanted;
      this.#roomWanted = undefined;
      wanted();
    }
    association.operationsChanged();
    this.#finishWhenDone();
  }

  #ended(error: DimseError | undefined): void {
    this.#over = true;
    for (const query of this.#queries.values()) query.abort();
    if (this.#end.kind !== 'rejected') this.#end.kind = error === undefined ? 'released' : endKind(error);
    this.#end.detail = error?.message ?? '';
    this.#finishWhenDone();
  }

  #finishWhenDone(): void {
    if (!this.#over || this.association.operations > 0) return;
    this.#end.milliseconds = performance.now() - this.#started;
    this.#options.finished(this.#end);
    if (!this.#asked) return;
    try {
      this.#options.services.closed?.(this.#info, this.#end);
    } catch (error) {
      this.#options.log.error(`association ${this.#options.id}: cannot be written off: ${String(error)}`);
    }
  }
}

function endKind(error: DimseError): AssociationEnd['kind'] {
  const {failure} = error;
  if (failure === 'timeout' || failure === 'protocol' || failure === 'aborted' || failure === 'cancelled')
    return failure;
  return 'closed';
}
