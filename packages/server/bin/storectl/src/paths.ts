import {join} from 'node:path';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import type {Config} from '@fiona/lib/config/load';

/** Where the receiver of one data root keeps its files below the server folder. */
export interface ReceiverPaths {
  readonly pidFile: string;
  /** Held by the receiver as long as it lives: one writer of archive and journal. */
  readonly lock: string;
  /** Held by storectl for one run. */
  readonly controlLock: string;
  /** Touched by every successful association. */
  readonly alive: string;
  /** The receiver's own log; the default root's has the suffix `ABCD`. */
  readonly log: string;
  /** What the receiver prints outside its log. */
  readonly output: string;
}

/** Names as running sites know them. */
export function receiverPaths({PATHS}: Config, {project, nameOrAbcd}: DataRoot): ReceiverPaths {
  const pids = (name: string): string => join(PATHS.serverDir, '.pids', name);
  const logs = (name: string): string => join(PATHS.serverDir, 'logs', name);
  return {
    pidFile: pids(`storescpd${project}.pid`),
    lock: pids(`storescpd${project}.lock`),
    controlLock: pids(`storectl${project}.lock`),
    alive: pids(`storescpd${project}.alive`),
    log: logs(`storescpd${nameOrAbcd}.log`),
    output: logs('storescpd-start.log'),
  };
}
