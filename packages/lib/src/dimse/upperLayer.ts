import type {Socket} from 'node:net';
import {abortReason, abortSource, DimseError, protocolError} from './dimseError.ts';
import type {AssociateAccept, AssociateReject, AssociateRequest, ControlPdu, Fragment} from './pdu.ts';
import {PduReader} from './pduReader.ts';
import {encodePdu} from './pduWriter.ts';
import {type Action, actionFor, type Event, nextState, type State} from './stateMachine.ts';

/** What the user of the upper layer is told (the indication and confirmation primitives of PS3.8 7). */
export interface UpperLayerUser {
  /** A-ASSOCIATE indication; answer with `accept`, `reject` or `abort`. */
  associateRequested?(request: AssociateRequest): void;
  /** A-ASSOCIATE confirmation. */
  associateAnswered?(answer: AssociateAccept | AssociateReject): void;
  /** P-DATA indication. While a returned promise is pending nothing more is read from the line. */
  dataArrived(fragment: Fragment): void | Promise<void>;
  /** A-RELEASE indication; answer with `answerRelease`. */
  releaseRequested(): void;
  /** The association is over. Called exactly once; without an error it was released in order. */
  ended(error: DimseError | undefined): void;
}

export interface UpperLayerOptions {
  role: 'requestor' | 'acceptor';
  /** How the peer is called in messages, e.g. `PACS at 10.0.0.1:104`. */
  peerName: string;
  /** The ARTIM timer of PS3.8 9.1.5. */
  artimTimeoutMs: number;
}

const pduEvent: Record<ControlPdu['kind'], Event> = {
  'associate-request': 'Evt6',
  'associate-accept': 'Evt3',
  'associate-reject': 'Evt4',
  'release-request': 'Evt12',
  'release-response': 'Evt13',
  abort: 'Evt16',
};

/**
 * One association's upper layer over a connected socket: carries out the actions of the state machine (PS3.8 9.2).
 * Knows PDUs, not messages.
 */
export class UpperLayer {
  readonly socket: Socket;
  /** `performance.now()` when bytes last came. */
  lastHeard = performance.now();
  #state: State = 'Sta1';
  #reader = new PduReader();
  #user: UpperLayerUser;
  #options: UpperLayerOptions;
  #artim: NodeJS.Timeout | undefined;
  #held = false;
  #deaf = false;
  #ended = false;
  #outgoing: ControlPdu | undefined;
  #incoming: ControlPdu | undefined;
  #failure: DimseError | undefined;

  constructor(socket: Socket, user: UpperLayerUser, options: UpperLayerOptions) {
    this.socket = socket;
    this.#user = user;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#dataCame(chunk as Buffer));
    socket.on('error', cause => {
      this.#failure ??= new DimseError('closed', `connection to ${options.peerName} broke: ${cause.message}`, {cause});
    });
    socket.on('close', () => this.#fire('Evt17'));
    if (options.role === 'acceptor') this.#fire('Evt5');
  }

  get state(): State {
    return this.#state;
  }

  /** True while a consumer keeps us from reading: silence of the line is our own doing then. */
  get isHeld(): boolean {
    return this.#held;
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
    const last = frames.length - 1;
    if (last > 0) this.socket.cork();
    frames.forEach((frame, index) => {
      if (index === last && written) this.socket.write(frame, () => written());
      else this.socket.write(frame);
    });
    if (last > 0) this.socket.uncork();
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

  #dataCame(chunk: Buffer): void {
    this.lastHeard = performance.now();
    if (this.#deaf) return;
    this.#reader.feed(chunk);
    if (!this.#held) this.#pump();
  }

  /** Hands on all that has come; stops when the user returns a promise and goes on when that is settled. */
  #pump(): void {
    while (!this.#held && !this.#deaf) {
      let token: ControlPdu | Fragment | undefined;
      try {
        token = this.#reader.next();
      } catch (error) {
        this.#protocolViolated(error instanceof DimseError ? error : protocolError(String(error)));
        return;
      }
      if (!token) return;
      if (token.kind === 'fragment') this.#fragmentCame(token);
      else this.#pduCame(token);
    }
  }

  #pduCame(pdu: ControlPdu): void {
    this.#incoming = pdu;
    this.#fire(pduEvent[pdu.kind]);
  }

  #fragmentCame(fragment: Fragment): void {
    const action = actionFor('Evt10', this.#state);
    if (action !== 'DT-2' && action !== 'AR-6') {
      this.#fire('Evt10');
      return;
    }
    try {
      const wait = this.#user.dataArrived(fragment);
      if (wait) this.#hold(wait);
    } catch (error) {
      this.#userFailed(error);
    }
  }

  #hold(wait: Promise<void>): void {
    this.#held = true;
    this.socket.pause();
    wait
      .catch(error => this.#userFailed(error))
      .then(() => {
        this.#held = false;
        this.lastHeard = performance.now();
        this.socket.resume();
        this.#pump();
      });
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
    this.#deaf = true;
    this.#fire('Evt19');
  }

  #fire(event: Event): void {
    const action = actionFor(event, this.#state);
    if (action === undefined) return;
    this.#state = this.#carryOut(action);
    if (this.#state === 'Sta13') {
      this.#held = false;
      this.socket.resume();
    }
    this.#inform(action);
  }

  /** What the action does to the connection; the user hears of it in `#inform`, once the state is the new one. */
  #carryOut(action: Action): State {
    switch (action) {
      case 'AE-2':
      case 'AE-7':
        this.#send(this.#outgoing);
        break;
      case 'AE-5':
        this.#startArtim();
        break;
      case 'AE-6':
        return this.#checkRequest();
      case 'AE-8':
        this.#sendLast(this.#outgoing);
        break;
      case 'AR-1':
        this.#send({kind: 'release-request'});
        break;
      case 'AR-8':
        return this.#options.role === 'requestor' ? 'Sta9' : 'Sta10';
      case 'AR-4':
        this.#sendLast({kind: 'release-response'});
        break;
      case 'AR-9':
        this.#send({kind: 'release-response'});
        break;
      case 'AA-1':
        this.#sendLast(this.#outgoing?.kind === 'abort' ? this.#outgoing : {kind: 'abort', source: 0, reason: 0});
        break;
      case 'AA-7':
      case 'AA-8':
        this.#sendLast({
          kind: 'abort',
          source: abortSource.serviceProvider,
          reason: this.#failure?.reason ?? abortReason.unexpectedPdu,
        });
        break;
      case 'AE-4':
      case 'AR-3':
      case 'AA-2':
      case 'AA-3':
        this.#stopArtim();
        // What was written last (a release response, an abort) still goes out before the connection is closed.
        if (action === 'AA-2') this.socket.destroy();
        else this.socket.end();
        this.#closeSoon();
        break;
      case 'AR-5':
      case 'AA-4':
      case 'AA-5':
        this.#stopArtim();
        break;
      default:
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
      case 'AA-4':
        this.#end(this.#failure ?? new DimseError('closed', `${peer} closed the connection without a release`));
        break;
      case 'AA-8':
        this.#end(this.#failure ?? new DimseError('protocol', `${peer} sent a PDU that is out of place`));
        break;
      case 'AA-1':
      case 'AA-2':
      case 'AA-5':
      case 'AR-5':
        this.#end(this.#failure ?? new DimseError('closed', `${peer} left before there was an association`));
        break;
      default:
        break;
    }
  }

  /** AE-6: only protocol version 1 (bit 0) is spoken (PS3.8 table 9-11). */
  #checkRequest(): State {
    this.#stopArtim();
    const request = this.#incoming;
    if (request?.kind === 'associate-request' && (request.protocolVersion & 1) === 1) return 'Sta3';
    this.#failure = new DimseError('protocol', `${this.#options.peerName} speaks another version of the protocol`);
    this.#sendLast({kind: 'associate-reject', result: 1, source: 2, reason: 2});
    return 'Sta13';
  }

  #send(pdu: ControlPdu | undefined): void {
    if (pdu && !this.socket.destroyed && this.socket.writable) this.socket.write(encodePdu(pdu));
  }

  /** After this PDU the peer closes; ARTIM closes when it does not. */
  #sendLast(pdu: ControlPdu | undefined): void {
    this.#send(pdu);
    this.socket.end();
    this.#startArtim();
  }

  #startArtim(): void {
    this.#stopArtim();
    this.#artim = setTimeout(() => this.#fire('Evt18'), this.#options.artimTimeoutMs);
  }

  #stopArtim(): void {
    clearTimeout(this.#artim);
  }

  /** A half-closed connection whose peer never closes its half must not live on. */
  #closeSoon(): void {
    if (this.socket.destroyed) return;
    const timer = setTimeout(() => this.socket.destroy(), this.#options.artimTimeoutMs);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.resume();
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
