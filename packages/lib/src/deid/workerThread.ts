import {isMainThread, workerData} from 'node:worker_threads';
import type {WorkerStart} from './workerMessages.ts';

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
