import {isMainThread, parentPort, workerData} from 'node:worker_threads';
import {Deidentifier} from './engine.ts';
import {type DeidFile, deidentifyFile, type FileOutcome, type Output} from './fileTask.ts';
import type {DeidRequest} from './request.ts';
import {addTally, emptyTally, type Tally} from './tally.ts';

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
  void serve(workerData);
  return true;
}

async function serve({request, folder, flat}: WorkerStart): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const answer = (message: WorkerAnswer) => port.postMessage(message);
  let deidentifier: Deidentifier;
  try {
    deidentifier = await Deidentifier.create(request);
  } catch (error) {
    const option = error instanceof Error && 'option' in error ? String(error.option) : '';
    answer({kind: 'refused', option, message: error instanceof Error ? error.message : String(error)});
    return;
  }
  const output: Output = {folder, flat, made: new Set()};
  port.on('message', (task: WorkerTask) => {
    const tally = emptyTally();
    const outcomes = task.files.map(file => {
      const done = deidentifyFile(deidentifier, file, output, request.limits);
      if (done.tally !== undefined && done.outcome.kind === 'written') addTally(tally, done.tally);
      return done.outcome;
    });
    answer({kind: 'done', id: task.id, outcomes, tally});
  });
  answer({kind: 'ready'});
}
