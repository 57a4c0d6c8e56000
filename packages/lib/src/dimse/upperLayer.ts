import type {Socket} from 'node:net';
import {abortReason, abortSource, DimseError} from './dimseError.ts';
import {Intake} from './intake.ts';
import {refusalByProvider} from './negotiation.ts';
import type {AssociateAccept, AssociateReject, AssociateRequest, ControlPdu, Fragment} from './pdu.ts';
import {type Action, actionFor, type Event, nextState, type State} from './stateMachine.ts';
import {Transport} from './transport.ts';
import type {UpperLayerOptions, UpperLayerUser} from './upperLayerUser.ts';

const pduEvent: Record<ControlPdu['kind'], Event> = {
  'associate-request': 'Evt6',
  'associate-accept': 'Evt3',
  'associate-reject': 'Evt4',
  'release-request': 'Evt12',
  'release-response': 'Evt13',
  abort: 'Evt16',
};

/** What the peer did when an action ends the association, unless something more telling is known. */
const failures: Partial<Record<Action, string>> = {
  'AA-1': 'sent something else than a request for an association',
  'AA-2': 'left before there was an association',
  'AA-4': 'closed the connection without a release',
  'AA-5': 'left before there was an association',
  'AA-8': 'sent a PDU that is out of place',
  'AR-5': 'left after the association was refused',
};

/**
 * One association's upper layer over a connected socket: carries out the actions of the state machine (PS3.8 9.2).
 * Knows PDUs, not messages.
 */
export class UpperLayer {
  #transport: Transport;
  #state: State = 'Sta1';
  #intake: Intake;
  #user: UpperLayerUser;
  #options: UpperLayerOptions;
  #ended = false;
  #outgoing: ControlPdu | undefined;
  #incoming: ControlPdu | undefined;
  #failure: DimseError | undefined;

  constructor(socket: Socket, user: UpperLayerUser, options: UpperLayerOptions) {
    this.#transport = new Transport(socket, options.artimTimeoutMs, () => this.#fire('Evt18'));
    this.#user = user;
    this.#options = options;
    this.#intake = new Intake(socket, {
      took: token => this.#took(token),
      unreadable: error => this.#protocolViolated(error),
      failed: error => this.#userFailed(error),
    });
    socket.on('error', cause => {
      this.#failure ??= new DimseError('closed', `connection to ${options.peerName} broke: ${cause.message}`, {cause});
    });
    socket.on('close', () => this.#fire('Evt17'));
    if (options.role === 'acceptor') this.#fire('Evt5');
  }

  get socket(): Socket {
    return this.#transport.socket;
  }

  get state(): State {
    return this.#state;
  }

  /** True while our own user keeps us from reading. */
  get isHeld(): boolean {
    return this.#intake.isHeld;
  }

  /** `performance.now()` when bytes last came. */
  get lastHeard(): number {
    return this.#intake.lastHeard;
  }

  /** How much comes, and at whose pace. */
  get intake(): Pick<Intake, 'bytes' | 'holds' | 'isWithinPdu'> {
    return this.#intake;
  }

  /** A-ASSOCIATE request, over the connection that is there already. */
  associate(request: AssociateRequest): void {
    this.#fire('Evt1');
    this.#outgoing = request;
    this.#fire('Evt2');
  }

  /** A-ASSOCIATE response, accept. */
  accept(answer: AssociateAccept): void {
    this.#outgoing = answer;
    this.#fire('Evt7');
  }

  /** A-ASSOCIATE response, reject. */
  reject(answer: AssociateReject): void {
    this.#outgoing = answer;
    this.#fire('Evt8');
  }

  /**
   * P-DATA request: whole P-DATA-TF PDUs. `written` is called when the bytes have been handed to the system or the
   * connection is gone, so that buffers can be used again.
   * @returns false when the association is not open any more; nothing was sent and `written` is not called
   */
  sendData(frames: Buffer[], written?: () => void): boolean {
    if (actionFor('Evt9', this.#state) === undefined || this.socket.destroyed) return false;
    this.#fire('Evt9');
    this.#transport.sendFrames(frames, written);
    return true;
  }

  /** A-RELEASE request. */
  release(): void {
    this.#fire('Evt11');
  }

  /** A-RELEASE response. */
  answerRelease(): void {
    this.#fire('Evt14');
  }

  /** A-ABORT request: the peer is told, the user gets `ended` with this error. */
  abort(error: DimseError): void {
    if (this.#ended) return;
    this.#failure = error;
    const {source = abortSource.serviceUser, reason = abortReason.notSpecified} = error;
    this.#outgoing = {kind: 'abort', source, reason};
    if (actionFor('Evt15', this.#state) === undefined) this.socket.destroy();
    else this.#fire('Evt15');
    this.#end(error);
  }

  #took(token: ControlPdu | Fragment): void | Promise<void> {
    if (token.kind !== 'fragment') {
      this.#incoming = token;
      this.#fire(pduEvent[token.kind]);
      return undefined;
    }
    const action = actionFor('Evt10', this.#state);
    if (action === 'DT-2' || action === 'AR-6') return this.#user.dataArrived(token);
    this.#fire('Evt10');
    return undefined;
  }

  #userFailed(error: unknown): void {
    if (error instanceof DimseError) this.abort(error);
    else
      this.abort(
        new DimseError('aborted', `association with ${this.#options.peerName} failed: ${String(error)}`, {
          cause: error,
        }),
      );
  }

  #protocolViolated(error: DimseError): void {
    const named = `${this.#options.peerName} broke the DICOM protocol: ${error.message}`;
    this.#failure = new DimseError('protocol', named, {source: error.source, reason: error.reason});
    this.#fire('Evt19');
  }

  #fire(event: Event): void {
    const action = actionFor(event, this.#state);
    if (action === undefined) return;
    this.#state = this.#carryOut(action);
    if (this.#state === 'Sta13') this.#intake.letGo();
    this.#inform(action);
  }

  /** What the action does to the connection; the user hears of it in `#inform`, once the state is the new one. */
  #carryOut(action: Action): State {
    const transport = this.#transport;
    switch (action) {
      case 'AE-2':
      case 'AE-7':
        if (this.#outgoing) transport.send(this.#outgoing);
        break;
      case 'AE-5':
        transport.startArtim();
        break;
      case 'AE-6':
        return this.#checkRequest();
      case 'AR-1':
        transport.send({kind: 'release-request'});
        break;
      case 'AR-8':
        return this.#options.role === 'requestor' ? 'Sta9' : 'Sta10';
      case 'AR-4':
        transport.sendLast({kind: 'release-response'});
        break;
      case 'AR-9':
        transport.send({kind: 'release-response'});
        break;
      case 'AE-8':
      case 'AA-1':
        transport.sendLast(this.#outgoing ?? {kind: 'abort', source: abortSource.serviceUser, reason: 0});
        break;
      case 'AA-8':
        transport.sendLast({
          kind: 'abort',
          source: abortSource.serviceProvider,
          reason: this.#failure?.reason ?? abortReason.unexpectedPdu,
        });
        break;
      case 'AE-4':
      case 'AR-3':
      case 'AA-3':
        transport.close();
        break;
      case 'AA-2':
        transport.destroy();
        break;
      case 'AR-5':
      case 'AA-4':
      case 'AA-5':
        transport.stopArtim();
        break;
      default:
        // AE-1 is done by whoever connects. AA-7: in Sta13 our half of the connection is closed, an A-ABORT cannot be sent any
        // more; the ARTIM timer goes on, or a peer that keeps asking would be kept for ever.
        break;
    }
    return nextState[action as keyof typeof nextState];
  }

  #inform(action: Action): void {
    const pdu = this.#incoming;
    const peer = this.#options.peerName;
    switch (action) {
      case 'AE-3':
        if (pdu?.kind === 'associate-accept') this.#user.associateAnswered?.(pdu);
        break;
      case 'AE-4':
        if (pdu?.kind === 'associate-reject') this.#user.associateAnswered?.(pdu);
        this.#end(undefined);
        break;
      case 'AE-6':
        if (pdu?.kind === 'associate-request' && this.#state === 'Sta3') this.#user.associateRequested?.(pdu);
        break;
      case 'AR-2':
      case 'AR-8':
      case 'AR-10':
        if (action !== 'AR-8' || this.#state === 'Sta9') this.#user.releaseRequested();
        break;
      case 'AR-3':
      case 'AR-4':
        this.#end(undefined);
        break;
      case 'AA-3':
        this.#end(pdu?.kind === 'abort' ? peerAborted(peer, pdu.source, pdu.reason) : undefined);
        break;
      default:
        this.#informOfFailure(action);
    }
  }

  #informOfFailure(action: Action): void {
    const what = failures[action];
    if (what === undefined) return;
    const failure = action === 'AA-8' ? 'protocol' : 'closed';
    this.#end(this.#failure ?? new DimseError(failure, `${this.#options.peerName} ${what}`));
  }

  /** AE-6: is the request acceptable to the service provider? */
  #checkRequest(): State {
    this.#transport.stopArtim();
    const request = this.#incoming;
    const refusal = request?.kind === 'associate-request' ? refusalByProvider(request) : undefined;
    if (!refusal) return 'Sta3';
    this.#failure = new DimseError('protocol', `${this.#options.peerName} ${refusal.why}`);
    this.#transport.sendLast(refusal.answer);
    return 'Sta13';
  }

  #end(error: DimseError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#user.ended(error);
  }
}

function peerAborted(peer: string, source: number, reason: number): DimseError {
  const by = source === abortSource.serviceProvider ? `its upper layer, reason ${reason}` : 'its application';
  return new DimseError('aborted', `${peer} aborted the association (${by})`, {source, reason});
}
