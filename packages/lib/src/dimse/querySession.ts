import type {DataSet} from '../dicom/dataSet.ts';
import {DicomError} from '../dicom/dicomError.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {strings} from '../dicom/values.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import {type Answer, Answers, isPending} from './answers.ts';
import type {Association, AssociationUser} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {decodeIdentifier, encodeIdentifier, type QueryKeys, type QueryLevel} from './identifier.ts';
import type {ProposedContext, RoleSelection} from './pdu.ts';
import {nameOfPeer, type Peer} from './peer.ts';
import {openAssociation} from './requestor.ts';
import {countsOf, judgeRetrieval, type RetrieveOptions, type RetrieveResult} from './retrieve.ts';
import {describeStatus, status} from './status.ts';
import {type InformationModel, queryRetrieve} from './uids.ts';

export interface SessionOptions {
  peer: Peer;
  /** Default Study Root. */
  model?: InformationModel | undefined;
  signal?: AbortSignal | undefined;
}

export interface FindOptions {
  level: QueryLevel;
  keys: QueryKeys;
  /** Stop after so many matches (the peer is told to cancel). */
  limit?: number | undefined;
  /** For the whole query; the association is aborted then. */
  timeoutMs?: number | undefined;
}

const mediumPriority = 0;
const failedSopInstanceList = 0x00080058;

/** Ends after which the counts tell how far it came; any other refuses the retrieval as a whole (PS3.4 table C.4-2). */
const partialEnds = new Set<number>([
  status.success,
  status.subOperationsWithFailures,
  status.cancel,
  status.unableToPerformSubOperations,
]);

export interface MoveOptions extends RetrieveOptions {
  destination: string;
  /** Filled with what has come, where the destination is a receiver of our own. */
  arrived?: ReadonlySet<string> | undefined;
}

type Operation = 'find' | 'move' | 'get';

/**
 * An association for queries and retrievals, one after the other, as many as wanted (PS3.4 C). To be released.
 */
export class QuerySession {
  #association: Association;
  #options: SessionOptions;

  private constructor(association: Association, options: SessionOptions) {
    this.#association = association;
    this.#options = options;
  }

  /**
   * Opens the association for these operations. `extra` contexts, roles and a taker of requests are what C-GET needs.
   * Throws {@link DimseError}.
   */
  static async open(
    options: SessionOptions,
    operations: readonly Operation[],
    extra: {
      contexts?: Omit<ProposedContext, 'id'>[];
      roles?: RoleSelection[];
      user?: Pick<AssociationUser, 'message'>;
    } = {},
  ): Promise<QuerySession> {
    const model = queryRetrieve[options.model ?? 'studyRoot'];
    const {association} = await openAssociation({
      peer: options.peer,
      contexts: [
        ...operations.map(operation => ({
          abstractSyntax: model[operation],
          transferSyntaxes: [transferSyntaxUid.explicitLittleEndian, transferSyntaxUid.implicitLittleEndian],
        })),
        ...(extra.contexts ?? []),
      ],
      roles: extra.roles ?? [],
      asynchronousOperations: 1,
      signal: options.signal,
      ...(extra.user ? {user: extra.user} : {}),
    });
    return new QuerySession(association, options);
  }

  get association(): Association {
    return this.#association;
  }

  release(): Promise<void> {
    return this.#association.release();
  }

  /**
   * C-FIND: yields the matches as they come. Leaving the loop early cancels the query. Throws {@link DimseError}; with
   * failure `status` the association goes on to be usable.
   */
  async *find(options: FindOptions): AsyncGenerator<DataSet, void, void> {
    const context = this.#context('find');
    const answers = this.#ask(context, commandField.findRequest, options, options.timeoutMs);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    try {
      while (left-- > 0) {
        const answer = await answers.next();
        if (!answer) return;
        if (isPending(answer.command)) {
          if (answer.dataSet) yield this.#decode(answer.dataSet, context);
        } else if (answer.command.status !== status.success) {
          // also a cancel, which we did not ask for: there may be more matches
          this.#refused('C-FIND', answer.command);
        }
      }
    } finally {
      await answers.stop();
    }
  }

  /**
   * C-MOVE to the AE title `destination`. Throws {@link RetrieveError} when not all was moved, another {@link DimseError} when
   * the peer refuses it as a whole.
   */
  move(options: MoveOptions): Promise<RetrieveResult> {
    return this.#retrieve('move', commandField.moveRequest, options, options.destination);
  }

  /** C-GET; the instances come to the `user` the session was opened with. Throws like `move`. */
  get(options: RetrieveOptions & Pick<MoveOptions, 'arrived'>): Promise<RetrieveResult> {
    return this.#retrieve('get', commandField.getRequest, options);
  }

  async #retrieve(
    operation: 'move' | 'get',
    field: number,
    options: RetrieveOptions & Pick<MoveOptions, 'arrived'>,
    destination?: string,
  ): Promise<RetrieveResult> {
    const context = this.#context(operation);
    const answers = this.#ask(context, field, options, options.timeoutMs, destination);
    const cancel = () => answers.cancel();
    options.cancel?.addEventListener('abort', cancel, {once: true});
    if (options.cancel?.aborted) cancel();
    try {
      for (;;) {
        const answer = await answers.next();
        if (!answer) throw new DimseError('closed', `${this.#association.peerName} gave no answer`);
        if (isPending(answer.command)) options.onProgress?.(countsOf(answer.command));
        else return this.#judge(operation, context, answer, {...options, wasCancelled: answers.wasCancelled});
      }
    } finally {
      options.cancel?.removeEventListener('abort', cancel);
      await answers.stop();
    }
  }

  #judge(
    operation: string,
    context: AcceptedContext,
    {command, dataSet}: Answer,
    {expected, arrived, wasCancelled}: Pick<MoveOptions, 'expected' | 'arrived'> & {wasCancelled: boolean},
  ): RetrieveResult {
    if (!partialEnds.has(command.status ?? 0xffff)) this.#refused(`C-${operation.toUpperCase()}`, command);
    const list = dataSet && strings(this.#decode(dataSet, context), failedSopInstanceList);
    const {peerName} = this.#association;
    return judgeRetrieval({peerName, command, failedInstances: list ?? [], expected, arrived, wasCancelled});
  }

  #context(operation: Operation): AcceptedContext {
    const uid = queryRetrieve[this.#options.model ?? 'studyRoot'][operation];
    const context = this.#association.contextFor(uid);
    if (context) return context;
    throw new DimseError(
      'context',
      `${nameOfPeer(this.#options.peer)} does not accept C-${operation.toUpperCase()} (${uid})`,
    );
  }

  #refused(what: string, {status: code = 0xffff, errorComment}: CommandSet): never {
    throw new DimseError(
      'status',
      `${this.#association.peerName} answers ${what} with ${describeStatus(code, errorComment)}`,
      {status: code},
    );
  }

  #decode(identifier: Buffer, context: AcceptedContext): DataSet {
    try {
      return decodeIdentifier(identifier, context.transferSyntax);
    } catch (cause) {
      if (!(cause instanceof DicomError)) throw cause;
      const {peerName} = this.#association;
      throw new DimseError('protocol', `${peerName} sends an identifier that is no data set: ${cause.message}`, {
        cause,
      });
    }
  }

  #ask(
    context: AcceptedContext,
    field: number,
    query: {level: QueryLevel; keys: QueryKeys},
    timeoutMs: number | undefined,
    destination?: string,
  ): Answers {
    const messageId = this.#association.newMessageId();
    const answers = new Answers(this.#association, context, messageId, timeoutMs);
    const identifier = encodeIdentifier(query.level, query.keys, context.transferSyntax);
    const command: CommandSet = {
      commandField: field,
      affectedSopClassUid: context.abstractSyntax,
      messageId,
      priority: mediumPriority,
      moveDestination: destination,
      hasDataSet: true,
    };
    this.#association.send(context.id, command, identifier);
    return answers;
  }
}
