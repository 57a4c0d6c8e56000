import {rm} from 'node:fs/promises';
import {openProgress} from '@fiona/lib/cli/progress';
import {DimseError} from '@fiona/lib/dimse/dimseError';
import {type StoreResult, storeInstances} from '@fiona/lib/dimse/storeScu';
import type {RunContext} from './context.ts';
import {researchPacs} from './researchPacs.ts';
import type {SpooledInstance} from './spool.ts';
import type {Unproven} from './storedProof.ts';

/** What became of a transfer's instances at the research PACS. `lines`: one per instance that was not stored. */
export type Sent = {readonly stored: number; readonly bytes: number; readonly lines: readonly string[]} & (
  | {readonly kind: 'sent'}
  /** Some were refused for good; the others are stored. */
  | {readonly kind: 'refused'; readonly returnCode: number}
  /** The PACS is down, full or busy; `serviceDown`: for everybody, not for this transfer only. */
  | {readonly kind: 'temporary'; readonly serviceDown: boolean; readonly returnCode: number; readonly detail: string}
);

/** What has always stood in the messages for "out of resources" and for a PACS that did not answer. */
export const outOfResources = -1;

type SendContext = Pick<RunContext, 'config' | 'log' | 'signal' | 'quiet' | 'proof'>;

/**
 * Sends the instances to the research PACS, each confirmed by its own status; what failed temporarily is tried again
 * `RESEARCH_PACS.storage.retries` times. Where more proof is asked for, they are sent only when that is there: what the PACS does not
 * own up to is sent once more.
 */
export async function sendToResearchPacs(instances: readonly SpooledInstance[], context: SendContext): Promise<Sent> {
  const {proof, log} = context;
  const sent = await sendOnce(instances, context);
  if (proof === undefined || sent.kind !== 'sent') return sent;
  try {
    const lost = await proof.unproven(instances);
    if (lost.length === 0) return sent;
    log.warn(`the research PACS does not confirm ${lost.length} of ${instances.length} instances: they are sent again`);
    const again = lost.map(({instance}) => instance);
    const resent = await sendOnce(again, context);
    const figures = {stored: instances.length - lost.length + resent.stored, bytes: sent.bytes};
    if (resent.kind !== 'sent') return {...resent, ...figures};
    return judgeProof(await proof.unproven(again), instances.length, sent.bytes);
  } catch (error) {
    if (!(error instanceof DimseError)) throw error;
    return {...sent, kind: 'temporary', serviceDown: true, returnCode: outOfResources, detail: error.message};
  }
}

function judgeProof(lost: readonly Unproven[], count: number, bytes: number): Sent {
  const lines = lost.map(({instance, why}) => `${instance.sopInstanceUid}: ${why}`);
  const figures = {stored: count - lost.length, bytes, lines};
  if (lost.length === 0) return {kind: 'sent', ...figures};
  const detail = `the research PACS answered with success but does not confirm ${lost.length} of ${count} instances`;
  return {kind: 'temporary', serviceDown: false, returnCode: outOfResources, detail, ...figures};
}

/** Without further proof what is stored is taken out of the spool at once. */
async function sendOnce(
  instances: readonly SpooledInstance[],
  {config, log, signal, quiet, proof}: SendContext,
): Promise<Sent> {
  const failures: StoreResult<SpooledInstance>[] = [];
  const removals: Promise<void>[] = [];
  const progress = openProgress('send', instances.length, {quiet});
  let count = 0;
  const {retries, associations} = config.RESEARCH_PACS.storage;
  const {stored, converted, bytes, unreachable} = await storeInstances({
    peer: researchPacs(config),
    instances,
    onResult: result => {
      progress.done(++count);
      if (result.kind !== 'stored') failures.push(result);
      // A file that stays is removed with its folder.
      else if (proof === undefined) removals.push(rm(result.instance.path, {force: true}).catch(() => {}));
    },
    associations,
    retries,
    log,
    signal,
  }).finally(() => progress.end());
  await Promise.all(removals);
  if (converted > 0)
    log.info(`${converted} of ${stored} instances were converted, without loss, to what the PACS takes`);
  const lines = failures.map(({instance, reason}) => `${instance.sopInstanceUid}: ${reason}`);
  const figures = {stored, bytes, lines};
  if (failures.length === 0) return {kind: 'sent', ...figures};
  const passing = failures.filter(({kind}) => kind === 'temporary');
  const [first] = passing;
  if (first === undefined) return {kind: 'refused', returnCode: failures[0]?.status ?? 1, ...figures};
  const serviceDown = unreachable || passing.some(isOutOfResources);
  return {kind: 'temporary', serviceDown, returnCode: outOfResources, detail: first.reason, ...figures};
}

/** Full for one is full for all: no need to hammer a PACS with the next study. */
function isOutOfResources({status}: StoreResult): boolean {
  return status !== undefined && (status & 0xff00) === 0xa700;
}
