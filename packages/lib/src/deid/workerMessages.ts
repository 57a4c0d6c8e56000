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
