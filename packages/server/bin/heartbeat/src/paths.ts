import {join} from 'node:path';
import type {RootName} from '@fiona/lib/config/dataRoot';
import type {Config} from '@fiona/lib/config/load';

/** Where the watchdog of one data root keeps its files below the server folder. */
export interface HeartbeatPaths {
  readonly lock: string;
  readonly log: string;
  /** What it found last, and its restarts. */
  readonly memory: string;
  /** Lock of detectStudyArrival; the note beside it names the run that holds it. */
  readonly arrivalLock: string;
}

/** Names as running sites know them. */
export function heartbeatPaths({PATHS}: Config, {project, nameOrAbcd}: RootName): HeartbeatPaths {
  const pids = (name: string): string => join(PATHS.serverDir, '.pids', name);
  return {
    lock: pids(`heartbeat${project}.lock`),
    log: join(PATHS.serverDir, 'logs', `heartbeat${project}.log`),
    memory: pids(`heartbeat${project}.state.json`),
    arrivalLock: pids(`detectStudyArrival${nameOrAbcd}.lock`),
  };
}
