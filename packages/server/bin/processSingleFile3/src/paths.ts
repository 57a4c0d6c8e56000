import {join} from 'node:path';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import type {Config} from '@fiona/lib/config/load';

/** Where the index daemon of one data root keeps its files below the server folder. */
export interface IndexPaths {
  readonly pidFile: string;
  /** Held by the daemon as long as it lives: one writer of links and summaries. */
  readonly lock: string;
  /** Held by start, stop and restart for one run. */
  readonly controlLock: string;
  /** Counts for `status`. */
  readonly state: string;
  readonly log: string;
}

/** Names as running sites know them. */
export function indexPaths({PATHS}: Config, {project}: DataRoot): IndexPaths {
  const pids = (name: string): string => join(PATHS.serverDir, '.pids', name);
  return {
    pidFile: pids(`processSingleFile${project}.pid`),
    lock: pids(`processSingleFile${project}.lock`),
    controlLock: pids(`processSingleFile-control${project}.lock`),
    state: pids(`processSingleFile${project}.state.json`),
    log: join(PATHS.serverDir, 'logs', `processSingleFile${project}.log`),
  };
}
