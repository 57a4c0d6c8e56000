import {setTimeout as sleep} from 'node:timers/promises';
import type {Log} from '@fiona/lib/cli/log';
import {
  type CommitmentReport,
  commitmentFailure,
  type SopReference,
  type Uncommitted,
} from '@fiona/lib/dimse/commitment';
import {callWithReport} from '@fiona/lib/dimse/commitmentService';
import type {IncomingCommitment} from '@fiona/lib/dimse/services';
import {statusError} from '@fiona/lib/dimse/status';
import type {Destination} from './destinations.ts';
import type {PacsFault} from './pacsFaults.ts';
import type {StoredStudy} from './pacsIndex.ts';

const sopClass = 0x00080016;

export interface CommitmentAnswer {
  /** What the PACS holds now. */
  readonly studies: readonly StoredStudy[];
  /** Where the caller's AE title listens; without it the report goes back on the association of the request. */
  readonly destination: Destination | undefined;
  readonly fault: PacsFault | undefined;
  readonly log: Log;
}

/** Vouches for the instances that lie in the folder, and reports as the service demands (PS3.4 J.3). */
export function answerCommitment(request: IncomingCommitment, answer: CommitmentAnswer): () => void {
  const {fault, log} = answer;
  if (fault?.kind === 'status') throw statusError(fault.status, 'as ordered');
  if (fault?.kind === 'abort') request.association.abort('fault abort');
  const report = reportOn(request, answer);
  return () => {
    send(request, report, answer).catch(error => log.warn(`a storage commitment was not reported: ${String(error)}`));
  };
}

/** The fault `dropInstances` makes the PACS disown the last ones. */
function reportOn(
  {transactionUid, references}: IncomingCommitment,
  {studies, fault}: CommitmentAnswer,
): CommitmentReport {
  const classOf = new Map(
    studies
      .flatMap(study => study.series.flatMap(series => series.instances))
      .map(({sopInstanceUid, attributes}) => [String(sopInstanceUid), attributes.get(sopClass)]),
  );
  const disowned = references.length - (fault?.kind === 'dropInstances' ? fault.count : 0);
  const committed: SopReference[] = [];
  const failed: Uncommitted[] = [];
  for (const [index, each] of references.entries()) {
    const kept = index < disowned ? classOf.get(each.sopInstanceUid) : undefined;
    if (kept === each.sopClassUid) committed.push(each);
    else
      failed.push({
        ...each,
        reason: kept === undefined ? commitmentFailure.noSuchInstance : commitmentFailure.classConflict,
      });
  }
  return {transactionUid, committed, failed};
}

async function send(
  {association, report}: IncomingCommitment,
  result: CommitmentReport,
  {destination, fault}: CommitmentAnswer,
): Promise<void> {
  if (fault?.kind === 'delay') await sleep(fault.milliseconds);
  if (destination === undefined) return report(result);
  const {callingAeTitle, calledAeTitle} = association;
  return callWithReport({...destination, aeTitle: callingAeTitle, callingAeTitle: calledAeTitle}, result);
}
