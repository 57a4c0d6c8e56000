import type {RunningDaemon} from '@fiona/lib/cli/daemonControl';
import {describeOwner, type PortOwner} from '@fiona/lib/cli/tcpSockets';

/** What came of one C-ECHO. A refusal is an answer: whoever can say no is not hanging. */
export type Echo =
  | {readonly kind: 'answer'; readonly milliseconds: number}
  | {readonly kind: 'refusal' | 'silence'; readonly why: string};

/** What was seen of a receiver. What need not be known for the judgement is not looked at: it is undefined. */
export interface Observation {
  /** The services of the data root are switched on. */
  readonly enabled: boolean;
  /** The living receiver, verified by pid and start time. */
  readonly daemon: RunningDaemon | undefined;
  /** It ended without being told to: it left its pid file, or a restart was begun and not finished. */
  readonly died: boolean;
  /** An association succeeded within the last seconds. */
  readonly recent: boolean;
  /** The C-ECHOs to its public address, in order. */
  readonly echoes: readonly Echo[];
  /** The same to the address it listens on, past the network. */
  readonly local: Echo | undefined;
  /** Who listens on its port. */
  readonly owner: PortOwner | undefined;
  /** It took data or stored instances between the first C-ECHO and the second. */
  readonly worked: boolean;
  /** The look before found this very receiver with its port closed. */
  readonly wasClosing: boolean;
}

/** A receiver of no use any more: it hangs, or it has died. */
export type Broken =
  | {readonly kind: 'silent'; readonly daemon: RunningDaemon; readonly why: string}
  | {readonly kind: 'crashed'};

/** What is the matter with a receiver. */
export type Finding =
  | Broken
  | {readonly kind: 'disabled' | 'notStarted'}
  | {readonly kind: 'answers'; readonly milliseconds: number | undefined}
  | {readonly kind: 'refuses' | 'unreachable'; readonly why: string}
  | {readonly kind: 'foreign'; readonly owner: PortOwner}
  | {readonly kind: 'working' | 'closing'; readonly daemon: RunningDaemon; readonly why: string};

/** Judges a receiver. Only what is {@link Broken} calls for a restart; whatever may be alive and of use is left alone. */
export function judge(seen: Observation): Finding {
  const {daemon, owner} = seen;
  const last = seen.echoes.at(-1);
  if (!seen.enabled) return {kind: 'disabled'};
  if (daemon === undefined) {
    if (owner !== undefined) return {kind: 'foreign', owner};
    // in a container or on another host: it answers, and there is nothing here that could be started again
    if (last?.kind === 'answer') return {kind: 'answers', milliseconds: last.milliseconds};
    return {kind: seen.died ? 'crashed' : 'notStarted'};
  }
  if (seen.recent) return {kind: 'answers', milliseconds: undefined};
  if (last?.kind === 'answer') return {kind: 'answers', milliseconds: last.milliseconds};
  const why = reasonsOf(seen.echoes);
  if (last?.kind === 'refusal') return {kind: 'refuses', why};
  if (seen.local !== undefined && seen.local.kind !== 'silence') return {kind: 'unreachable', why};
  if (owner !== undefined && owner.pid !== daemon.pid) return {kind: 'foreign', owner};
  if (seen.worked) return {kind: 'working', daemon, why};
  if (owner === undefined && !seen.wasClosing) return {kind: 'closing', daemon, why};
  return {kind: 'silent', daemon, why};
}

function reasonsOf(echoes: readonly Echo[]): string {
  return [...new Set(echoes.map(echo => (echo.kind === 'answer' ? 'answered' : echo.why)))].join('; then ');
}

/** The finding as one sentence of the log. */
export function describe(finding: Finding): string {
  switch (finding.kind) {
    case 'disabled':
      return 'the services are switched off (config/enabled), the receiver need not answer';
    case 'answers':
      return finding.milliseconds === undefined
        ? 'the receiver answers (an association has just succeeded)'
        : `the receiver answers (C-ECHO took ${finding.milliseconds.toFixed(0)} ms)`;
    case 'notStarted':
      return 'no receiver runs: it was stopped or never started; start it with: storectl start';
    case 'crashed':
      return 'the receiver has ended without being told to';
    case 'refuses':
      return `the receiver is alive but refuses our C-ECHO, it is left alone: ${finding.why}`;
    case 'unreachable':
      return `the receiver answers on this host but not under DICOMIP, check that key and the network: ${finding.why}`;
    case 'foreign':
      return `the port belongs to ${describeOwner(finding.owner)}, not to our receiver; end it or choose another DICOMPORT`;
    case 'working':
      return `the receiver (pid ${finding.daemon.pid}) is too busy to answer but takes data, it is left alone: ${finding.why}`;
    case 'closing':
      return `the receiver (pid ${finding.daemon.pid}) has closed its port, it seems to be ending: ${finding.why}`;
    case 'silent':
      return `the receiver (pid ${finding.daemon.pid}) is silent: ${finding.why}`;
  }
}
