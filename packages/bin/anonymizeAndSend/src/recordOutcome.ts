import {projectStyle} from '@fiona/lib/deid/resolveRequest';
import {presentFields} from '@fiona/lib/redcap/fields';
import {transferFields} from '@fiona/lib/redcap/incoming';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {RedcapError} from '@fiona/lib/redcap/redcapError';
import {moveToDone, moveToFailed} from '@fiona/lib/transfers/finish';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {RequestFile} from '@fiona/lib/transfers/requestFolder';
import {isExhausted, planRetry, type Retry, readRetry, writeRetry} from '@fiona/lib/transfers/retry';
import {failureMessages, messagesForRedcap} from './failureMessages.ts';
import type {TransferOutcome} from './outcome.ts';
import type {TransferContext, Transferred} from './transfer.ts';
import {transferRow} from './transferRow.ts';
import {rememberUidStyle} from './uidStyles.ts';

/** How a request counts in the summary. */
export type Recorded = 'done' | 'failed' | 'retry' | 'postponed';

type Ended = Exclude<TransferOutcome, {kind: 'postponed'}>;

/**
 * Records how a transfer ended, in the order that loses nothing: REDCap confirms the row, then the file is moved. A temporary failure leaves
 * the request with a note when to try again; one that has lasted too long is final.
 * @throws RedcapError when the row was not confirmed: the request stays, the next run repeats the row
 */
export async function recordOutcome(
  file: RequestFile,
  request: TransferRequest,
  {outcome, snapshotTime, report}: Transferred,
  seconds: number,
  incoming: Redcap,
  context: TransferContext,
): Promise<Recorded> {
  if (outcome.kind === 'postponed') {
    context.log.info(`${request.study} waits: ${outcome.why}`);
    return 'postponed';
  }
  const earlier = await readRetry(file.path);
  const {ended, retry} = endOrRetry(outcome, earlier, context);
  const messages = messagesOf(request, ended, retry);
  // REDCap hears of a kind of temporary failure once, not every minute.
  if (ended.kind !== 'temporary' || earlier?.reason !== ended.reason) {
    await writeRow(request, ended, {snapshotTime, seconds, messages}, incoming, context);
  }
  const {transfersDone, transfersFail} = context.config.PATHS;
  const at = context.clock.now();
  if (ended.kind === 'done') {
    const {stateDir} = context.config.PATHS;
    await rememberUidStyle(stateDir, request.project, projectStyle(context.config.ANONYMIZER, request.project), at);
    const moved = await moveToDone(file.path, {folder: transfersDone, at, report});
    if (moved === undefined)
      context.log.warn(`the request of ${request.study} was removed meanwhile; its result is recorded`);
    return 'done';
  }
  if (retry !== undefined) {
    await writeRetry(file.path, retry);
    return 'retry';
  }
  if (ended.kind === 'failed') {
    const reason = {tool: 'anonymizeAndSend', reason: ended.reason, detail: ended.detail, at};
    await moveToFailed(file.path, {folder: transfersFail, messages: messages ?? {}, reason, report});
  }
  return 'failed';
}

/** A temporary failure that has lasted `ANONYMIZER.retryHours` becomes final. */
function endOrRetry(
  outcome: Ended,
  earlier: Retry | undefined,
  {config, clock}: TransferContext,
): {ended: Ended; retry: Retry | undefined} {
  if (outcome.kind !== 'temporary') return {ended: outcome, retry: undefined};
  const retry = planRetry(earlier, outcome.reason, clock.now());
  if (!isExhausted(retry, clock.now(), config.ANONYMIZER.retryHours)) return {ended: outcome, retry};
  const {service: _, ...failure} = outcome;
  return {ended: {...failure, kind: 'failed', onThisMachine: true}, retry: undefined};
}

function messagesOf(
  request: TransferRequest,
  ended: Ended,
  retry: Retry | undefined,
): Record<string, unknown> | undefined {
  if (ended.kind === 'done') return ended.note && failureMessages(request, undefined, ended.note);
  return failureMessages(request, ended.detail, ended.facts, retry);
}

async function writeRow(
  request: TransferRequest,
  ended: Ended,
  facts: {snapshotTime: Date; seconds: number; messages: Record<string, unknown> | undefined},
  incoming: Redcap,
  {config, log}: TransferContext,
): Promise<void> {
  const columns = await presentFields(incoming, transferFields, log);
  const row = transferRow(request, ended, {
    snapshotTime: facts.snapshotTime,
    seconds: facts.seconds,
    message: facts.messages === undefined ? '' : messagesForRedcap(facts.messages),
    timeZone: config.REDCAP.timeZone,
    columns,
  });
  const {rejected} = await incoming.write([row], {overwrite: true});
  const [refused] = rejected;
  log.info(
    `update ${request.study} instance ${request.instance}: ${refused === undefined ? 'confirmed' : refused.kind}`,
  );
  if (refused !== undefined) {
    throw new RedcapError({
      kind: refused.kind,
      content: 'record',
      project: incoming.name,
      message: `REDCap did not take the row of ${request.study}: ${refused.reasons.map(({message}) => message).join('; ')}`,
    });
  }
}
