import {parentPort} from 'node:worker_threads';
import {Deidentifier} from './engine.ts';
import {deidentifyFile, type Output} from './fileTask.ts';
import {TallySum} from './tally.ts';
import type {WorkerAnswer, WorkerStart, WorkerTask} from './workerMessages.ts';

/** The life of a worker thread: de-identifies the files of task after task until it is terminated. */
export async function serveWorker({request, folder, flat}: WorkerStart): Promise<void> {
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
    const sum = new TallySum();
    const outcomes = task.files.map(file => {
      const done = deidentifyFile(deidentifier, file, output, request.limits);
      if (done.outcome.kind === 'written') sum.add(done.tallies);
      return done.outcome;
    });
    answer({kind: 'done', id: task.id, outcomes, tally: sum.total()});
  });
  answer({kind: 'ready'});
}
