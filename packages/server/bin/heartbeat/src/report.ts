import type {ExitCode} from '@fiona/lib/cli/exitCode';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {describe, type Finding} from './judge.ts';
import type {Memory} from './memory.ts';

/** The result of one run. */
export interface Report {
  /** The finding, or what became of it, in a word. */
  readonly state: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly sentence: string;
  readonly exitCode: ExitCode;
  /** The receiver was ended or started in this run. */
  readonly restarted?: boolean;
  /** What was begun did not come to its end: the next run has to go on with it. */
  readonly unfinished?: boolean;
}

const levels: Record<Finding['kind'], Report['level']> = {
  answers: 'info',
  disabled: 'info',
  refuses: 'warn',
  working: 'warn',
  closing: 'warn',
  notStarted: 'warn',
  silent: 'warn',
  crashed: 'warn',
  unreachable: 'error',
  foreign: 'error',
};

const fine: ReadonlySet<Finding['kind']> = new Set(['answers', 'disabled', 'refuses']);

/** A finding that nothing is done about. */
export function reportFinding(finding: Finding): Report {
  return {
    state: finding.kind,
    level: levels[finding.kind],
    sentence: describe(finding),
    exitCode: fine.has(finding.kind) ? exitCode.ok : exitCode.unavailable,
  };
}

const hourMs = 3_600_000;

/** Whether the log should hear of it: what is new or was done now, and what lasts once an hour. */
export function isWorthTelling({state, restarted}: Report, memory: Memory, now: Date): boolean {
  if (restarted || memory.state !== state || memory.toldAt === undefined) return true;
  const age = now.getTime() - memory.toldAt.getTime();
  return age >= hourMs || age < 0;
}

/** The sentence with how long it has been so, or how long the trouble before lasted. */
export function inTime({state, sentence, restarted}: Report, {state: before, since}: Memory, now: Date): string {
  const minutes = since === undefined ? 0 : Math.round((now.getTime() - since.getTime()) / 60_000);
  if (minutes < 1 || restarted) return sentence;
  if (before === state) return `${sentence}, for ${minutes} min now`;
  return state === 'answers' ? `${sentence}; before, for ${minutes} min: ${before}` : sentence;
}
