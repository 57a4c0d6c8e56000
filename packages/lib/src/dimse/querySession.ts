import type {DataSet} from '../dicom/dataSet.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {strings} from '../dicom/values.ts';
import {type Answer, Answers, isPending} from './answers.ts';
import type {AcceptedContext, Association, AssociationUser} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {decodeIdentifier, encodeIdentifier, type QueryKeys, type QueryLevel} from './identifier.ts';
import type {ProposedContext, RoleSelection} from './pdu.ts';
import {nameOfPeer, type Peer} from './peer.ts';
import {openAssociation} from './requestor.ts';
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

export interface RetrieveOptions {
  level: QueryLevel;
  keys: QueryKeys;
  onProgress?: (counts: RetrieveCounts) => void;
  /** For the whole retrieval; the association is aborted then. */
  timeoutMs?: number | undefined;
}

/** Sub-operations as the peer counts them. */
export interface RetrieveCounts {
  remaining: number;
  completed: number;
  failed: number;
  warning: number;
}

/** `complete` only when the peer says success and not one sub-operation failed or is left. */
export interface RetrieveResult extends RetrieveCounts {
  kind: 'complete' | 'incomplete';
  status: number;
  /** Failed SOP Instance UID List (0008,0058), as far as the peer tells. */
  failedInstances: string[];
  /** One sentence for an operator. */
  reason: string;
}

const mediumPriority = 0;
const failedSopInstanceList = 0x00080058;

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
          if (answer.dataSet) yield decodeIdentifier(answer.dataSet, context.transferSyntax);
        } else {
          this.#checkStatus('C-FIND', answer.command);
        }
      }
    } finally {
      await answers.stop();
    }
  }

  /** C-MOVE to the AE title `destination`. Throws {@link DimseError} when the peer refuses it as a whole. */
  move(options: RetrieveOptions & {destination: string}): Promise<RetrieveResult> {
    return this.#retrieve('move', commandField.moveRequest, options, options.destination);
  }

  /** C-GET; the instances come to the `user` the session was opened with. Throws like `move`. */
  get(options: RetrieveOptions): Promise<RetrieveResult> {
    return this.#retrieve('get', commandField.getRequest, options);
  }

  async #retrieve(
    operation: 'move' | 'get',
    field: number,
    options: RetrieveOptions,
    destination?: string,
  ): Promise<RetrieveResult> {
    const context = this.#context(operation);
    const answers = this.#ask(context, field, options, options.timeoutMs, destination);
    try {
      for (;;) {
        const answer = await answers.next();
        if (!answer) throw new DimseError('closed', `${this.#association.peerName} gave no answer`);
        if (isPending(answer.command)) options.onProgress?.(countsOf(answer.command));
        else return this.#retrieveResult(operation, context, answer);
      }
    } finally {
      await answers.stop();
    }
  }

  #retrieveResult(operation: string, context: AcceptedContext, answer: Answer): RetrieveResult {
    const code = answer.command.status ?? 0xffff;
    const counts = countsOf(answer.command);
    const isPartial = code === status.success || code === status.subOperationsWithFailures || code === status.cancel;
    if (!isPartial && code !== status.unableToPerformSubOperations)
      this.#checkStatus(`C-${operation.toUpperCase()}`, answer.command);
    const list = answer.dataSet
      ? strings(decodeIdentifier(answer.dataSet, context.transferSyntax), failedSopInstanceList)
      : undefined;
    const isComplete = code === status.success && counts.failed === 0 && counts.remaining === 0;
    const sums = `${counts.completed} completed, ${counts.warning} with warning, ${counts.failed} failed, ${counts.remaining} left`;
    return {
      ...counts,
      kind: isComplete ? 'complete' : 'incomplete',
      status: code,
      failedInstances: list ?? [],
      reason: `${this.#association.peerName} ends the retrieval with ${describeStatus(code, answer.command.errorComment)}: ${sums}`,
    };
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

  #checkStatus(what: string, command: CommandSet): void {
    const code = command.status ?? 0xffff;
    if (code === status.success || code === status.cancel) return;
    throw new DimseError(
      'status',
      `${this.#association.peerName} answers ${what} with ${describeStatus(code, command.errorComment)}`,
      {status: code},
    );
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

function countsOf({remaining = 0, completed = 0, failed = 0, warning = 0}: CommandSet): RetrieveCounts {
  return {remaining, completed, failed, warning};
}
