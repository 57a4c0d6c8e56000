/** What a receiver is given to serve with. C-ECHO needs nothing: it is always answered. */

import type {CommitmentReport, CommitmentRequest} from './commitment.ts';

/** Who is at the other end. AE titles are without padding but otherwise as they came: untrusted text. */
export interface AssociationInfo {
  /** Running number of this receiver. */
  readonly id: number;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** Remote IP address; an IPv4 address is written as such also when the socket is IPv6. */
  readonly address: string;
  readonly port: number;
  /** The connection comes from this host itself. */
  readonly isLocal: boolean;
  /** Protocol version of TLS, undefined without. */
  readonly tls: string | undefined;
  readonly implementationClassUid: string | undefined;
  readonly implementationVersion: string | undefined;
  /** Kind of user identity offered (PS3.7 D.3.3.7), undefined without one. */
  readonly userIdentity: number | undefined;
  /** Ends the association with an A-ABORT. */
  abort(why: string): void;
}

/** How an association ended. */
export interface AssociationEnd {
  kind: 'released' | 'rejected' | 'aborted' | 'closed' | 'timeout' | 'protocol' | 'cancelled';
  detail: string;
  /** C-STORE answered with success or warning, and with anything else. */
  stored: number;
  failed: number;
  /** How often each status was answered to a C-STORE. */
  readonly statuses: Map<number, number>;
  /** Data set bytes received. */
  bytes: number;
  milliseconds: number;
}

/** What an A-ASSOCIATE-RJ says (PS3.8 table 9-21). */
export const rejections = {
  /** For now: local limit exceeded. */
  busy: {result: 2, source: 3, reason: 2},
  /** Calling AE title not recognised. */
  caller: {result: 1, source: 1, reason: 3},
  /** Called AE title not recognised. */
  called: {result: 1, source: 1, reason: 7},
  /** No reason given: the standard has none for where somebody calls from. */
  stranger: {result: 1, source: 1, reason: 1},
} as const;

export type AssociationAnswer =
  | {kind: 'accept'}
  /** `detail` is for our own log. */
  | {kind: 'reject'; because: keyof typeof rejections; detail?: string}
  | {kind: 'abort'};

/** A C-STORE request, before its data set. The UIDs are as the command says: check before a path is made of them. */
export interface IncomingInstance {
  readonly association: AssociationInfo;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly messageId: number;
  /** AE title whose C-MOVE this instance comes from. */
  readonly moveOriginator: string | undefined;
}

/** Answer to a C-STORE: PS3.4 table B.2-1. The comment is for the caller to see: nothing of a patient, at most 64 characters. */
export interface StoreAnswer {
  status: number;
  comment?: string | undefined;
}

/**
 * Takes one instance. `write` and `finish` of one sink are never called at the same time; sinks of one association may be
 * in `finish` side by side. Anything thrown leads to `abort` and status A700.
 */
export interface StoreSink {
  /**
   * Bytes of the data set in order, exactly as received. The chunk may be kept, it is not used again. A promise
   * returned holds the sender back until it settles.
   */
  write(chunk: Buffer): void | Promise<void>;
  /** All bytes are there: answer when the instance is safe. */
  finish(): Promise<StoreAnswer>;
  /** The instance will not become complete, or `write` or `finish` threw: keep nothing. */
  abort(reason: string): void | Promise<void>;
}

export interface StoreHandler {
  begin(instance: IncomingInstance): StoreSink | Promise<StoreSink>;
}

/** A C-FIND, C-MOVE or C-GET request. */
export interface QueryRequest {
  readonly association: AssociationInfo;
  readonly sopClassUid: string;
  /** The identifier as received, in the encoding below. */
  readonly identifier: Buffer;
  /** Transfer syntax of the identifier and of the identifiers in the answer: little endian, explicit or implicit. */
  readonly transferSyntaxUid: string;
  readonly messageId: number;
  /** Aborted by a C-CANCEL and when the association ends. */
  readonly signal: AbortSignal;
}

/** Yields the matches, encoded in the request's transfer syntax. Throw `statusError` for a failure. */
export type FindHandler = (request: QueryRequest) => AsyncIterable<Buffer>;

/** Counts of sub-operations (PS3.4 C.4.2.1.6). */
export interface SubOperations {
  remaining: number;
  completed: number;
  failed: number;
  warning: number;
  /** SOP instances that failed, for the last answer. */
  failedInstances: string[];
}

/** Yields the progress; what is yielded last is the result. Throw `statusError` when nothing can be done. */
export type MoveHandler = (request: QueryRequest & {readonly destination: string}) => AsyncIterable<SubOperations>;

export interface GetRequest extends QueryRequest {
  /** SOP classes and transfer syntaxes the caller takes on this association. */
  readonly accepts: readonly {sopClassUid: string; transferSyntaxUid: string}[];
  /**
   * Sends a Part 10 file back as a sub-operation. Resolves to its status; rejects with a `DimseError`: `context` when the
   * caller does not take it, `file-*`, or what ended the association.
   */
  send(path: string): Promise<number>;
}

export type GetHandler = (request: GetRequest) => AsyncIterable<SubOperations>;

/** A request for storage commitment, and how to report on the association it came on (else `callWithReport`). */
export interface IncomingCommitment extends CommitmentRequest {
  readonly association: AssociationInfo;
  /** Rejects with a `DimseError` when that association is over or its answer is no success. */
  report(report: CommitmentReport): Promise<void>;
}

/**
 * Looks at a request for storage commitment: a throw of `statusError` refuses it. What it returns is called when the
 * request has been accepted, and reports.
 */
export type CommitHandler = (request: IncomingCommitment) => () => void;

/** Takes the report about a storage commitment that we asked for. */
export type ReportHandler = (report: CommitmentReport) => void;

export interface Services {
  store?: StoreHandler;
  find?: FindHandler;
  move?: MoveHandler;
  get?: GetHandler;
  commit?: CommitHandler;
  committed?: ReportHandler;
  /** Asked before an association is accepted. Default: every one is. */
  associate?(association: AssociationInfo): AssociationAnswer | Promise<AssociationAnswer>;
  /** Told once for each association that `associate` could have been asked for. */
  closed?(association: AssociationInfo, end: AssociationEnd): void;
}

/** A sink that lets everything pass and answers this status. */
export function refuse(status: number, comment?: string): StoreSink {
  return {write() {}, finish: async () => ({status, comment}), abort() {}};
}
