import type {Log} from '../cli/log.ts';
import {DicomError} from '../dicom/dicomError.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {
  type CommitmentReport,
  commitmentEvent,
  decodeCommitmentReport,
  decodeCommitmentRequest,
  encodeCommitmentReport,
} from './commitment.ts';
import {DimseError} from './dimseError.ts';
import {collectData, type DataReceiver} from './messageAssembler.ts';
import type {Peer} from './peer.ts';
import {openAssociation} from './requestor.ts';
import type {AssociationInfo, CommitHandler, ReportHandler, Services} from './services.ts';
import {status} from './status.ts';
import {storageCommitment} from './uids.ts';

const mostInformation = 4 << 20;
/** Argument that is not understood (PS3.7 C.4.6). */
const invalidArgument = 0x0115;

interface Incoming {
  command: CommandSet;
  context: AcceptedContext;
  log: Log;
}

/** Takes an N-ACTION or N-EVENT-REPORT for the services that a receiver has; undefined for one it does not serve. */
export function beginCommitment(
  association: Association,
  {services, info, ...incoming}: Incoming & {services: Services; info: AssociationInfo},
): DataReceiver | undefined {
  const {command, context} = incoming;
  const {commit, committed} = services;
  if (context.abstractSyntax !== storageCommitment.sopClass || !command.hasDataSet) return undefined;
  if (command.commandField === commandField.actionRequest)
    return commit && receiveCommitmentRequest(association, {...incoming, commit: commit.bind(services), info});
  return committed && receiveReport(association, {...incoming, committed: committed.bind(services)});
}

/** Takes an N-EVENT-REPORT, on whichever side of an association, and answers it (PS3.7 10.1.1). */
export function receiveReport(
  association: Association,
  {command, context, log, committed}: Incoming & {committed: ReportHandler},
): DataReceiver | undefined {
  const answer = (code: number) =>
    association.send(context.id, {
      commandField: command.commandField | 0x8000,
      affectedSopClassUid: command.affectedSopClassUid,
      messageIdRespondedTo: command.messageId,
      status: code,
      affectedSopInstanceUid: command.affectedSopInstanceUid,
      eventTypeId: command.eventTypeId,
      hasDataSet: false,
    });
  if (command.commandField !== commandField.eventReportRequest || !command.hasDataSet) {
    answer(status.unrecognizedOperation);
    return undefined;
  }
  return collectData(mostInformation, bytes => {
    const code = understood(log, association, () => committed(decodeCommitmentReport(bytes, context.transferSyntax)));
    answer(code ?? status.success);
  });
}

/** Takes the N-ACTION of a storage commitment; the handler reports when it knows (PS3.4 J.3.2). */
function receiveCommitmentRequest(
  association: Association,
  {command, context, log, commit, info}: Incoming & {commit: CommitHandler; info: AssociationInfo},
): DataReceiver {
  const answer = (code: number) =>
    association.send(context.id, {
      commandField: command.commandField | 0x8000,
      affectedSopClassUid: command.requestedSopClassUid,
      messageIdRespondedTo: command.messageId,
      status: code,
      affectedSopInstanceUid: command.requestedSopInstanceUid,
      actionTypeId: command.actionTypeId,
      hasDataSet: false,
    });
  return collectData(mostInformation, bytes => {
    let begin: (() => void) | undefined;
    const code = understood(log, association, () => {
      const request = decodeCommitmentRequest(bytes, context.transferSyntax);
      const report = (result: CommitmentReport) => reportCommitment(association, context, result);
      begin = commit({...request, association: info, report});
    });
    answer(code ?? status.success);
    begin?.();
  });
}

/** The status of what went wrong, if anything did. */
function understood(log: Log, association: Association, work: () => void): number | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof DimseError && error.status !== undefined) return error.status;
    if (!(error instanceof DicomError)) throw error;
    log.warn(`a storage commitment of ${association.peerName} is not understood: ${error.message}`);
    return invalidArgument;
  }
}

/** Sends the report on an association that is open. Throws {@link DimseError} when it is not, or the answer is no success. */
async function reportCommitment(
  association: Association,
  context: AcceptedContext,
  report: CommitmentReport,
): Promise<void> {
  const answer = await association.call(
    context.id,
    {
      commandField: commandField.eventReportRequest,
      affectedSopClassUid: storageCommitment.sopClass,
      messageId: association.newMessageId(),
      affectedSopInstanceUid: storageCommitment.sopInstance,
      eventTypeId: report.failed.length > 0 ? commitmentEvent.failuresExist : commitmentEvent.allCommitted,
      hasDataSet: true,
    },
    encodeCommitmentReport(report, context.transferSyntax),
  );
  if (answer.status === status.success) return;
  throw new DimseError('status', `${association.peerName} does not take the report`, {status: answer.status});
}

/** Calls whoever asked, as the SCP of the service (role selection, PS3.7 D.3.3.4), and reports. Throws {@link DimseError}. */
export async function callWithReport(peer: Peer, report: CommitmentReport): Promise<void> {
  const {association} = await openAssociation({
    peer,
    contexts: [
      {
        abstractSyntax: storageCommitment.sopClass,
        transferSyntaxes: [transferSyntaxUid.explicitLittleEndian, transferSyntaxUid.implicitLittleEndian],
      },
    ],
    roles: [{sopClassUid: storageCommitment.sopClass, scu: false, scp: true}],
    asynchronousOperations: 1,
  });
  try {
    const context = association.contextFor(storageCommitment.sopClass);
    if (!context) throw new DimseError('context', `${association.peerName} takes no reports`);
    await reportCommitment(association, context, report);
  } finally {
    await association.release();
  }
}
