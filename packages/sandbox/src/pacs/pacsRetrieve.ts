import type {Log} from '@fiona/lib/cli/log';
import {DimseError} from '@fiona/lib/dimse/dimseError';
import type {GetRequest, QueryRequest, SubOperations} from '@fiona/lib/dimse/services';
import {classifyStoreStatus, status} from '@fiona/lib/dimse/status';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import type {Destination} from './destinations.ts';
import type {StoredInstance} from './pacsIndex.ts';

/** What a fault does to the instances of one retrieval. */
export interface RetrieveFault {
  /** The last so many count as sent but are not. */
  drop: number;
  /** The association is aborted after so many. */
  abortAfter: number;
}

/** Sends instances to the destination of a C-MOVE, and tells after each how far it got. */
export async function* moveInstances(
  request: QueryRequest,
  instances: StoredInstance[],
  destination: Destination & {aeTitle: string},
  fault: RetrieveFault,
  log: Log,
): AsyncGenerator<SubOperations> {
  const counts = startCounts(instances);
  const kept = instances.slice(0, Math.max(0, instances.length - fault.drop));
  const {promise: done, resolve: finish} = Promise.withResolvers<void>();
  let news = Promise.withResolvers<void>();
  let isDone = false;
  const sending = storeInstances({
    peer: {...destination, callingAeTitle: request.association.calledAeTitle},
    instances: kept,
    originator: {aeTitle: request.association.callingAeTitle, messageId: request.messageId},
    signal: request.signal,
    log,
    onResult: ({instance, status: answer}) => {
      count(counts, answer, instance.sopInstanceUid);
      if (sent(counts) > fault.abortAfter) request.association.abort('fault abortAfter');
      news.resolve();
    },
  }).finally(() => {
    isDone = true;
    finish();
  });
  while (!isDone) {
    await Promise.race([news.promise, done]);
    news = Promise.withResolvers<void>();
    if (!isDone) yield {...counts};
  }
  await sending;
  for (const dropped of instances.slice(kept.length)) count(counts, status.success, dropped.sopInstanceUid);
  yield {...counts};
}

/** Sends instances back on the association of a C-GET. */
export async function* returnInstances(
  request: GetRequest,
  instances: StoredInstance[],
  fault: RetrieveFault,
): AsyncGenerator<SubOperations> {
  const counts = startCounts(instances);
  for (const [index, instance] of instances.entries()) {
    if (request.signal.aborted) break;
    if (index >= fault.abortAfter) request.association.abort('fault abortAfter');
    const isDropped = index >= instances.length - fault.drop;
    const answer = isDropped ? status.success : await sendBack(request, instance);
    count(counts, answer, instance.sopInstanceUid);
    yield {...counts};
  }
  if (instances.length === 0) yield counts;
}

/** The status the caller answers; undefined when it does not take the instance. */
async function sendBack(request: GetRequest, instance: StoredInstance): Promise<number | undefined> {
  try {
    return await request.send(instance.path);
  } catch (error) {
    const isOfInstance =
      error instanceof DimseError && ['context', 'file-unreadable', 'file-invalid'].includes(error.failure);
    if (isOfInstance) return undefined;
    throw error;
  }
}

function startCounts(instances: StoredInstance[]): SubOperations {
  return {remaining: instances.length, completed: 0, failed: 0, warning: 0, failedInstances: []};
}

function sent(counts: SubOperations): number {
  return counts.completed + counts.failed + counts.warning;
}

function count(counts: SubOperations, answer: number | undefined, sopInstanceUid: string): void {
  counts.remaining--;
  if (answer === status.success) counts.completed++;
  else if (answer !== undefined && classifyStoreStatus(answer) === 'stored') counts.warning++;
  else {
    counts.failed++;
    counts.failedInstances.push(sopInstanceUid);
  }
}
