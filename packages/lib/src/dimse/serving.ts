import type {Socket} from 'node:net';
import type {Log} from '../cli/log.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {beginCommitment} from './commitmentService.ts';
import {DimseError, protocolError} from './dimseError.ts';
import type {DataReceiver} from './messageAssembler.ts';
import {negotiate, type Offer} from './negotiation.ts';
import type {AssociateRequest} from './pdu.ts';
import {printable} from './peer.ts';
import {sendLength} from './requestor.ts';
import {
  type AssociationAnswer,
  type AssociationEnd,
  type AssociationInfo,
  rejections,
  type Services,
  type StoreAnswer,
} from './services.ts';
import {ServingQueries} from './servingQueries.ts';
import {classifyStoreStatus, status} from './status.ts';
import {receiveInstance} from './storeService.ts';

/** What an association needs from the receiver it belongs to. */
export interface ServingOptions {
  id: number;
  /** Protocol version of TLS, undefined without. */
  tls: string | undefined;
  services: Services;
  offer: Offer;
  log: Log;
  artimTimeoutMs: number;
  idleTimeoutMs: number;
  responseTimeoutMs: number;
  minBytesPerSecond: number;
  /** Data set bytes after which C-STOREs are answered A700; 0 = no limit. */
  maxAssociationBytes: number;
  /** False when the receiver has as many associations as it may. */
  hasRoom(): boolean;
  /** A C-STORE was answered. */
  answered(status: number, bytes: number): void;
  /** Called once when the connection is over and nothing is being worked on any more. */
  finished(association: AssociationInfo, end: AssociationEnd): void;
}

/** The acceptor's side of one association: negotiates, then answers requests until it ends. */
export class Serving {
  readonly association: Association;
  #options: ServingOptions;
  #info: AssociationInfo;
  #isAccepted = false;
  #started = performance.now();
  #queries: ServingQueries;
  #roomWanted: (() => void) | undefined;
  #end: AssociationEnd = {
    kind: 'closed',
    detail: '',
    stored: 0,
    failed: 0,
    statuses: new Map(),
    bytes: 0,
    milliseconds: 0,
  };
  #taken = 0;
  #asked = false;
  #over = false;

  constructor(socket: Socket, options: ServingOptions) {
    this.#options = options;
    this.#info = connectionInfo(socket, options, why => this.abort('aborted', why));
    this.association = new Association(
      socket,
      {
        requested: request => {
          this.#requested(request).catch(error => this.abort('aborted', `negotiation failed: ${String(error)}`));
        },
        message: (command, context) => this.#message(command, context),
        ended: error => this.#ended(error),
      },
      {role: 'acceptor', peerName: this.#info.address, ...options},
    );
    const {services, log} = options;
    this.#queries = new ServingQueries({
      association: this.association,
      services,
      log,
      done: () => this.#operationDone(),
    });
  }

  /** True once the association was accepted and until it ends. */
  get isEstablished(): boolean {
    return this.#isAccepted && !this.#over;
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
    if (answer.kind === 'reject') return this.#reject(answer.because, answer.detail);
    const negotiated = negotiate(request, offer);
    this.#isAccepted = true;
    this.#queries.peerStores = negotiated.peerStores;
    this.association.contexts = negotiated.contexts;
    this.association.maxSendLength = sendLength(user.maxPduLength);
    log.info(
      `association ${id}: ${this.association.peerName} calls ${printable(calledAeTitle)}, ` +
        `${negotiated.contexts.size} of ${request.contexts.length} contexts accepted`,
    );
    this.association.upper.accept(negotiated.accept);
  }

  async #mayEnter(): Promise<AssociationAnswer> {
    if (!this.#options.hasRoom()) return {kind: 'reject', because: 'busy', detail: 'too many associations are open'};
    try {
      return (await this.#options.services.associate?.(this.#info)) ?? {kind: 'accept'};
    } catch (error) {
      this.#options.log.error(`association ${this.#options.id}: cannot decide on it: ${String(error)}`);
      return {kind: 'reject', because: 'busy'};
    }
  }

  #reject(because: keyof typeof rejections, why: string = because): void {
    const {result, source, reason} = rejections[because];
    this.#end.kind = 'rejected';
    this.#end.detail = `${why} (A-ASSOCIATE-RJ ${result}/${source}/${reason})`;
    this.association.upper.reject({kind: 'associate-reject', result, source, reason});
  }

  #message(
    command: CommandSet,
    context: AcceptedContext,
  ): DataReceiver | undefined | Promise<DataReceiver | undefined> {
    if (command.commandField === commandField.cancelRequest) {
      this.#queries.cancel(command.messageIdRespondedTo ?? 0);
      return undefined;
    }
    // A peer that asks and asks but does not read the answers would make them pile up here.
    if (this.association.upper.socket.writableNeedDrain) {
      return this.association.drained().then(() => this.#message(command, context));
    }
    if (this.association.operations < this.#options.offer.maxOperations) return this.#begin(command, context);
    if (this.#queries.size > 0) throw protocolError('more requests are under way than were negotiated');
    return new Promise<void>(resolve => {
      this.#roomWanted = resolve;
    }).then(() => this.#begin(command, context));
  }

  #begin(command: CommandSet, context: AcceptedContext): DataReceiver | undefined | Promise<DataReceiver> {
    const {services, log} = this.#options;
    if (command.commandField === commandField.echoRequest) {
      this.#answer(command, context, {status: status.success});
      return undefined;
    }
    if (command.commandField === commandField.storeRequest && services.store && command.hasDataSet)
      return this.#beginStore(command, context);
    const receiver =
      this.#queries.begin(command, context, this.#info) ??
      beginCommitment(this.association, {command, context, log, services, info: this.#info});
    if (receiver) return receiver;
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
      taking: bytes => this.#taking(bytes),
      answered: (answer, bytes) => {
        this.#count(answer, bytes);
        this.#answer(command, context, answer);
        this.#operationDone();
      },
    });
  }

  #taking(bytes: number): StoreAnswer | undefined {
    const {maxAssociationBytes} = this.#options;
    this.#taken += bytes;
    if (maxAssociationBytes === 0 || this.#taken <= maxAssociationBytes) return undefined;
    return {status: status.outOfResources, comment: 'this association has sent as much as it may'};
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
    this.#end.statuses.set(answer.status, (this.#end.statuses.get(answer.status) ?? 0) + 1);
    this.#end.bytes += bytes;
    this.#options.answered(answer.status, bytes);
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
    this.#queries.cancelAll();
    if (this.#end.kind !== 'rejected') {
      this.#end.kind = error === undefined ? 'released' : endKind(error);
      this.#end.detail = error?.message ?? '';
    }
    this.#finishWhenDone();
  }

  #finishWhenDone(): void {
    if (!this.#over || this.association.operations > 0) return;
    this.#end.milliseconds = performance.now() - this.#started;
    this.#options.finished(this.#info, this.#end);
    if (!this.#asked) return;
    try {
      this.#options.services.closed?.(this.#info, this.#end);
    } catch (error) {
      this.#options.log.error(`association ${this.#options.id}: cannot be written off: ${String(error)}`);
    }
  }
}

function connectionInfo(
  socket: Socket,
  {id, tls}: Pick<ServingOptions, 'id' | 'tls'>,
  abort: (why: string) => void,
): AssociationInfo {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return {
    id,
    tls,
    callingAeTitle: '',
    calledAeTitle: '',
    address,
    port: socket.remotePort ?? 0,
    isLocal: socket.remoteAddress === socket.localAddress || address === '::1' || address.startsWith('127.'),
    implementationClassUid: undefined,
    implementationVersion: undefined,
    userIdentity: undefined,
    abort,
  };
}

function endKind(error: DimseError): AssociationEnd['kind'] {
  const {failure} = error;
  if (failure === 'timeout' || failure === 'protocol' || failure === 'aborted' || failure === 'cancelled')
    return failure;
  return 'closed';
}
