import {canTranscode, plainTransferSyntaxes} from '../dicom/transcode.ts';
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
 * syntax, and one with the plain transfer syntaxes left for each class of which something could be converted to them; at
 * most 128 an association (PS3.8 9.3.2.2). The order of the instances is kept within a batch.
 * @param convert whether converting is allowed
 */
export function planStore<T extends InstanceFacts>(instances: readonly T[], convert = true): StoreBatch<T>[] {
  const batches: StoreBatch<T>[] = [];
  const batchOfPair = new Map<string, StoreBatch<T>>();
  /** Of the batch being filled: transfer syntaxes of each SOP class. */
  let syntaxesOf = new Map<string, string[]>();
  const close = () => {
    const batch = batches.at(-1);
    if (batch) batch.contexts = contextsFor(syntaxesOf, convert);
  };
  for (const instance of instances) {
    const {sopClassUid, transferSyntaxUid} = instance;
    const pair = `${sopClassUid} ${transferSyntaxUid}`;
    let batch = batchOfPair.get(pair);
    if (!batch) {
      const wider = new Map(syntaxesOf).set(sopClassUid, [...(syntaxesOf.get(sopClassUid) ?? []), transferSyntaxUid]);
      batch = batches.at(-1);
      if (!batch || contextsFor(wider, convert).length > maxContexts) {
        close();
        batch = {contexts: [], instances: []};
        batches.push(batch);
        syntaxesOf = new Map([[sopClassUid, [transferSyntaxUid]]]);
      } else {
        syntaxesOf = wider;
      }
      batchOfPair.set(pair, batch);
    }
    batch.instances.push(instance);
  }
  close();
  return batches;
}

function contextsFor(
  syntaxesOf: ReadonlyMap<string, readonly string[]>,
  convert: boolean,
): StoreBatch<never>['contexts'] {
  return [...syntaxesOf].flatMap(([abstractSyntax, syntaxes]) => {
    const fallback =
      convert && syntaxes.some(canTranscode) ? plainTransferSyntaxes.filter(uid => !syntaxes.includes(uid)) : [];
    return [...syntaxes.map(syntax => [syntax]), ...(fallback.length > 0 ? [fallback] : [])].map(transferSyntaxes => ({
      abstractSyntax,
      transferSyntaxes,
    }));
  });
}
