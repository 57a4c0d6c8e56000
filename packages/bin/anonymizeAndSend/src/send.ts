import {rm} from 'node:fs/promises';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {type StoreResult, storeInstances} from '@fiona/lib/dimse/storeScu';
import {tlsOptions} from '@fiona/lib/dimse/tlsOptions';

/** A de-identified instance waiting in the spool. */
export interface SpooledInstance {
  readonly path: string;
  readonly sopInstanceUid: string;
}

/** What became of a transfer's instances at the research PACS. */
export type Sent =
  | {readonly kind: 'sent'; readonly stored: number}
  /** Some were refused for good; the others are stored. */
  | {readonly kind: 'refused'; readonly stored: number; readonly lines: readonly string[]; readonly returnCode: number}
  /** The PACS is down, full or busy; `service`: for everybody, not for this transfer only. */
  | {
      readonly kind: 'temporary';
      readonly stored: number;
      readonly lines: readonly string[];
      readonly service: boolean;
      readonly detail: string;
    };

/**
 * Sends the instances to the research PACS, each confirmed by its own status, and takes stored ones out of the spool. What failed
 * temporarily is tried again `RESEARCH_PACS.storage.retries` times.
 */
export async function sendToResearchPacs(
  instances: readonly SpooledInstance[],
  {RESEARCH_PACS}: Config,
  {log, signal}: {readonly log: Log; readonly signal: AbortSignal},
): Promise<Sent> {
  const {storage, connectTimeoutSeconds, responseTimeoutSeconds} = RESEARCH_PACS;
  const failures: StoreResult<SpooledInstance>[] = [];
  const done: Promise<void>[] = [];
  const summary = await storeInstances({
    peer: {
      host: storage.host ?? '',
      port: storage.port ?? 0,
      aeTitle: storage.aeTitle,
      callingAeTitle: storage.callingAeTitle,
      ...(storage.tls !== false && {tls: tlsOptions(storage.tls)}),
      connectTimeoutMs: connectTimeoutSeconds * 1000,
      responseTimeoutMs: responseTimeoutSeconds * 1000,
    },
    instances,
    onResult: result => {
      if (result.kind === 'stored') done.push(rm(result.instance.path, {force: true}));
      else failures.push(result);
    },
    retries: storage.retries,
    log,
    signal,
  });
  await Promise.all(done);
  const {stored} = summary;
  if (failures.length === 0) return {kind: 'sent', stored};
  const lines = failures.map(({instance, reason}) => `${instance.sopInstanceUid}: ${reason}`);
  const passing = failures.filter(({kind}) => kind === 'temporary');
  if (passing.length > 0) {
    const detail = passing[0]?.reason ?? '';
    return {kind: 'temporary', stored, lines, service: summary.unreachable || passing.some(isOutOfResources), detail};
  }
  return {kind: 'refused', stored, lines, returnCode: failures[0]?.status ?? 1};
}

/** Full for one is full for all: no need to hammer a PACS with the next study. */
function isOutOfResources({status}: StoreResult): boolean {
  return status !== undefined && (status & 0xff00) === 0xa700;
}
