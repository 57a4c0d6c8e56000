import type {Uid} from '@fiona/lib/dicom/uid';
import type {RunContext} from './context.ts';
import type {Claimed, RequestQueue} from './requestQueue.ts';
import type {RequestResult} from './requestResult.ts';

/** The work of a run and what came of it so far. */
export interface Work {
  readonly first: Claimed;
  readonly queue: Pick<RequestQueue, 'next'>;
  /** Grows as requests come to an end. */
  readonly results: RequestResult[];
  /** Monotonic time at which the run began. */
  readonly begun: number;
}

/**
 * Carries requests out, up to `ANONYMIZER.parallelTransfers` at a time, never two of one study. No further one is begun when a service is
 * down, the run has lasted its time, or we were asked to stop; those in work come to their end.
 * @throws whatever `carryOut` or the queue threw first, when nothing is in work any more
 */
export async function workOff(
  {first, queue, results, begun}: Work,
  {config, clock, signal, log}: Pick<RunContext, 'config' | 'clock' | 'signal' | 'log'>,
  carryOut: (claimed: Claimed) => Promise<RequestResult>,
): Promise<void> {
  const {parallelTransfers, maxRunMinutes} = config.ANONYMIZER;
  const inWork = new Map<Uid, Promise<void>>();
  const errors: unknown[] = [];
  const fail = (error: unknown): undefined => void errors.push(error);

  const isEnough = (): boolean =>
    errors.length > 0 ||
    signal.aborted ||
    results.some(({serviceDown}) => serviceDown) ||
    (maxRunMinutes > 0 && clock.monotonic() - begun >= maxRunMinutes * 60_000);

  const begin = (claimed: Claimed): void => {
    const {study} = claimed.request;
    const work = carryOut(claimed).then(result => {
      if (result.kind === 'refused' && !results.some(({detail}) => detail === result.detail)) {
        log.error(`${result.detail}; its requests wait`);
      }
      results.push(result);
    }, fail);
    inWork.set(
      study,
      work.finally(() => inWork.delete(study)),
    );
  };

  begin(first);
  for (;;) {
    const hasRoom = inWork.size < parallelTransfers && !isEnough();
    const next = hasRoom ? await queue.next(new Set(inWork.keys())).catch(fail) : undefined;
    if (next !== undefined) begin(next);
    else if (inWork.size === 0) break;
    else await Promise.race(inWork.values());
  }
  if (errors.length > 0) throw errors[0];
}
