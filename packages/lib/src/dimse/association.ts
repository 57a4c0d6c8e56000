import type {Socket} from 'node:net';
import type {AcceptedContext} from './acceptedContext.ts';
import type {AssociationOptions, ResponseListener} from './associationOptions.ts';
import {type CommandSet, encodeCommandSet} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {collectData, type DataReceiver, MessageAssembler} from './messageAssembler.ts';
import {Pace} from './pace.ts';
import type {AssociateAccept, AssociateReject, AssociateRequest} from './pdu.ts';
import {frameMessage} from './pduWriter.ts';
import {UpperLayer} from './upperLayer.ts';

/** Who handles what comes on an association. */
export interface AssociationUser {
  /** Acceptor only: answer with `accept` or `reject`. */
  requested?(request: AssociateRequest): void;
  /** Requestor only. */
  answered?(answer: AssociateAccept | AssociateReject): void;
  /** A request of the peer. The returned receiver gets its data set. */
  message(command: CommandSet, context: AcceptedContext): DataReceiver | undefined | Promise<DataReceiver | undefined>;
  /** Called once; without an error the association was released. */
  ended(error: DimseError | undefined): void;
}

const maxIdentifierLength = 4 << 20;
const responseBit = 0x8000;

/**
 * One association, either side: messages out and in over the negotiated contexts (PS3.7), time limits, release and abort.
 */
export class Association {
  readonly upper: UpperLayer;
  contexts: ReadonlyMap<number, AcceptedContext> = new Map();
  /** Longest P-DATA-TF the peer takes. */
  maxSendLength = 16384;
  /** Requests of the peer that were received completely and are being worked on: silence is ours meanwhile. */
  operations = 0;
  readonly whenEnded: Promise<DimseError | undefined>;
  #user: AssociationUser;
  #options: AssociationOptions;
  #assembler: MessageAssembler;
  #waiting = new Map<number, ResponseListener>();
  #nextMessageId = 1;
  #lastSent = performance.now();
  #draining = 0;
  #stuck = new Set<() => void>();
  #pace: Pace;
  #watch: NodeJS.Timeout | undefined;
  #releaseWanted = false;
  #ended = false;
  #endError: DimseError | undefined;

  constructor(socket: Socket, user: AssociationUser, options: AssociationOptions) {
    this.#user = user;
    this.#options = {...options};
    this.#pace = new Pace(options.minBytesPerSecond ?? 0, 4 * (options.idleTimeoutMs ?? 0));
    this.#assembler = new MessageAssembler(this.#messageCame.bind(this), this.#meanTheSame.bind(this));
    const ended = Promise.withResolvers<DimseError | undefined>();
    this.whenEnded = ended.promise;
    this.upper = new UpperLayer(
      socket,
      {
        associateRequested: request => user.requested?.(request),
        associateAnswered: answer => user.answered?.(answer),
        dataArrived: fragment => this.#assembler.take(fragment),
        releaseRequested: () => {
          this.#releaseWanted = true;
          this.operationsChanged();
        },
        ended: error => {
          this.#end(error);
          ended.resolve(error);
        },
      },
      this.#options,
    );
    this.#watchSilence();
  }

  /** How messages name the peer; the acceptor learns it with the request. */
  get peerName(): string {
    return this.#options.peerName;
  }

  set peerName(name: string) {
    this.#options.peerName = name;
  }

  get isOpen(): boolean {
    return this.upper.state === 'Sta6' || this.upper.state === 'Sta8';
  }

  /** Milliseconds since anything happened; 0 while something is under way. */
  get quietMs(): number {
    const isBusy = this.#isWithin || this.upper.isHeld || this.operations > 0 || this.#waiting.size > 0;
    return isBusy ? 0 : this.#silence;
  }

  get #silence(): number {
    return performance.now() - Math.max(this.upper.lastHeard, this.#lastSent);
  }

  /** The peer has begun something that is not complete. */
  get #isWithin(): boolean {
    return this.upper.intake.isWithinPdu || this.#assembler.isWithinMessage;
  }

  /** A message id that no request under way has. */
  newMessageId(): number {
    do {
      this.#nextMessageId = (this.#nextMessageId % 0xffff) + 1;
    } while (this.#waiting.has(this.#nextMessageId));
    return this.#nextMessageId;
  }

  /** The first accepted context for a SOP class (and transfer syntax). */
  contextFor(abstractSyntax: string, transferSyntax?: string): AcceptedContext | undefined {
    for (const context of this.contexts.values())
      if (
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax ?? context.transferSyntax) === context.transferSyntax
      )
        return context;
    return undefined;
  }

  /** Sends a message whose data set fits in memory. Nothing happens when the association is over. */
  send(contextId: number, command: CommandSet, dataSet?: Buffer): void {
    const frames = frameMessage(encodeCommandSet(command), contextId, true, this.maxSendLength);
    if (dataSet) frames.push(...frameMessage(dataSet, contextId, false, this.maxSendLength));
    this.sendFrames(frames);
  }

  /** Sends PDUs that are framed already; `written` as in {@link UpperLayer.sendData}. */
  sendFrames(frames: Buffer[], written?: () => void): boolean {
    return this.upper.sendData(frames, () => {
      this.#lastSent = performance.now();
      written?.();
    });
  }

  /** Waits until the line takes more, or the association is over. */
  async drained(): Promise<void> {
    const {socket} = this.upper;
    if (!socket.writableNeedDrain || this.#ended) return;
    this.#draining++;
    const {promise, resolve} = Promise.withResolvers<void>();
    socket.once('drain', resolve);
    this.#stuck.add(resolve);
    await promise;
    this.#stuck.delete(resolve);
    socket.off('drain', resolve);
    this.#draining--;
  }

  /** Registers for the responses to a request, until `forget`, which the listener does after the last one. */
  listen(messageId: number, listener: ResponseListener): void {
    if (this.#ended) {
      listener.failed(this.#endError ?? new DimseError('closed', `the association with ${this.peerName} is over`));
      return;
    }
    this.#lastSent = performance.now();
    this.#waiting.set(messageId, listener);
  }

  forget(messageId: number): void {
    this.#waiting.delete(messageId);
  }

  /** Sends a request and waits for its only response. Throws {@link DimseError}. */
  call(contextId: number, command: CommandSet, dataSet?: Buffer): Promise<CommandSet> {
    const messageId = command.messageId ?? 0;
    return new Promise((resolve, reject) => {
      this.listen(messageId, {
        answered: response => {
          this.forget(messageId);
          resolve(response);
        },
        failed: reject,
      });
      this.send(contextId, command, dataSet);
    });
  }

  /** Releases in order; resolves when the association is over, however it came to that. */
  async release(): Promise<void> {
    if (this.#ended) return;
    this.upper.release();
    const timer = setTimeout(
      () => this.abort(new DimseError('timeout', `${this.peerName} did not answer the release`)),
      this.#options.artimTimeoutMs,
    );
    await this.whenEnded;
    clearTimeout(timer);
  }

  abort(error: DimseError): void {
    this.upper.abort(error);
  }

  /** To be called after `operations` went down: a release that waited for them is answered. */
  operationsChanged(): void {
    if (this.#releaseWanted && this.operations === 0) {
      this.#releaseWanted = false;
      this.upper.answerRelease();
    }
  }

  /** Data are taken in either of two contexts when their encoding is the same: that is all a context says of them. */
  #meanTheSame(oneId: number, otherId: number): boolean {
    const transferSyntax = this.contexts.get(oneId)?.transferSyntax;
    return transferSyntax !== undefined && this.contexts.get(otherId)?.transferSyntax === transferSyntax;
  }

  #messageCame(command: CommandSet, contextId: number): DataReceiver | undefined | Promise<DataReceiver | undefined> {
    const context = this.contexts.get(contextId);
    if (!context)
      throw new DimseError(
        'protocol',
        `${this.peerName} uses presentation context ${contextId}, which was not accepted`,
        {source: 2, reason: 6},
      );
    if ((command.commandField & responseBit) === 0) return this.#user.message(command, context);
    return this.#responseCame(command);
  }

  /** A response nobody waits for (it came after its request was given up) is passed over. */
  #responseCame(command: CommandSet): DataReceiver | undefined | Promise<undefined> {
    const listener = this.#waiting.get(command.messageIdRespondedTo ?? 0);
    if (!listener) return undefined;
    if (command.hasDataSet) return collectData(maxIdentifierLength, bytes => listener.answered(command, bytes));
    const wait = listener.answered(command, undefined);
    return wait ? wait.then(() => undefined) : undefined;
  }

  #watchSilence(): void {
    const {responseTimeoutMs, idleTimeoutMs = responseTimeoutMs} = this.#options;
    const step = Math.max(10, Math.min(responseTimeoutMs, idleTimeoutMs) / 4);
    this.#watch = setInterval(() => {
      this.#checkSilence();
      this.#checkPace();
    }, step);
  }

  #timeOut(what: string): void {
    this.abort(new DimseError('timeout', `${this.peerName} ${what}: association aborted`));
  }

  #checkPace(): void {
    const {intake, isHeld} = this.upper;
    const pace = this.#pace.tooSlow(intake, this.#isWithin && this.isOpen && !isHeld);
    if (pace === undefined) return;
    this.#timeOut(`sends only ${pace.toFixed(1)} bytes a second`);
  }

  #checkSilence(sure = false): void {
    const waits = this.#waiting.size > 0 || this.#draining > 0;
    const limit = waits ? this.#options.responseTimeoutMs : this.#options.idleTimeoutMs;
    if (limit === undefined || !this.isOpen) return;
    // What we hold back ourselves is no silence, unless it waits for the peer to read.
    if (this.upper.isHeld && this.#draining === 0) return;
    if (!waits && this.operations > 0) return;
    const silence = this.#silence;
    if (silence < limit) return;
    if (!sure) {
      // When we were busy ourselves the bytes may be waiting: look again after they could be read.
      setImmediate(() => this.#checkSilence(true));
      return;
    }
    this.#timeOut(`${waits ? 'does not answer' : 'is silent'} for ${Math.round(silence / 1000)} s`);
  }

  #end(error: DimseError | undefined): void {
    this.#ended = true;
    this.#endError = error;
    clearInterval(this.#watch);
    for (const resume of this.#stuck) resume();
    const reason =
      error ?? new DimseError('closed', `${this.peerName} released the association before it had answered`);
    this.#assembler.abort(reason.message);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const listener of waiting) listener.failed(reason);
    this.#user.ended(error);
  }
}
