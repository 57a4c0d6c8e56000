import {isMainThread, workerData} from 'node:worker_threads';
import type {DeidFile, FileOutcome} from './fileTask.ts';
import type {DeidRequest} from './request.ts';
import type {Tally} from './tally.ts';

/** What a worker thread of the pool is given to start with. */
export interface WorkerStart {
  readonly fionaDeidWorker: true;
  readonly request: DeidRequest;
  readonly folder: string;
  /** Files directly in the folder, not in one of their series. */
  readonly flat: boolean;
}

/** Main thread -> worker. */
export interface WorkerTask {
  readonly id: number;
  readonly files: readonly DeidFile[];
}

/** Worker -> main thread. */
export type WorkerAnswer =
  | {readonly kind: 'ready'}
  | {readonly kind: 'refused'; readonly option: string; readonly message: string}
  | {readonly kind: 'done'; readonly id: number; readonly outcomes: readonly FileOutcome[]; readonly tally: Tally};

function isStart(data: unknown): data is WorkerStart {
  return typeof data === 'object' && data !== null && 'fionaDeidWorker' in data && data.fionaDeidWorker === true;
}

/**
 * To be called first in the `main.ts` of every tool that de-identifies with a pool: a bundled tool is one file, so its worker
 * threads start from the tool itself.
 * @returns true when this thread is a worker of the pool: then `main.ts` must do nothing else
 */
export function runWorkerIfAsked(): boolean {
  if (isMainThread || !isStart(workerData)) return false;
  // loaded in workers only: the tool itself starts every minute, mostly to find nothing to do
  const start = workerData;
  void import('./workerService.ts').then(({serveWorker}) => serveWorker(start));
  return true;
}
