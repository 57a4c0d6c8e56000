import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {threadId} from 'node:worker_threads';

let made = 0;

/** A name in the folder that no other thread or process uses; hidden, ends in `.tmp`. */
export function temporaryFile(folder: string): string {
  made++;
  return join(folder, `.deid.${process.pid}-${threadId}-${made}.tmp`);
}

/** True when two files have the same bytes. */
export function sameFile(one: string, other: string): boolean {
  return statSync(one).size === statSync(other).size && readFileSync(one).equals(readFileSync(other));
}
