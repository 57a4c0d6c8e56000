import {readFileSync} from 'node:fs';

/** Most memory (resident set, bytes) that a running process has ever had. */
export function peakMemory(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** `83 MB`. */
export function showBytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
