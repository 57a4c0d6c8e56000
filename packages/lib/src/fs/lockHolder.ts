import {readFileSync, rmSync} from 'node:fs';
import {isAlive, ownIdentity} from '../cli/processIdentity.ts';
import {replaceFile} from './replaceFile.ts';

/** Who holds an exclusive lock. Informative only: it may be stale, the lock itself is the kernel's. */
export interface LockHolder {
  pid: number;
  /** Start time in clock ticks since boot. */
  startTime: string;
  tool: string;
  /** ISO 8601 UTC. */
  since: string;
}

/** Notes this process as the holder of a lock. A courtesy: that it cannot be written (read-only disk, full) must not cost the lock. */
export function writeHolderNote(lockPath: string, tool: string): void {
  const holder: LockHolder = {...ownIdentity(), tool, since: new Date().toISOString()};
  try {
    replaceFile(`${lockPath}.json`, `${JSON.stringify(holder)}\n`, 0o644);
  } catch {
    // the lock is the kernel's
  }
}

/** Takes the note away, while the lock is still held. */
export function removeHolderNote(lockPath: string): void {
  try {
    rmSync(`${lockPath}.json`, {force: true});
  } catch {
    // stale notes are recognised by the process they name
  }
}

/**
 * The living process that noted itself as holder of an exclusive lock.
 * @returns undefined when nobody did, or that process is gone
 */
export function readHolder(lockPath: string): LockHolder | undefined {
  try {
    const note = JSON.parse(readFileSync(`${lockPath}.json`, 'utf8')) as Partial<LockHolder> | null;
    if (typeof note?.pid !== 'number' || typeof note.startTime !== 'string') return undefined;
    const holder = {pid: note.pid, startTime: note.startTime, tool: String(note.tool), since: String(note.since)};
    return isAlive(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}
