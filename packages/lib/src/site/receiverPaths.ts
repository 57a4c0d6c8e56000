import {join} from 'node:path';
import type {RootName} from '../config/dataRoot.ts';
import type {Config} from '../config/load.ts';

/** Where the receiver of one data root keeps its files below the server folder. */
export interface ReceiverPaths {
  readonly pidFile: string;
  /** Held by the receiver as long as it lives: one writer of archive and journal. */
  readonly lock: string;
  /** Held by whoever starts or stops it, for as long as that takes. */
  readonly controlLock: string;
  /** Touched by every successful association. */
  readonly alive: string;
  /** The receiver's own log; the default root's has the suffix `ABCD`. */
  readonly log: string;
  /** One line for each start, and what the receiver prints outside its log. */
  readonly startLog: string;
}

/** Names as running sites know them. They need no more than the name of the root, so that a broken configuration prevents no stop. */
export function receiverPaths({PATHS}: Pick<Config, 'PATHS'>, {project, nameOrAbcd}: RootName): ReceiverPaths {
  const pids = (name: string): string => join(PATHS.serverDir, '.pids', name);
  const logs = (name: string): string => join(PATHS.serverDir, 'logs', name);
  return {
    pidFile: pids(`storescpd${project}.pid`),
    lock: pids(`storescpd${project}.lock`),
    controlLock: pids(`storectl${project}.lock`),
    alive: pids(`storescpd${project}.alive`),
    log: logs(`storescpd${nameOrAbcd}.log`),
    startLog: logs('storescpd-start.log'),
  };
}
