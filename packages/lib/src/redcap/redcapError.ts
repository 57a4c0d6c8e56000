import {type ExitCode, exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/** What went wrong between us and REDCap; each kind has one row in {@link kinds}. */
export type RedcapErrorKind =
  | 'unreachable'
  | 'tls'
  | 'timeout'
  | 'gateway'
  | 'maintenance'
  | 'rateLimited'
  | 'auth'
  | 'forbidden'
  | 'rejected'
  | 'tooLarge'
  | 'malformed'
  | 'incomplete'
  | 'config'
  | 'interrupted';

interface KindRules {
  /** How often the same request may be sent; the smaller of this and the configured number of attempts counts. */
  attempts: number;
  exit: ExitCode;
  /** Whether a list of records is halved when this remains after the attempts. */
  halved: boolean;
  hint: string;
}

const {unavailable, config, badData, tryLater} = exitCode;
const often = Number.POSITIVE_INFINITY;

/** Kind of failure -> what the client and the tool do about it. */
export const kinds: Record<RedcapErrorKind, KindRules> = {
  unreachable: {attempts: often, exit: unavailable, halved: false, hint: 'check network, firewall and REDCAP.url'},
  tls: {
    attempts: 1,
    exit: config,
    halved: false,
    hint: 'name the certificate of your authority in REDCAP.caFile, or have the server certificate renewed',
  },
  timeout: {
    attempts: often,
    exit: unavailable,
    halved: false,
    hint: 'REDCap is slow or hangs; the next run tries again',
  },
  gateway: {
    attempts: often,
    exit: unavailable,
    halved: false,
    hint: 'REDCap or a proxy before it fails; the next run tries again',
  },
  maintenance: {
    attempts: 2,
    exit: unavailable,
    halved: false,
    hint: 'REDCap shows a web page instead of data; the next run tries again',
  },
  rateLimited: {
    attempts: 1,
    exit: tryLater,
    halved: false,
    hint: 'all tools pause for 15 minutes; lower REDCAP.requestsPerMinute or ask the REDCap administrators',
  },
  auth: {
    attempts: 1,
    exit: config,
    halved: false,
    hint: 'check the token file of this project: the token is unknown or was withdrawn',
  },
  forbidden: {attempts: 1, exit: config, halved: false, hint: "give the token's user the right that the message names"},
  rejected: {
    attempts: 1,
    exit: badData,
    halved: false,
    hint: 'correct what the message names; if it names nothing, see the log of REDCap',
  },
  tooLarge: {
    attempts: 1,
    exit: unavailable,
    halved: true,
    hint: 'lower REDCAP.exportRecords, REDCAP.importRows or REDCAP.importBytes',
  },
  malformed: {
    attempts: 2,
    exit: unavailable,
    halved: true,
    hint: "the answer was cut off or is not REDCap's; the next run tries again",
  },
  incomplete: {
    attempts: 1,
    exit: unavailable,
    halved: false,
    hint: 'nothing was done with a partial answer; the next run tries again',
  },
  config: {attempts: 1, exit: config, halved: false, hint: 'check REDCAP.url'},
  interrupted: {attempts: 1, exit: tryLater, halved: false, hint: 'the tool was asked to stop; the next run goes on'},
};

/** One line of a refused import. */
export interface ImportLine {
  record: string;
  event?: string;
  field: string;
  value: string;
  message: string;
}

/** The facts a RedcapError is made of. */
export interface RedcapFailure {
  kind: RedcapErrorKind;
  /** What happened, without secret, value or record name. */
  message: string;
  project: string;
  /** REDCap's `content` parameter. */
  content: string;
  /** Whether the request wanted to change something. */
  changes?: boolean;
  status?: number | undefined;
  hint?: string | undefined;
  attempts?: number;
  mayHaveHappened?: boolean;
  retryAfterMs?: number | undefined;
  lines?: readonly ImportLine[];
  /** What REDCap's own error text says; may quote values, so it is for code only. */
  serverText?: string | undefined;
}

/**
 * A call to REDCap that did not give a usable answer. Never holds the token. `lines`, `serverText` and `written` may hold values of
 * patients: they are not enumerable, so that no dump of the error shows them.
 */
export class RedcapError extends FionaError {
  readonly exitCode: ExitCode;
  readonly kind: RedcapErrorKind;
  readonly project: string;
  readonly content: string;
  readonly status: number | undefined;
  readonly hint: string;
  readonly attempts: number;
  /** True when the request may have reached the server: a change may have been carried out. */
  readonly mayHaveHappened: boolean;
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | undefined;
  /** Parsed lines of a refused import. */
  declare readonly lines: readonly ImportLine[];
  /** REDCap's error text, unescaped. */
  declare readonly serverText: string | undefined;
  /** Names of the records that earlier requests of the same `write` stored. */
  declare written: readonly string[];

  constructor(failure: RedcapFailure) {
    const hint = failure.hint ?? kinds[failure.kind].hint;
    const times = (failure.attempts ?? 1) > 1 ? `, ${failure.attempts} attempts` : '';
    super(`REDCap ${failure.project} (${failure.content}${times}): ${failure.message}; ${hint}`);
    this.kind = failure.kind;
    this.project = failure.project;
    this.content = failure.content;
    this.status = failure.status;
    this.hint = hint;
    this.attempts = failure.attempts ?? 1;
    this.mayHaveHappened = failure.mayHaveHappened ?? false;
    this.retryAfterMs = failure.retryAfterMs;
    this.exitCode = exitOf(failure);
    const hidden = {lines: failure.lines ?? [], serverText: failure.serverText, written: []};
    for (const [name, value] of Object.entries(hidden)) {
      Object.defineProperty(this, name, {value, enumerable: false, writable: true});
    }
  }
}

/** A refused import is bad data; a refused read, or an error under status 200, means that the service does not do its work. */
function exitOf({kind, changes, status = 400}: RedcapFailure): ExitCode {
  return kind === 'rejected' && (!changes || status < 400) ? exitCode.unavailable : kinds[kind].exit;
}
