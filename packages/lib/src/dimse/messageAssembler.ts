import {type CommandSet, decodeCommandSet} from './commandSet.ts';
import {abortReason, protocolError} from './dimseError.ts';
import type {Fragment} from './pdu.ts';

/** Takes the data set of one message piece by piece. A promise returned holds the line back until it settles. */
export interface DataReceiver {
  write(chunk: Buffer): void | Promise<void>;
  /** The data set is complete. */
  end(): void | Promise<void>;
  /** The association ended before that. */
  abort(reason: string): void;
}

type MaybePromise<T> = T | Promise<T>;

/** Told of each command set; returns who takes the data set that follows, or undefined to drop it. */
export type CommandListener = (command: CommandSet, contextId: number) => MaybePromise<DataReceiver | undefined>;

/** No command set comes near this. */
const maxCommandLength = 1 << 16;

const dropAll: DataReceiver = {write() {}, end() {}, abort() {}};

/**
 * Puts DIMSE messages together from fragments of any size (PS3.7 6.3, PS3.8 annex E): the command set is collected, the
 * data set is handed on as it comes.
 */
export class MessageAssembler {
  #listener: CommandListener;
  #command: Buffer[] = [];
  #commandLength = 0;
  #contextId: number | undefined;
  #data: DataReceiver | undefined;
  #abortReason: string | undefined;

  constructor(listener: CommandListener) {
    this.#listener = listener;
  }

  /** True between the first fragment of a message and its last. */
  get isWithinMessage(): boolean {
    return this.#contextId !== undefined;
  }

  /** Takes a fragment. Throws a protocol `DimseError` when it is out of place. */
  take(fragment: Fragment): void | Promise<void> {
    if (this.#contextId !== undefined && this.#contextId !== fragment.contextId)
      throw protocolError('fragments of two presentation contexts are mixed', abortReason.unexpectedParameter);
    this.#contextId = fragment.contextId;
    if (fragment.command !== (this.#data === undefined))
      throw protocolError(
        fragment.command ? 'a command comes within a data set' : 'a data set comes without a command',
        abortReason.unexpectedParameter,
      );
    return this.#data ? this.#takeData(this.#data, fragment) : this.#takeCommand(fragment);
  }

  /** The association is gone: whoever takes the current data set is told. */
  abort(reason: string): void {
    this.#abortReason = reason;
    this.#data?.abort(reason);
    this.#data = undefined;
  }

  #takeCommand(fragment: Fragment): void | Promise<void> {
    this.#commandLength += fragment.data.length;
    if (this.#commandLength > maxCommandLength) throw protocolError('a command set is longer than 64 KiB');
    this.#command.push(fragment.data);
    if (!fragment.last) return undefined;
    const command = decodeCommandSet(Buffer.concat(this.#command));
    this.#command = [];
    this.#commandLength = 0;
    if (!command.hasDataSet) this.#contextId = undefined;
    else this.#data = dropAll;
    const receiver = this.#listener(command, fragment.contextId);
    if (receiver instanceof Promise) return receiver.then(taker => this.#expectData(command, taker));
    this.#expectData(command, receiver);
    return undefined;
  }

  #expectData(command: CommandSet, receiver: DataReceiver | undefined): void {
    if (!command.hasDataSet || !receiver) return;
    // The association may have ended while the listener made up its mind.
    if (this.#abortReason !== undefined) receiver.abort(this.#abortReason);
    else this.#data = receiver;
  }

  #takeData(receiver: DataReceiver, fragment: Fragment): void | Promise<void> {
    const wait = fragment.data.length > 0 ? receiver.write(fragment.data) : undefined;
    if (!fragment.last) return wait;
    if (wait) return wait.then(() => this.#endData(receiver));
    return this.#endData(receiver);
  }

  #endData(receiver: DataReceiver): void | Promise<void> {
    this.#data = undefined;
    this.#contextId = undefined;
    return receiver.end();
  }
}

/** A receiver that holds a small data set (an identifier) in memory and hands it over as a whole. */
export function collectData(
  limit: number,
  done: (bytes: Buffer) => void | Promise<void>,
  failed?: (reason: string) => void,
): DataReceiver {
  const chunks: Buffer[] = [];
  let length = 0;
  return {
    write(chunk) {
      length += chunk.length;
      if (length > limit) throw protocolError(`a data set of a query is longer than ${limit} bytes`);
      chunks.push(chunk);
    },
    end: () => done(Buffer.concat(chunks)),
    abort: reason => failed?.(reason),
  };
}
