import {type ExitCode, exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/**
 * What went wrong on the DICOM network. `rejected-*`, `aborted` and `closed` are the peer's doing (or the line's), `protocol`
 * is a peer that sends what PS3.8 forbids, `context` a service or transfer syntax it does not accept, `status` an answer that is
 * a failure, `incomplete` a retrieval that did not bring everything, `cancelled` our own caller's wish; `file-*` is the file that was to be sent: out of reach now, or nothing to send.
 */
export type DimseFailure =
  | 'connect'
  | 'rejected-transient'
  | 'rejected-permanent'
  | 'aborted'
  | 'closed'
  | 'timeout'
  | 'protocol'
  | 'context'
  | 'status'
  | 'incomplete'
  | 'cancelled'
  | 'file-unreadable'
  | 'file-invalid';

/** Facts beside the message; each only where it applies. */
export interface DimseErrorFacts {
  /** DIMSE status of the answer, for `status`. */
  status?: number | undefined;
  /** Source of an A-ABORT or A-ASSOCIATE-RJ (PS3.8 9.3.8, 9.3.4). */
  source?: number | undefined;
  /** Reason/diagnostic of an A-ABORT or A-ASSOCIATE-RJ. */
  reason?: number | undefined;
  cause?: unknown;
}

/** The one error of `lib/dimse`. The message names the peer and what to do, never a data set's contents. */
export class DimseError extends FionaError {
  readonly failure: DimseFailure;
  readonly status: number | undefined;
  readonly source: number | undefined;
  readonly reason: number | undefined;
  readonly exitCode: ExitCode;

  constructor(failure: DimseFailure, message: string, facts: DimseErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : {cause: facts.cause});
    this.failure = failure;
    this.status = facts.status;
    this.source = facts.source;
    this.reason = facts.reason;
    this.exitCode = failure === 'cancelled' ? exitCode.tryLater : exitCode.unavailable;
  }
}

/** The peer sent what PS3.8 does not allow; `reason` is what our A-ABORT will carry (PS3.8 table 9-26). */
export function protocolError(message: string, reason: number = abortReason.invalidParameterValue): DimseError {
  return new DimseError('protocol', message, {source: abortSource.serviceProvider, reason});
}

/** PS3.8 table 9-26, Source. */
export const abortSource = {serviceUser: 0, serviceProvider: 2} as const;

/** PS3.8 table 9-26, Reason/Diag. (meaningful when the source is the service provider). */
export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameterValue: 6,
} as const;
