import {statSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import {DeidError} from './deidError.ts';
import type {DeidFile, FileOutcome} from './fileTask.ts';
import {checkDeidRequest, type DeidRequest} from './request.ts';
import {addTally, emptyTally, type Tally} from './tally.ts';
import type {WorkerAnswer, WorkerStart, WorkerTask} from './workerMessages.ts';

export interface PoolOptions {
  /** Threads; 0 = one less than there are CPUs, at least one. */
  readonly workers?: number;
  /** Files directly in the folder, not in one of their series. */
  readonly flat?: boolean;
  readonly signal?: AbortSignal;
  /** Called as files are done, in any order: for progress. */
  readonly onOutcome?: (outcome: FileOutcome) => void;
  /** For tests: what worker threads start from. */
  readonly entry?: URL;
}

/** What became of all files. */
export interface DeidRun {
  /** In the order of the files given. */
  readonly outcomes: readonly FileOutcome[];
  readonly tally: Tally;
}

const taskBytes = 4 * 1024 * 1024;
const taskFiles = 64;

/** A queue entry: some files, or, second time, one file alone. */
interface Task extends WorkerTask {
  readonly first: number;
  readonly isRetry: boolean;
}

/**
 * De-identifies files into `<folder>/<new SeriesInstanceUID>/<Modality>.<new SOPInstanceUID>.dcm` with worker threads. What comes out
 * does not depend on their number or the order. A worker that dies fails its task only: its files are tried once more, each alone.
 * @throws DeidError when the request cannot be carried out; the signal's reason when it was aborted (files written so far stay)
 */
export async function deidentifyFiles(
  files: readonly DeidFile[],
  request: DeidRequest,
  folder: string,
  options: PoolOptions = {},
): Promise<DeidRun> {
  checkDeidRequest(request);
  options.signal?.throwIfAborted();
  const queue = splitIntoTasks(files);
  const wanted =
    options.workers === undefined || options.workers === 0 ? Math.max(1, availableParallelism() - 1) : options.workers;
  const pool = new Pool(files, queue, {fionaDeidWorker: true, request, folder, flat: options.flat === true}, options);
  return pool.run(Math.min(wanted, queue.length));
}

/** Tasks of about 4 MB or 64 files: large enough to be worth a message, small enough that all threads end together. */
function splitIntoTasks(files: readonly DeidFile[]): Task[] {
  const tasks: Task[] = [];
  let first = 0;
  let bytes = 0;
  files.forEach((file, index) => {
    bytes += statSync(file.path, {throwIfNoEntry: false})?.size ?? 0;
    const isFull = bytes >= taskBytes || index - first + 1 >= taskFiles || index === files.length - 1;
    if (!isFull) return;
    tasks.push({id: tasks.length, files: files.slice(first, index + 1), first, isRetry: false});
    first = index + 1;
    bytes = 0;
  });
  return tasks;
}

/** In a bundle this file is the tool itself, whose main calls `runWorkerIfAsked`; from the sources the worker has a file of its own. */
function workerEntry(): URL {
  const here = new URL(import.meta.url);
  return here.pathname.endsWith('/deid/pool.ts') ? new URL('./worker.ts', here) : here;
}

class Pool {
  readonly #files: readonly DeidFile[];
  readonly #queue: Task[];
  readonly #start: WorkerStart;
  readonly #options: PoolOptions;
  readonly #outcomes: (FileOutcome | undefined)[];
  readonly #tally = emptyTally();
  readonly #workers = new Set<Worker>();
  #nextId: number;

  constructor(files: readonly DeidFile[], queue: Task[], start: WorkerStart, options: PoolOptions) {
    this.#files = files;
    this.#queue = queue;
    this.#start = start;
    this.#options = options;
    this.#outcomes = new Array(files.length);
    this.#nextId = queue.length;
  }

  async run(threads: number): Promise<DeidRun> {
    const {signal} = this.#options;
    const stop = () => this.#stopAll();
    signal?.addEventListener('abort', stop, {once: true});
    try {
      await Promise.all(Array.from({length: threads}, () => this.#keepWorking()));
    } finally {
      signal?.removeEventListener('abort', stop);
      await this.#stopAll();
    }
    signal?.throwIfAborted();
    return {outcomes: this.#outcomes.map((outcome, index) => outcome ?? this.#died(index)), tally: this.#tally};
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#workers].map(worker => worker.terminate()));
  }

  /** One thread's share: a worker, and another one when it dies, until the queue is empty. */
  async #keepWorking(): Promise<void> {
    while (this.#queue.length > 0 && this.#options.signal?.aborted !== true) await this.#runWorker();
  }

  /** Runs one worker until the queue is empty or it dies; what it was at goes back into the queue. */
  #runWorker(): Promise<void> {
    const worker = new Worker(this.#options.entry ?? workerEntry(), {workerData: this.#start, argv: []});
    this.#workers.add(worker);
    return new Promise((resolve, reject) => {
      let current: Task | undefined;
      let isReady = false;
      const next = () => {
        current = this.#queue.shift();
        if (current === undefined) void worker.terminate();
        else worker.postMessage({id: current.id, files: current.files} satisfies WorkerTask);
      };
      worker.on('message', (answer: WorkerAnswer) => {
        isReady = true;
        if (answer.kind === 'refused') {
          current = undefined;
          this.#queue.length = 0;
          reject(new DeidError(answer.option, answer.message));
          void worker.terminate();
          return;
        }
        if (answer.kind === 'done' && current !== undefined) this.#take(current, answer);
        next();
      });
      let failure: unknown;
      // the exit that follows puts the task back
      worker.on('error', error => {
        failure = error;
      });
      worker.on('exit', () => {
        this.#workers.delete(worker);
        if (!isReady && this.#options.signal?.aborted !== true) {
          // it would never do better: to try again would be to try for ever
          this.#queue.length = 0;
          reject(new Error('a worker thread of the de-identification did not start', {cause: failure}));
        }
        if (current !== undefined && this.#options.signal?.aborted !== true) this.#giveBack(current);
        resolve();
      });
    });
  }

  #take(task: Task, answer: Extract<WorkerAnswer, {kind: 'done'}>): void {
    answer.outcomes.forEach((outcome, index) => {
      this.#outcomes[task.first + index] = outcome;
      this.#options.onOutcome?.(outcome);
    });
    addTally(this.#tally, answer.tally);
  }

  /** Each file of a task whose worker died is tried once more, alone; one that kills a second worker is set aside. */
  #giveBack(task: Task): void {
    if (task.isRetry) {
      const outcome = this.#died(task.first);
      this.#outcomes[task.first] = outcome;
      this.#options.onOutcome?.(outcome);
      return;
    }
    task.files.forEach((file, index) => {
      this.#queue.push({id: this.#nextId++, files: [file], first: task.first + index, isRetry: true});
    });
  }

  #died(index: number): FileOutcome {
    return {
      kind: 'quarantined',
      input: this.#files[index]?.path ?? '',
      reason: 'unreadable',
      detail: 'the instance ended the thread that worked on it, twice',
    };
  }
}
