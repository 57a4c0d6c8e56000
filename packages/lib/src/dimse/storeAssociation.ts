import type {AcceptedContext, Association} from './association.ts';
import {commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {BufferPool, type InstanceFacts, InstanceReader} from './instanceFile.ts';

/** C-MOVE that an instance is sent for (PS3.7 9.1.1.1). */
export interface MoveOriginator {
  aeTitle: string;
  messageId: number;
}

/** What became of one C-STORE: the peer's status and the data set bytes sent, or why there is none and whether any of it was sent. */
export type StoreEnd =
  | {status: number; comment: string | undefined; bytes: number}
  | {error: DimseError; wasSent: boolean};

/** Files that are opened and read while others are on the line. */
const readAhead = 3;
const mediumPriority = 0;

interface Prepared<T> {
  instance: T;
  context: AcceptedContext;
  messageId: number;
  reader: InstanceReader;
}

/**
 * Sends instances over one association, as many under way at once as its window allows, while the next files are being
 * read. Takes from `next` until that has no more or the association breaks; what was taken gets exactly one `done`.
 */
export class StoreStream<T extends InstanceFacts> {
  #association: Association;
  #window: number;
  #next: () => T | undefined;
  #done: (instance: T, end: StoreEnd) => void;
  #originator: MoveOriginator | undefined;
  #pool = new BufferPool();
  #underWay = 0;
  #wake: (() => void) | undefined;
  #broken: DimseError | undefined;

  constructor(
    association: Association,
    options: {
      window: number;
      next: () => T | undefined;
      done: (instance: T, end: StoreEnd) => void;
      originator?: MoveOriginator | undefined;
    },
  ) {
    this.#association = association;
    this.#window = options.window;
    this.#next = options.next;
    this.#done = options.done;
    this.#originator = options.originator;
  }

  /** Resolves when every instance taken has its end. The association stays as it is. Returns what broke it, if anything did. */
  async run(): Promise<DimseError | undefined> {
    const ahead: Promise<Prepared<T> | undefined>[] = [];
    for (;;) {
      while (ahead.length < readAhead && !this.#broken && this.#association.isOpen) {
        const instance = this.#next();
        if (!instance) break;
        ahead.push(this.#prepare(instance));
      }
      const preparing = ahead.shift();
      if (!preparing) break;
      const prepared = await preparing;
      if (prepared) await this.#send(prepared);
    }
    await this.#until(() => this.#underWay === 0);
    if (!this.#broken && !this.#association.isOpen) this.#broken = await this.#association.whenEnded;
    return this.#broken;
  }

  /** Opens the file; one that cannot be sent has its end here. */
  async #prepare(instance: T): Promise<Prepared<T> | undefined> {
    const association = this.#association;
    const context = association.contextFor(instance.sopClassUid, instance.transferSyntaxUid);
    if (!context) {
      this.#done(instance, {error: notAccepted(association.peerName, instance), wasSent: false});
      return undefined;
    }
    const messageId = association.newMessageId();
    const command = {
      commandField: commandField.storeRequest,
      affectedSopClassUid: instance.sopClassUid,
      messageId,
      priority: mediumPriority,
      hasDataSet: true,
      affectedSopInstanceUid: instance.sopInstanceUid,
      moveOriginatorAeTitle: this.#originator?.aeTitle,
      moveOriginatorMessageId: this.#originator?.messageId,
    };
    try {
      const reader = new InstanceReader(instance, {
        contextId: context.id,
        command,
        maxPduLength: association.maxSendLength,
        pool: this.#pool,
      });
      await reader.prepare();
      return {instance, context, messageId, reader};
    } catch (error) {
      this.#done(instance, {error: asDimseError(error), wasSent: false});
      return undefined;
    }
  }

  async #send(prepared: Prepared<T>): Promise<void> {
    const {instance, messageId, reader} = prepared;
    const association = this.#association;
    await this.#until(() => this.#underWay < this.#window);
    this.#underWay++;
    const wasSent = association.isOpen;
    association.listen(messageId, {
      answered: ({status = 0xffff, errorComment}) => {
        association.forget(messageId);
        this.#ended(instance, {status, comment: errorComment, bytes: reader.dataSetLength});
      },
      failed: error => {
        this.#broken ??= error;
        this.#ended(instance, {error, wasSent});
      },
    });
    await this.#transfer(reader);
  }

  #ended(instance: T, end: StoreEnd): void {
    this.#underWay--;
    this.#done(instance, end);
    this.#wake?.();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
  }

  /** A file that fails in the middle leaves half a message on the line: only an abort gets out of that. */
  async #transfer(reader: InstanceReader): Promise<void> {
    try {
      for (;;) {
        const frames = await reader.next();
        if (!frames) return;
        if (!this.#association.sendFrames([frames.bytes], frames.release)) return;
        await this.#association.drained();
      }
    } catch (error) {
      this.#association.abort(asDimseError(error));
    } finally {
      reader.close();
    }
  }
}

/** Sends one instance and gives its status, for a sub-operation of C-GET. Throws {@link DimseError}. */
export async function sendInstance(association: Association, instance: InstanceFacts): Promise<number> {
  let queue: InstanceFacts | undefined = instance;
  let result: StoreEnd | undefined;
  const next = () => {
    const taken = queue;
    queue = undefined;
    return taken;
  };
  await new StoreStream(association, {window: 1, next, done: (_, end) => (result = end)}).run();
  if (!result) throw new DimseError('closed', `the association with ${association.peerName} is over`);
  if ('error' in result) throw result.error;
  return result.status;
}

function notAccepted(peerName: string, instance: InstanceFacts): DimseError {
  return new DimseError(
    'context',
    `${peerName} does not accept SOP class ${instance.sopClassUid} in transfer syntax ${instance.transferSyntaxUid}`,
  );
}

function asDimseError(error: unknown): DimseError {
  return error instanceof DimseError ? error : new DimseError('file-unreadable', String(error), {cause: error});
}
