import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import {commandLineOf, isAlive, type ProcessIdentity, startTimeOf} from '@fiona/lib/cli/processIdentity';
import {type LockHolder, readHolder} from '@fiona/lib/fs/lockHolder';

/** What became of a detectStudyArrival that holds its lock; `none` also when none does, or not for too long. */
export type Arrival =
  | {readonly kind: 'none'}
  | {readonly kind: 'ended' | 'killed' | 'wouldEnd' | 'notAllowed'; readonly sentence: string};

const tool = 'detectStudyArrival';
const killAfterMs = 10_000;

/**
 * Ends the detectStudyArrival of this data root when it has been at work for too long, with what it started: TERM, after 10 s KILL. Its
 * lock is the kernel's and goes with it.
 * @param lockPath the lock it holds; the note beside it tells who and since when
 */
export async function endStuckArrival(
  lockPath: string,
  maxSeconds: number,
  {clock, log, dryRun}: {clock: Clock; log: Log; dryRun: boolean},
): Promise<Arrival> {
  const holder = readHolder(lockPath);
  if (holder === undefined || !isStuck(holder, maxSeconds, clock.now())) return {kind: 'none'};
  const what = `${tool} (pid ${holder.pid}) has been at work since ${holder.since}`;
  if (dryRun) return {kind: 'wouldEnd', sentence: `${what}, would end it`};
  const arrival = await end(holder, what);
  log[arrival.kind === 'notAllowed' ? 'error' : 'warn'](arrival.sentence);
  return arrival;
}

/** Only what its note and its command line both call a detectStudyArrival is ever signalled. */
function isStuck(holder: LockHolder, maxSeconds: number, now: Date): boolean {
  const age = (now.getTime() - Date.parse(holder.since)) / 1000;
  if (!(age > maxSeconds) || holder.tool !== tool) return false;
  return commandLineOf(holder.pid)?.some(word => word.includes(tool)) === true;
}

async function end(holder: LockHolder, what: string): Promise<Exclude<Arrival, {kind: 'none'}>> {
  const family = [holder, ...startedBy(holder.pid)];
  try {
    signalAll(family, 'SIGTERM');
    if (await haveEnded(family, killAfterMs)) return {kind: 'ended', sentence: `${what}: ended`};
    signalAll(family, 'SIGKILL');
    await haveEnded(family, killAfterMs);
    return {kind: 'killed', sentence: `${what}: it did not end within 10 s and was killed`};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return {kind: 'notAllowed', sentence: `${what}, but it belongs to another account and cannot be ended`};
  }
}

function signalAll(family: readonly ProcessIdentity[], name: NodeJS.Signals): void {
  for (const each of family) {
    // the pid may be another process's by now
    if (!isAlive(each)) continue;
    try {
      process.kill(each.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function haveEnded(family: readonly ProcessIdentity[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let pause = 2; family.some(isAlive); pause = Math.min(pause * 2, 100)) {
    if (performance.now() > deadline) return false;
    await delay(pause);
  }
  return true;
}

/** All processes that a process started, and those that they started. */
function startedBy(pid: number): ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: ProcessIdentity[] = [];
  const add = (parent: number): void => {
    for (const child of children.get(parent) ?? []) {
      const startTime = startTimeOf(child);
      if (startTime === undefined) continue;
      found.push({pid: child, startTime});
      add(child);
    }
  };
  add(pid);
  return found;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
