import {DimseError, type DimseFailure} from '@fiona/lib/dimse/dimseError';
import {echo} from '@fiona/lib/dimse/echoScu';
import type {RunContext} from './context.ts';
import {type TransferOutcome, temporaryFailure} from './outcome.ts';
import {researchPacs, storescuCommand} from './researchPacs.ts';
import {outOfResources} from './send.ts';

/** Nobody answers, or asks to come back later. Every other answer says nothing of how instances will fare. */
const down: ReadonlySet<DimseFailure> = new Set(['connect', 'timeout', 'rejected-transient']);

/**
 * Asks the research PACS for a sign of life (C-ECHO) before a study is de-identified for it.
 * @returns why the transfer has to wait; undefined when it answers
 */
export async function pacsObstacle({
  config,
  signal,
}: Pick<RunContext, 'config' | 'signal'>): Promise<TransferOutcome | undefined> {
  try {
    await echo(researchPacs(config), {signal});
  } catch (error) {
    if (!(error instanceof DimseError)) throw error;
    if (error.failure === 'cancelled') return {kind: 'postponed', why: 'the tool was asked to stop'};
    if (!down.has(error.failure)) return undefined;
    const storescu = {returnCode: outOfResources, command: storescuCommand(config), lines: []};
    return {...temporaryFailure('pacs', error.message, {storescu}), stage: 'sending', serviceDown: true};
  }
  return undefined;
}
