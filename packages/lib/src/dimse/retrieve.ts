import type {CommandSet} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import type {QueryKeys, QueryLevel} from './identifier.ts';
import {describeStatus, status} from './status.ts';

export interface RetrieveOptions {
  level: QueryLevel;
  keys: QueryKeys;
  /** SOP instances that have to come: any that does not makes the retrieval incomplete, whatever the peer says. */
  expected?: readonly string[] | undefined;
  onProgress?: (counts: RetrieveCounts) => void;
  /** For the whole retrieval; the association is aborted then. */
  timeoutMs?: number | undefined;
  /** Asks the peer to stop (C-CANCEL) and waits for its answer. */
  cancel?: AbortSignal | undefined;
}

/** Sub-operations as the peer counts them; a count it does not give is 0. */
export interface RetrieveCounts {
  remaining: number;
  completed: number;
  failed: number;
  warning: number;
}

/** `empty`: the peer found nothing that matches. */
export interface RetrieveResult extends RetrieveCounts {
  kind: 'complete' | 'empty';
  status: number;
}

/** Not all has come. */
export class RetrieveError extends DimseError {
  readonly counts: RetrieveCounts;
  /** SOP instances known to be missing; there may be more when fewer than `missingCount`. */
  readonly missing: readonly string[];
  readonly missingCount: number;

  constructor(
    failure: 'incomplete' | 'cancelled',
    message: string,
    facts: {status: number; counts: RetrieveCounts; missing: readonly string[]; missingCount: number},
  ) {
    super(failure, message, {status: facts.status});
    this.counts = facts.counts;
    this.missing = facts.missing;
    this.missingCount = facts.missingCount;
  }
}

/** The final answer to a C-MOVE or C-GET. */
export interface RetrieveEnd {
  peerName: string;
  command: CommandSet;
  /** Failed SOP Instance UID List (0008,0058). */
  failedInstances: readonly string[];
  expected: readonly string[] | undefined;
  /** What has come; undefined when nobody can say. */
  arrived: ReadonlySet<string> | undefined;
  wasCancelled: boolean;
}

/** The counts of a response. */
export function countsOf({remaining = 0, completed = 0, failed = 0, warning = 0}: CommandSet): RetrieveCounts {
  return {remaining, completed, failed, warning};
}

/**
 * Judges the end of a retrieval (PS3.4 C.4.2.1.4): complete is only what the peer ends with success, or with the warning
 * that nothing failed but had warnings, and of which every expected instance has come and as many as were counted.
 * @throws RetrieveError naming what is missing
 */
export function judgeRetrieval(end: RetrieveEnd): RetrieveResult {
  const {command, expected, arrived} = end;
  const counts = countsOf(command);
  const code = command.status ?? 0xffff;
  const sent = counts.completed + counts.warning;
  const missing = expected && arrived ? expected.filter(uid => !arrived.has(uid)) : [...end.failedInstances];
  const short = arrived ? sent - arrived.size : expected ? expected.length - sent : 0;
  const missingCount = Math.max(missing.length, counts.failed + counts.remaining, short);
  const isComplete = missingCount === 0 && endsWell(command);
  if (isComplete) return {...counts, kind: saysNothing(command) ? 'empty' : 'complete', status: code};
  const why = `ends the retrieval with ${describeStatus(code, command.errorComment)}`;
  const sums = `${counts.completed} completed, ${counts.warning} with warning, ${counts.failed} failed, ${counts.remaining} left`;
  throw new RetrieveError(
    end.wasCancelled && code === status.cancel ? 'cancelled' : 'incomplete',
    `${end.peerName} ${why}: ${sums}${namesOf(missing, missingCount)}`,
    {status: code, counts, missing, missingCount},
  );
}

/** B000 without a count of failures leaves open what failed. */
function endsWell(command: CommandSet): boolean {
  if (command.status === status.success) return true;
  return command.status === status.subOperationsWithFailures && command.failed === 0 && (command.warning ?? 0) > 0;
}

/** Some peers leave the counts out: that is no zero. */
function saysNothing(command: CommandSet): boolean {
  return command.completed === 0 && (command.warning ?? 0) === 0;
}

const mostNames = 5;

function namesOf(missing: readonly string[], count: number): string {
  if (count === 0) return '';
  const more = count > mostNames ? ` and ${count - Math.min(mostNames, missing.length)} more` : '';
  return missing.length === 0
    ? `; ${count} are missing, the peer does not say which`
    : `; missing: ${missing.slice(0, mostNames).join(', ')}${more}`;
}
