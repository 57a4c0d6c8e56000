import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {status} from './status.ts';

/** How long the peer may take to end what was cancelled. */
const cancelTimeoutMs = 10_000;

/** Matches that wait for the caller; beyond, the peer waits. */
const mostWaiting = 1000;

/** One answer to a query or retrieval with its data set. */
export interface Answer {
  command: CommandSet;
  dataSet: Buffer | undefined;
}

/** The answers to one request in order, at the pace of whoever asks for them. */
export class Answers {
  #association: Association;
  #context: AcceptedContext;
  #messageId: number;
  #queue: Answer[] = [];
  #final = false;
  #stopped = false;
  #failure: DimseError | undefined;
  #came: (() => void) | undefined;
  #taken: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #cancelTimer: NodeJS.Timeout | undefined;

  constructor(association: Association, context: AcceptedContext, messageId: number, timeoutMs: number | undefined) {
    this.#association = association;
    this.#context = context;
    this.#messageId = messageId;
    association.listen(messageId, {
      answered: (command, dataSet) => this.#answered(command, dataSet),
      failed: error => {
        this.#failure = error;
        this.#came?.();
      },
    });
    const late = () =>
      association.abort(new DimseError('timeout', `${association.peerName} did not finish within ${timeoutMs} ms`));
    if (timeoutMs !== undefined) this.#timer = setTimeout(late, timeoutMs);
  }

  /** The next answer; undefined after the final one. Throws what ended the association. */
  async next(): Promise<Answer | undefined> {
    for (;;) {
      const answer = this.#queue.shift();
      if (answer) {
        this.#taken?.();
        return answer;
      }
      if (this.#failure) throw this.#failure;
      if (this.#final) return undefined;
      await new Promise<void>(resolve => {
        this.#came = resolve;
      });
    }
  }

  /** When the final answer is still to come: C-CANCEL (PS3.7 9.3.2.3), then wait for it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue = [];
    this.#taken?.();
    if (!this.#final && !this.#failure) {
      this.cancel();
      await this.next().catch(() => {});
    }
    clearTimeout(this.#timer);
    clearTimeout(this.#cancelTimer);
  }

  /** C-CANCEL, once; the final answer is still to come, and comes soon or the association is aborted. */
  cancel(): void {
    if (this.#cancelTimer || this.#final || this.#failure) return;
    this.#association.send(this.#context.id, {
      commandField: commandField.cancelRequest,
      messageIdRespondedTo: this.#messageId,
      hasDataSet: false,
    });
    const {peerName} = this.#association;
    this.#cancelTimer = setTimeout(
      () => this.#association.abort(new DimseError('timeout', `${peerName} goes on with what was cancelled`)),
      cancelTimeoutMs,
    );
  }

  get wasCancelled(): boolean {
    return this.#cancelTimer !== undefined;
  }

  #answered(command: CommandSet, dataSet: Buffer | undefined): void | Promise<void> {
    if (!isPending(command)) {
      this.#final = true;
      this.#association.forget(this.#messageId);
    } else if (this.#stopped) {
      return undefined;
    }
    this.#queue.push({command, dataSet});
    this.#came?.();
    if (this.#queue.length < mostWaiting || this.#final) return undefined;
    return new Promise(resolve => {
      this.#taken = resolve;
    });
  }
}

/** Pending, with or without a warning about keys (PS3.4 table C.4-1). */
export function isPending(command: CommandSet): boolean {
  return command.status === status.pending || command.status === status.pendingWithWarning;
}
