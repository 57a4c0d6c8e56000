import {canTranscode, plainTransferSyntaxes} from '../dicom/transcode.ts';
import {transferSyntaxOf} from '../dicom/transferSyntax.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {commandField} from './commandSet.ts';
import {ConvertedReader} from './convertedInstance.ts';
import {DimseError} from './dimseError.ts';
import {BufferPool, type InstanceFacts, InstanceReader} from './instanceFile.ts';

/** C-MOVE that an instance is sent for (PS3.7 9.1.1.1). */
export interface MoveOriginator {
  aeTitle: string;
  messageId: number;
}

/**
 * What became of one C-STORE: the peer's status, the data set bytes sent and their transfer syntax, or why there is none and
 * whether any of it was sent.
 */
export type StoreEnd =
  | {status: number; comment: string | undefined; bytes: number; transferSyntaxUid: string}
  | {error: DimseError; wasSent: boolean};

/** Files that are opened and read while others are on the line. */
const readAhead = 3;
const mediumPriority = 0;

interface Prepared<T> {
  instance: T;
  context: AcceptedContext;
  messageId: number;
  reader: InstanceReader | ConvertedReader;
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
  #convert: boolean;
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
      /** Convert without loss what the peer does not take as it is. Default true. */
      convert?: boolean;
    },
  ) {
    this.#association = association;
    this.#window = options.window;
    this.#next = options.next;
    this.#done = options.done;
    this.#originator = options.originator;
    this.#convert = options.convert ?? true;
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
    const context = this.#contextOf(instance);
    if (!context) {
      this.#done(instance, {error: notAccepted(association, instance), wasSent: false});
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
    const settings = {contextId: context.id, command, maxPduLength: association.maxSendLength, pool: this.#pool};
    let reader: Prepared<T>['reader'] | undefined;
    try {
      reader =
        context.transferSyntax === instance.transferSyntaxUid
          ? new InstanceReader(instance, settings)
          : new ConvertedReader(instance, context.transferSyntax, settings);
      await reader.prepare();
      return {instance, context, messageId, reader};
    } catch (error) {
      reader?.close();
      this.#done(instance, {error: asDimseError(error), wasSent: false});
      return undefined;
    }
  }

  #contextOf({sopClassUid, transferSyntaxUid}: T): AcceptedContext | undefined {
    const own = this.#association.contextFor(sopClassUid, transferSyntaxUid);
    if (own || !this.#convert || !canTranscode(transferSyntaxUid)) return own;
    return plainTransferSyntaxes.map(uid => this.#association.contextFor(sopClassUid, uid)).find(found => found);
  }

  async #send(prepared: Prepared<T>): Promise<void> {
    const {instance, messageId, reader, context} = prepared;
    const association = this.#association;
    await this.#until(() => this.#underWay < this.#window);
    this.#underWay++;
    const wasSent = association.isOpen;
    let culprit: DimseError | undefined;
    association.listen(messageId, {
      answered: ({status = 0xffff, errorComment}) => {
        association.forget(messageId);
        this.#ended(instance, {
          status,
          comment: errorComment,
          bytes: reader.dataSetLength,
          transferSyntaxUid: context.transferSyntax,
        });
      },
      failed: error => {
        this.#broken ??= error;
        this.#ended(instance, {error: culprit ?? error, wasSent});
      },
    });
    await this.#transfer(reader, error => {
      culprit = error;
    });
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

  /**
   * A file that fails in the middle leaves half a message on the line: only an abort gets out of that. The file is told apart
   * from those that are on the line with it and can be sent again.
   */
  async #transfer(reader: Prepared<T>['reader'], failed: (error: DimseError) => void): Promise<void> {
    try {
      for (;;) {
        const frames = await reader.next();
        if (!frames) return;
        if (!this.#association.sendFrames([frames.bytes], frames.release)) return;
        await this.#association.drained();
      }
    } catch (cause) {
      const error = asDimseError(cause);
      failed(error);
      this.#association.abort(new DimseError('aborted', `given up in the middle: ${error.message}`, {cause: error}));
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

function notAccepted({peerName}: Association, {sopClassUid, transferSyntaxUid}: InstanceFacts): DimseError {
  const {name} = transferSyntaxOf(transferSyntaxUid);
  const why = canTranscode(transferSyntaxUid) ? '' : ', which cannot be converted without loss';
  return new DimseError(
    'context',
    `${peerName} does not accept SOP class ${sopClassUid} in ${name} (${transferSyntaxUid})${why}`,
  );
}

function asDimseError(error: unknown): DimseError {
  return error instanceof DimseError ? error : new DimseError('file-unreadable', String(error), {cause: error});
}
