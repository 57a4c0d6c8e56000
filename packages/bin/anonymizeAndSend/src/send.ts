import {rm} from 'node:fs/promises';
import {openProgress} from '@fiona/lib/cli/progress';
import type {Config} from '@fiona/lib/config/load';
import type {Peer} from '@fiona/lib/dimse/peer';
import {type StoreResult, storeInstances} from '@fiona/lib/dimse/storeScu';
import {tlsOptions} from '@fiona/lib/dimse/tlsOptions';
import type {RunContext} from './context.ts';

/** A de-identified instance waiting in the spool. */
export interface SpooledInstance {
  readonly path: string;
  readonly sopInstanceUid: string;
}

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

/**
 * Sends the instances to the research PACS, each confirmed by its own status, and takes stored ones out of the spool. What failed
 * temporarily is tried again `RESEARCH_PACS.storage.retries` times.
 */
export async function sendToResearchPacs(
  instances: readonly SpooledInstance[],
  {config, log, signal, quiet}: Pick<RunContext, 'config' | 'log' | 'signal' | 'quiet'>,
): Promise<Sent> {
  const failures: StoreResult<SpooledInstance>[] = [];
  const removals: Promise<void>[] = [];
  const progress = openProgress('send', instances.length, {quiet});
  let count = 0;
  const {stored, bytes, unreachable} = await storeInstances({
    peer: researchPacs(config),
    instances,
    onResult: result => {
      progress.done(++count);
      // A file that stays is removed with its folder.
      if (result.kind === 'stored') removals.push(rm(result.instance.path, {force: true}).catch(() => {}));
      else failures.push(result);
    },
    retries: config.RESEARCH_PACS.storage.retries,
    log,
    signal,
  }).finally(() => progress.end());
  await Promise.all(removals);
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

/** The failed sending as a program call of its own, as it used to be. */
export function storescuCommand({RESEARCH_PACS: {storage}}: Config): string[] {
  return [
    'storescu',
    '-aec',
    storage.aeTitle,
    '-aet',
    storage.callingAeTitle,
    String(storage.host),
    String(storage.port),
  ];
}

/** Where the de-identified instances go. */
export function researchPacs({RESEARCH_PACS}: Config): Peer {
  const {storage, connectTimeoutSeconds, responseTimeoutSeconds} = RESEARCH_PACS;
  return {
    host: storage.host ?? '',
    port: storage.port ?? 0,
    aeTitle: storage.aeTitle,
    callingAeTitle: storage.callingAeTitle,
    ...(storage.tls !== false && {tls: tlsOptions(storage.tls)}),
    connectTimeoutMs: connectTimeoutSeconds * 1000,
    responseTimeoutMs: responseTimeoutSeconds * 1000,
  };
}
