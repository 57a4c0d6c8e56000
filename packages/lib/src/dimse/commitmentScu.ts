import type {Log} from '../cli/log.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {
  type CommitmentReport,
  encodeCommitmentRequest,
  newTransactionUid,
  type SopReference,
  type Uncommitted,
  uncommittedOf,
} from './commitment.ts';
import {receiveReport} from './commitmentService.ts';
import {DimseError} from './dimseError.ts';
import type {DataReceiver} from './messageAssembler.ts';
import {nameOfPeer, type Peer} from './peer.ts';
import {type ReceiverOptions, startReceiver} from './receiver.ts';
import {openAssociation} from './requestor.ts';
import {describeStatus, status} from './status.ts';
import {storageCommitment} from './uids.ts';

/** Takes reports that come on associations of their own, for everybody in this process who waits for one. */
export interface CommitmentListener {
  readonly port: number;
  /** Calls `came` with the report of this transaction. Returns how to stop waiting. */
  expect(transactionUid: string, came: (report: CommitmentReport) => void): () => void;
  close(): Promise<void>;
}

/**
 * Listens for the reports of storage commitments: most archives call back. The archive must know our AE title with this port.
 * Rejects with the error of listening.
 */
export async function listenForCommitments(
  options: Pick<ReceiverOptions, 'host' | 'port' | 'tls' | 'log'>,
): Promise<CommitmentListener> {
  const waiting = new Map<string, (report: CommitmentReport) => void>();
  const receiver = await startReceiver({
    ...options,
    services: {committed: report => waiting.get(report.transactionUid)?.(report)},
  });
  return {
    port: receiver.port,
    expect(transactionUid, came) {
      waiting.set(transactionUid, came);
      return () => waiting.delete(transactionUid);
    },
    close: () => receiver.close(0),
  };
}

export interface CommitmentOptions {
  peer: Peer;
  references: readonly SopReference[];
  /** Without it only a report on the association of the request is heard. */
  listener?: CommitmentListener | undefined;
  /** How long the peer may take for its report. Default 60 s. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  log: Log;
}

/** References in one request: the report about them stays well below a megabyte. */
const mostReferences = 2000;
const defaultTimeoutMs = 60_000;

/**
 * Asks the peer to vouch for instances it was sent (storage commitment push model, PS3.4 annex J), and waits for its
 * report, on the same association or at the listener.
 * @returns what it does not vouch for; nothing = it keeps all of them
 * @throws DimseError when it does not serve this, refuses the request, or does not report in time
 */
export async function requestCommitment(options: CommitmentOptions): Promise<Uncommitted[]> {
  const uncommitted: Uncommitted[] = [];
  for (let at = 0; at < options.references.length; at += mostReferences) {
    const references = options.references.slice(at, at + mostReferences);
    uncommitted.push(...uncommittedOf(references, await oneTransaction({...options, references})));
  }
  return uncommitted;
}

async function oneTransaction(options: CommitmentOptions): Promise<CommitmentReport> {
  const {peer, references, listener, signal, timeoutMs = defaultTimeoutMs} = options;
  const transactionUid = newTransactionUid();
  const reported = Promise.withResolvers<CommitmentReport>();
  reported.promise.catch(() => {});
  const came = (report: CommitmentReport) => {
    if (report.transactionUid === transactionUid) reported.resolve(report);
  };
  const forget = listener?.expect(transactionUid, came);
  let association: Association | undefined;
  const fail = (failure: 'timeout' | 'cancelled' | 'closed', what: string) => {
    const error = new DimseError(failure, `${nameOfPeer(peer)} ${what}`);
    reported.reject(error);
    association?.abort(error);
  };
  const late = () => fail('timeout', `has not reported the storage commitment within ${timeoutMs / 1000} s`);
  const timer = setTimeout(late, timeoutMs);
  const cancel = () => fail('cancelled', 'was not waited for: cancelled');
  signal?.addEventListener('abort', cancel, {once: true});
  // silence is what is to be expected while the peer looks for the instances
  const patient = {...peer, responseTimeoutMs: timeoutMs + 1000};
  try {
    const opened = await openForCommitment({...options, peer: patient}, came);
    const {context} = opened;
    association = opened.association;
    association.whenEnded.then(() => {
      if (!listener) fail('closed', 'ended the association without a report, and nobody listens for one elsewhere');
    });
    await ask(association, context, encodeCommitmentRequest({transactionUid, references}, context.transferSyntax));
    const report = await reported.promise;
    await association.release();
    return report;
  } catch (error) {
    if (error instanceof DimseError) association?.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
    forget?.();
    signal?.removeEventListener('abort', cancel);
  }
}

async function openForCommitment(
  {peer, signal, log}: CommitmentOptions,
  came: (report: CommitmentReport) => void,
): Promise<{association: Association; context: AcceptedContext}> {
  let association: Association | undefined;
  const message = (command: CommandSet, context: AcceptedContext): DataReceiver | undefined =>
    association && receiveReport(association, {command, context, log, committed: came});
  const opened = await openAssociation({
    peer,
    contexts: [
      {
        abstractSyntax: storageCommitment.sopClass,
        transferSyntaxes: [transferSyntaxUid.explicitLittleEndian, transferSyntaxUid.implicitLittleEndian],
      },
    ],
    asynchronousOperations: 1,
    user: {message},
    signal,
  });
  association = opened.association;
  const context = association.contextFor(storageCommitment.sopClass);
  if (context) return {association, context};
  await association.release();
  throw new DimseError('context', `${nameOfPeer(peer)} does not serve storage commitment`);
}

async function ask(association: Association, context: AcceptedContext, information: Buffer): Promise<void> {
  const answer = await association.call(
    context.id,
    {
      commandField: commandField.actionRequest,
      requestedSopClassUid: storageCommitment.sopClass,
      messageId: association.newMessageId(),
      requestedSopInstanceUid: storageCommitment.sopInstance,
      actionTypeId: 1,
      hasDataSet: true,
    },
    information,
  );
  const code = answer.status ?? 0xffff;
  if (code === status.success) return;
  await association.release();
  throw new DimseError(
    'status',
    `${association.peerName} refuses the storage commitment with ${describeStatus(code, answer.errorComment)}`,
    {status: code},
  );
}
