import type {Log} from '../cli/log.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import type {Association} from './association.ts';
import type {CommandSet} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import type {FindHandler, GetHandler, GetRequest, MoveHandler, QueryRequest, SubOperations} from './services.ts';
import {status} from './status.ts';

/** One C-FIND, C-MOVE or C-GET being answered: its request, the context it came in, who cancels it. */
export interface QueryRun {
  association: Association;
  contextId: number;
  command: CommandSet;
  query: QueryRequest;
  log: Log;
}

/** Sends every match with status pending, then the final answer (PS3.4 C.4.1). */
export async function runFind(run: QueryRun, handler: FindHandler): Promise<void> {
  await answering(run, async () => {
    for await (const match of handler(run.query)) {
      if (run.query.signal.aborted) break;
      respond(run, {status: status.pending}, match);
      await run.association.drained();
    }
    respond(run, {status: run.query.signal.aborted ? status.cancel : status.success});
  });
}

/** Sends the progress of the sub-operations, then their result (PS3.4 C.4.2.1.5). */
export async function runMove(run: QueryRun, handler: MoveHandler): Promise<void> {
  const destination = run.command.moveDestination ?? '';
  await answering(run, () => reportSubOperations(run, handler({...run.query, destination})));
}

/** Like C-MOVE, over the same association (PS3.4 C.4.3). */
export async function runGet(run: QueryRun, handler: GetHandler, request: GetRequest): Promise<void> {
  await answering(run, () => reportSubOperations(run, handler(request)));
}

async function reportSubOperations(run: QueryRun, progress: AsyncIterable<SubOperations>): Promise<void> {
  let last: SubOperations = {remaining: 0, completed: 0, failed: 0, warning: 0, failedInstances: []};
  for await (const counts of progress) {
    last = counts;
    if (run.query.signal.aborted) break;
    if (counts.remaining > 0) respond(run, {status: status.pending, ...countsOf(counts, true)});
    await run.association.drained();
  }
  const cancelled = run.query.signal.aborted;
  const final = cancelled ? status.cancel : subOperationStatus(last);
  respond(run, {status: final, ...countsOf(last, cancelled)}, failedList(run, last));
}

/** The number remaining stands only in answers that are pending or cancelled (PS3.7 table 9.1-4). */
function countsOf(counts: SubOperations, withRemaining: boolean): Partial<CommandSet> {
  const {remaining, completed, failed, warning} = counts;
  return {completed, failed, warning, ...(withRemaining ? {remaining} : {})};
}

/** PS3.4 table C.4-2. */
function subOperationStatus(counts: SubOperations): number {
  if (counts.failed === 0) return counts.warning > 0 ? status.subOperationsWithFailures : status.success;
  return counts.completed + counts.warning === 0
    ? status.unableToPerformSubOperations
    : status.subOperationsWithFailures;
}

/** Failed SOP Instance UID List (0008,0058), the only element of the final answer's data set. */
function failedList(run: QueryRun, counts: SubOperations): Buffer | undefined {
  if (counts.failedInstances.length === 0) return undefined;
  const text = counts.failedInstances.join('\\');
  const value = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1');
  const header = Buffer.from([0x08, 0, 0x58, 0, 0, 0, 0, 0]);
  // An explicit UI has a 2 byte length: a longer list is cut, the count tells the truth.
  const most = run.query.transferSyntaxUid === transferSyntaxUid.explicitLittleEndian ? 0xfffe : 0xfffffffe;
  const kept = value.subarray(0, most);
  if (run.query.transferSyntaxUid === transferSyntaxUid.explicitLittleEndian) {
    header.write('UI', 4, 'latin1');
    header.writeUInt16LE(kept.length, 6);
  } else {
    header.writeUInt32LE(kept.length, 4);
  }
  return Buffer.concat([header, kept]);
}

/** Runs the work; a failure of the handler is the final answer. */
async function answering(run: QueryRun, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DimseError && error.status !== undefined) {
      respond(run, {status: error.status, errorComment: error.message});
    } else if (run.association.isOpen) {
      run.log.error(`a query of ${run.association.peerName} failed: ${String(error)}`);
      respond(run, {status: status.cannotUnderstand, errorComment: 'cannot be processed'});
    }
  }
}

function respond(run: QueryRun, fields: Partial<CommandSet>, dataSet?: Buffer): void {
  run.association.send(
    run.contextId,
    {
      commandField: run.command.commandField | 0x8000,
      affectedSopClassUid: run.command.affectedSopClassUid,
      messageIdRespondedTo: run.command.messageId,
      hasDataSet: dataSet !== undefined,
      ...fields,
    },
    dataSet,
  );
}
