import {presentFields} from '@fiona/lib/redcap/fields';
import {transferFields} from '@fiona/lib/redcap/incoming';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {RedcapError, type RedcapErrorKind} from '@fiona/lib/redcap/redcapError';
import {moveToDone, moveToFailed} from '@fiona/lib/transfers/finish';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {RequestFile} from '@fiona/lib/transfers/requestFolder';
import {isExhausted, planRetry, type Retry, writeRetry} from '@fiona/lib/transfers/retry';
import {earlierAttempts, isUnchanged} from './attempts.ts';
import {auditEnd} from './audit.ts';
import type {RunContext} from './context.ts';
import {type FailureMessages, failureMessages, messagesForRedcap} from './failureMessages.ts';
import {type EndedTransfer, transferRow} from './transferRow.ts';
import type {Transferred} from './transferred.ts';
import {rememberUidStyle} from './uidStyles.ts';

/** A transfer that came to an end, and whose it is. */
export interface TransferEnd {
  readonly file: RequestFile;
  readonly request: TransferRequest;
  /** The request's name is no subject: it is not repeated in messages. */
  readonly hideName: boolean;
  readonly ended: EndedTransfer;
  readonly transferred: Transferred;
  /** How long it took. */
  readonly seconds: number;
}

/** Where the request is now. `unconfirmed`: it waits because REDCap did not take its row. */
export type Recorded = 'done' | 'failed' | 'retry' | 'unconfirmed';

/**
 * Records how a transfer ended, in the order that loses nothing: REDCap confirms the row, then the file is moved. A temporary failure leaves
 * the request with a note when to try again; one that has lasted too long is final.
 * @throws RedcapError when REDCap did not answer: the request stays, the next run repeats the row; FileError
 */
export async function recordOutcome(end: TransferEnd, incoming: Redcap, context: RunContext): Promise<Recorded> {
  const {file, request, transferred, hideName} = end;
  const earlier = await earlierAttempts(file);
  const {ended, retry} = endOrRetry(end.ended, earlier, context);
  const messages =
    ended.kind === 'done'
      ? ended.note && failureMessages(request, undefined, ended.note)
      : failureMessages(request, ended.detail, ended.facts, {retry, hideName});
  // Before anybody hears that it is done: a kill from here on leaves a request that is looked at again, and a trail that knows.
  const mustAudit = ended.kind !== 'temporary' || transferred.audit?.release !== undefined;
  const {audit, figures} = transferred;
  const line = mustAudit
    ? await auditEnd(request, {outcome: ended, stored: figures.instances, audit, hideName}, context)
    : undefined;
  // REDCap hears of a kind of temporary failure once, not every minute.
  if (ended.kind !== 'temporary' || earlier?.reason !== ended.reason) {
    const confirmed = await writeRow({...end, ended}, earlier, messages, incoming, context);
    if (!confirmed) return 'unconfirmed';
  }
  if (retry !== undefined) {
    if (await isUnchanged(file)) await writeRetry(file.path, retry);
    return 'retry';
  }
  const {config, clock} = context;
  const at = clock.now();
  const report = transferred.report && {...transferred.report, audit: `${line?.seq}:${line?.hash}`};
  let moved: string | undefined;
  if (ended.kind === 'done') {
    const {used} = transferred;
    if (used !== undefined) {
      await rememberUidStyle(config.PATHS.stateDir, request.project, used, used.key, {now: at, log: context.log});
    }
    moved = await moveToDone(file.path, {folder: config.PATHS.transfersDone, at, report});
  } else {
    const reason = {tool: 'anonymizeAndSend', reason: ended.reason, detail: ended.detail, at};
    const facts = {messages: messages ?? {}, reason, report};
    moved = await moveToFailed(file.path, {folder: config.PATHS.transfersFail, ...facts});
  }
  if (moved === undefined) {
    context.log.warn(`the request of ${request.study} was removed meanwhile; REDCap knows what became of it`);
  }
  return ended.kind === 'done' ? 'done' : 'failed';
}

/** A temporary failure that has lasted `ANONYMIZER.retryHours` becomes final. */
function endOrRetry(
  ended: EndedTransfer,
  earlier: Retry | undefined,
  {config, clock}: RunContext,
): {ended: EndedTransfer; retry: Retry | undefined} {
  if (ended.kind !== 'temporary') return {ended, retry: undefined};
  const retry = planRetry(earlier, ended.reason, clock.now());
  const {retryHours} = config.ANONYMIZER;
  if (!isExhausted(retry, clock.now(), retryHours)) return {ended, retry};
  const {stage, reason, facts} = ended;
  const detail = `${ended.detail}; given up after ${retry.attempts} attempts in more than ${retryHours} hours`;
  return {ended: {kind: 'failed', onThisMachine: true, stage, reason, detail, facts}, retry: undefined};
}

/** REDCap refuses us or the row: the same again would be refused again, so that it is not tried every minute. */
const lasting: ReadonlySet<RedcapErrorKind> = new Set(['rejected', 'forbidden', 'auth', 'config', 'tooLarge']);

/** @returns false when REDCap refused this row, which was noted to be tried later */
async function writeRow(
  {file, request, ended, transferred, seconds}: TransferEnd,
  earlier: Retry | undefined,
  messages: FailureMessages | undefined,
  incoming: Redcap,
  {config, clock, log}: RunContext,
): Promise<boolean> {
  const pause = () => writeRetry(file.path, planRetry(earlier, 'redcap', clock.now()));
  try {
    const row = transferRow(request, ended, {
      snapshotTime: transferred.snapshotTime,
      seconds,
      message: messages === undefined ? '' : messagesForRedcap(messages),
      timeZone: config.REDCAP.timeZone,
      columns: await presentFields(incoming, transferFields, log),
    });
    const {rejected} = await incoming.write([row], {overwrite: true});
    const [refused] = rejected;
    log.info(`update ${request.study} instance ${request.instance}: ${refused?.kind ?? 'confirmed'}`);
    if (refused === undefined) return true;
    const message = `REDCap did not take the row of ${request.study}: ${refused.reasons.map(each => each.message).join('; ')}`;
    if (refused.kind === 'incomplete') {
      throw new RedcapError({kind: 'incomplete', content: 'record', project: incoming.name, message, changes: true});
    }
    log.error(`${message}; the request waits`);
    await pause();
    return false;
  } catch (error) {
    if (error instanceof RedcapError && lasting.has(error.kind)) await pause();
    throw error;
  }
}
