import type {InstanceFacts} from './instanceFile.ts';
import type {ProposedContext} from './pdu.ts';
import {maxContexts} from './requestor.ts';

/** What goes over associations with one set of presentation contexts. */
export interface StoreBatch<T extends InstanceFacts> {
  contexts: Omit<ProposedContext, 'id'>[];
  instances: T[];
}

/**
 * Distributes instances to associations: one presentation context for each distinct pair of SOP class and transfer
 * syntax, at most 128 an association (PS3.8 9.3.2.2). The order of the instances is kept within a batch.
 */
export function planStore<T extends InstanceFacts>(instances: readonly T[]): StoreBatch<T>[] {
  const batches: StoreBatch<T>[] = [];
  const batchOfPair = new Map<string, StoreBatch<T>>();
  for (const instance of instances) {
    const pair = `${instance.sopClassUid} ${instance.transferSyntaxUid}`;
    let batch = batchOfPair.get(pair);
    if (!batch) {
      batch = batches.at(-1);
      if (!batch || batch.contexts.length === maxContexts) {
        batch = {contexts: [], instances: []};
        batches.push(batch);
      }
      batch.contexts.push({abstractSyntax: instance.sopClassUid, transferSyntaxes: [instance.transferSyntaxUid]});
      batchOfPair.set(pair, batch);
    }
    batch.instances.push(instance);
  }
  return batches;
}
