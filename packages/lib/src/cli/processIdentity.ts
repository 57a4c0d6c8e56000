import {readFileSync} from 'node:fs';

/** What makes a process itself: a pid alone is used again after it ended. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot (field 22 of `/proc/<pid>/stat`), as text. */
  startTime: string;
}

/** Start time of a process in clock ticks since boot, or undefined when there is no such process (or it is a zombie). */
export function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // the second field is the name in parentheses and may itself hold blanks and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // fields[0] is field 3, the state
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Identity of the running process. */
export function ownIdentity(): ProcessIdentity {
  return {pid: process.pid, startTime: startTimeOf(process.pid) ?? '0'};
}

/** Whether the very process that was recorded is alive. */
export function isAlive(recorded: ProcessIdentity): boolean {
  return startTimeOf(recorded.pid) === recorded.startTime;
}

/** The arguments a process was started with, or undefined when it is gone or not ours to see. */
export function commandLineOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0');
  } catch {
    return undefined;
  }
}
