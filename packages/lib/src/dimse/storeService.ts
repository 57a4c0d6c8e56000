import {whyOf} from '../fs/fileError.ts';
import type {DataReceiver} from './messageAssembler.ts';
import type {IncomingInstance, StoreAnswer, StoreHandler, StoreSink} from './services.ts';
import {status} from './status.ts';

/** The association's side of a C-STORE. */
export interface StoreListener {
  /** The data set is complete and the sink is finishing: no more data of this instance will come. */
  finishing(): void;
  /** More has come of the data set. An answer given back ends the instance with it. */
  taking?(bytes: number): StoreAnswer | undefined;
  /** To be sent to the peer. */
  answered(answer: StoreAnswer, bytes: number): void;
}

/**
 * Receives the data set of one C-STORE into a sink of the handler. Whatever the sink throws becomes status A700, and the
 * rest of the data set is read and dropped, so that the association lives on.
 */
export function receiveInstance(
  handler: StoreHandler,
  instance: IncomingInstance,
  listener: StoreListener,
): DataReceiver | Promise<DataReceiver> {
  try {
    const sink = handler.begin(instance);
    if (!(sink instanceof Promise)) return new InstanceReceiver(sink, listener);
    return sink.then(
      opened => new InstanceReceiver(opened, listener),
      error => new InstanceReceiver(failedSink(error), listener),
    );
  } catch (error) {
    return new InstanceReceiver(failedSink(error), listener);
  }
}

function failedSink(error: unknown): StoreSink {
  return {write() {}, finish: async () => failureAnswer(error), abort() {}};
}

/** Anything that keeps an instance from being stored here is our lack of resources (PS3.4 table B.2-1). */
function failureAnswer(error: unknown): StoreAnswer {
  return {status: status.outOfResources, comment: whyOf(error)};
}

class InstanceReceiver implements DataReceiver {
  #sink: StoreSink;
  #listener: StoreListener;
  #failure: StoreAnswer | undefined;
  #bytes = 0;

  constructor(sink: StoreSink, listener: StoreListener) {
    this.#sink = sink;
    this.#listener = listener;
  }

  write(chunk: Buffer): void | Promise<void> {
    this.#bytes += chunk.length;
    const refusal = this.#listener.taking?.(chunk.length);
    if (this.#failure) return undefined;
    if (refusal) {
      this.#failure = refusal;
      return this.#abortSink(refusal.comment ?? 'refused');
    }
    try {
      const wait = this.#sink.write(chunk);
      return wait?.catch(error => this.#fail(error));
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Not waited for: the next instance may come while this one is made durable. */
  end(): void {
    this.#listener.finishing();
    this.#finish().then(answer => this.#listener.answered(answer, this.#bytes));
  }

  abort(reason: string): void {
    if (!this.#failure) this.#abortSink(reason);
  }

  async #finish(): Promise<StoreAnswer> {
    if (this.#failure) return this.#failure;
    try {
      return await this.#sink.finish();
    } catch (error) {
      await this.#fail(error);
      return failureAnswer(error);
    }
  }

  #fail(error: unknown): Promise<void> {
    this.#failure = failureAnswer(error);
    return this.#abortSink(whyOf(error));
  }

  /** A sink that cannot even clean up is not worth more than its first error. */
  async #abortSink(reason: string): Promise<void> {
    try {
      await this.#sink.abort(reason);
    } catch {}
  }
}
