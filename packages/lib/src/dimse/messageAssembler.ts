import {type CommandSet, decodeCommandSet} from './commandSet.ts';
import {abortReason, protocolError} from './dimseError.ts';
import {Gathered} from './gathered.ts';
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

/** Whether the data set of a command may come in another presentation context than the command itself. */
export type ContextJudge = (commandContextId: number, dataContextId: number) => boolean;

/** No command set comes near this. */
const maxCommandLength = 1 << 16;

/** Fragments below this are handed on together: a data set in single bytes would be a million of calls and of buffers. */
const smallFragment = 8 << 10;

const dropAll: DataReceiver = {write() {}, end() {}, abort() {}};

/**
 * Puts DIMSE messages together from fragments of any size (PS3.7 6.3, PS3.8 annex E): the command set is collected, the
 * data set is handed on as it comes.
 */
export class MessageAssembler {
  #listener: CommandListener;
  #mayFollow: ContextJudge;
  #command = new Gathered();
  #small = new Gathered();
  #contextId: number | undefined;
  #data: DataReceiver | undefined;
  #dataBegan = false;
  #abortReason: string | undefined;

  constructor(listener: CommandListener, mayFollow: ContextJudge = () => false) {
    this.#listener = listener;
    this.#mayFollow = mayFollow;
  }

  /** True between the first fragment of a message and its last. */
  get isWithinMessage(): boolean {
    return this.#contextId !== undefined;
  }

  /** Takes a fragment. Throws a protocol `DimseError` when it is out of place. */
  take(fragment: Fragment): void | Promise<void> {
    if (this.#contextId !== undefined && this.#contextId !== fragment.contextId && !this.#isContextOfData(fragment))
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

  /** Some devices send the command in one context and the data set in another one that means the same for it. */
  #isContextOfData(fragment: Fragment): boolean {
    const isFirst = this.#data !== undefined && !fragment.command && !this.#dataBegan;
    return isFirst && this.#contextId !== undefined && this.#mayFollow(this.#contextId, fragment.contextId);
  }

  #takeCommand(fragment: Fragment): void | Promise<void> {
    this.#command.append(fragment.data);
    if (this.#command.length > maxCommandLength) throw protocolError('a command set is longer than 64 KiB');
    if (!fragment.last) return undefined;
    const command = decodeCommandSet(this.#command.take());
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
    this.#dataBegan = true;
    const pieces = this.#piecesOf(fragment);
    const steps = pieces.map(piece => () => receiver.write(piece));
    if (fragment.last) steps.push(() => this.#endData(receiver));
    return this.#inOrder(steps);
  }

  /** What is to be handed on now that this fragment is there. */
  #piecesOf({data, last}: Fragment): Buffer[] {
    const isSmall = data.length < smallFragment;
    if (isSmall) this.#small.append(data);
    if (isSmall && !last && this.#small.length < smallFragment) return [];
    const small = this.#small.length > 0 ? [this.#small.take()] : [];
    return isSmall ? small : [...small, data];
  }

  /** One step after the other, without a promise as long as no step gives one back; none after an abort. */
  #inOrder(steps: readonly (() => void | Promise<void>)[]): void | Promise<void> {
    for (const [index, step] of steps.entries()) {
      if (this.#abortReason !== undefined) return undefined;
      const wait = step();
      if (wait) return wait.then(() => this.#inOrder(steps.slice(index + 1)));
    }
    return undefined;
  }

  #endData(receiver: DataReceiver): void | Promise<void> {
    this.#data = undefined;
    this.#dataBegan = false;
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
  const gathered = new Gathered();
  return {
    write(chunk) {
      gathered.append(chunk);
      if (gathered.length > limit) throw protocolError(`a data set of a query is longer than ${limit} bytes`);
    },
    end: () => done(gathered.take()),
    abort: reason => failed?.(reason),
  };
}
