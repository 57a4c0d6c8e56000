import {FileError} from '@fiona/lib/fs/fileError';
import type {ResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {lockStudy} from '@fiona/lib/site/studyLock';
import {moveToDone, moveToFailed} from '@fiona/lib/transfers/finish';
import {isUnchanged} from './attempts.ts';
import {auditEnd} from './audit.ts';
import type {RunContext} from './context.ts';
import {failureMessages} from './failureMessages.ts';
import {finalFailure} from './outcome.ts';
import {ProjectRefused} from './projectRefused.ts';
import {type Recorded, recordOutcome} from './recordOutcome.ts';
import type {Claimed} from './requestQueue.ts';
import type {RequestResult} from './requestResult.ts';
import {findProject} from './researchProject.ts';
import {emptySpoolFolder, spoolFolder} from './spool.ts';
import {transfer} from './transfer.ts';
import {noFigures, type Transferred} from './transferred.ts';

/**
 * One request from its look at the folder to its move. The study's lock is held all the while: nobody deletes the study, and
 * createTransferRequests does not put another request in the place of this one.
 * @throws RedcapError, FileError; the next run goes on where this one ended
 */
export async function carryOut(
  claimed: Claimed,
  projects: ResearchProjects,
  incoming: Redcap,
  context: RunContext,
): Promise<RequestResult> {
  const {file, request} = claimed;
  const lock = await lockStudy(context.config.DATADIR, request.study, 'shared', {tool: 'anonymizeAndSend'});
  if (lock === undefined) return postponed(claimed, 'somebody deletes the study just now', context);
  const folder = spoolFolder(context.spool, file.name);
  try {
    if (!(await isUnchanged(file))) return postponed(claimed, 'the request was removed or written anew', context);
    if (claimed.wanted === 'obsolete') return await setObsolete(claimed, context);
    if (claimed.wanted === 'already-done') return await moveOnly(claimed, context);
    return await attempt(claimed, projects, folder, incoming, context);
  } catch (error) {
    if (error instanceof ProjectRefused) return refused(claimed, error);
    if (isAbort(error) && context.signal.aborted) return postponed(claimed, 'the tool was asked to stop', context);
    throw withoutPseudonym(error, claimed);
  } finally {
    await emptySpoolFolder(folder);
    lock.release();
  }
}

async function attempt(
  claimed: Claimed,
  projects: ResearchProjects,
  folder: string,
  incoming: Redcap,
  context: RunContext,
): Promise<RequestResult> {
  const {file, request, nameProblem} = claimed;
  const {log, clock} = context;
  log.info(`transfer ${request.study} ${request.project} instance ${request.instance}`);
  const begun = clock.monotonic();
  const transferred = await transferOrTell(claimed, projects, folder, context);
  const {outcome, report, figures, audit} = transferred;
  if (outcome.kind === 'postponed') {
    if (audit?.release !== undefined)
      await auditEnd(request, {outcome, stored: figures.instances, audit, hideName: false}, context);
    return postponed(claimed, outcome.why, context);
  }
  const seconds = (clock.monotonic() - begun) / 1000;
  const end = {file, request, hideName: nameProblem !== undefined, ended: outcome, transferred, seconds};
  const kind = await recordOutcome(end, incoming, context);
  const failure = outcome.kind === 'done' ? {} : {reason: outcome.reason, detail: outcome.detail};
  const serviceDown = outcome.kind === 'temporary' && outcome.serviceDown;
  const result: RequestResult = {kind, transfer: named(claimed), ...failure, figures, report, serviceDown};
  logEnd(kind, result, seconds, context);
  return result;
}

async function transferOrTell(
  {file, request, nameProblem, pseudonyms}: Claimed,
  projects: ResearchProjects,
  folder: string,
  context: RunContext,
): Promise<Transferred> {
  const found = findProject(request.project, projects, context.config.ANONYMIZER.allowUnknownProjects);
  if (found.kind === 'known' && nameProblem === undefined) {
    return transfer({request, name: file.name, project: found.project, folder, pseudonyms}, context);
  }
  const outcome =
    found.kind !== 'known'
      ? finalFailure(`${found.kind}-project`, found.detail)
      : finalFailure('invalid-name', `${nameProblem ?? ''}; correct it in REDCap`);
  return {outcome, snapshotTime: context.clock.now(), report: undefined, figures: noFigures, audit: undefined};
}

async function setObsolete(claimed: Claimed, {config, clock, log}: RunContext): Promise<RequestResult> {
  const {file, request, nameProblem} = claimed;
  const detail = 'obsolete: the transfer was changed or deleted in REDCap';
  log.warn(`${request.study} ${request.project} instance ${request.instance}: ${detail}`);
  await moveToFailed(file.path, {
    folder: config.PATHS.transfersFail,
    messages: failureMessages(request, detail, {}, {hideName: nameProblem !== undefined}),
    reason: {tool: 'anonymizeAndSend', reason: 'obsolete', detail, at: clock.now()},
  });
  return {kind: 'obsolete', transfer: named(claimed), reason: 'obsolete', detail};
}

async function moveOnly(claimed: Claimed, {config, clock, log}: RunContext): Promise<RequestResult> {
  const {file, request} = claimed;
  await moveToDone(file.path, {folder: config.PATHS.transfersDone, at: clock.now()});
  log.info(
    `done ${request.study} ${request.project}: REDCap shows it as transferred already, only the move was missing`,
  );
  return {kind: 'done', transfer: named(claimed)};
}

function postponed(claimed: Claimed, why: string, {log}: RunContext): RequestResult {
  log.info(`${claimed.request.study} waits: ${why}`);
  return {kind: 'postponed', transfer: named(claimed), detail: why};
}

function refused(claimed: Claimed, {message}: ProjectRefused): RequestResult {
  return {kind: 'refused', transfer: named(claimed), reason: 'configuration', detail: message};
}

function named({request: {study, project, instance}}: Claimed): NonNullable<RequestResult['transfer']> {
  return {study, project, instance};
}

const words: Record<Recorded, string> = {done: 'done', failed: 'failed', retry: 'retry', unconfirmed: 'retry'};

function logEnd(kind: Recorded, {transfer, detail, figures}: RequestResult, seconds: number, {log}: RunContext): void {
  const whom = `${transfer?.study} ${transfer?.project}`;
  if (kind === 'failed') log.error(`${whom}: ${detail}`);
  if (kind === 'retry') log.warn(`${whom}: ${detail}; it is tried again`);
  const {series, instances, skipped, bytes} = figures ?? noFigures;
  const counts = `series=${series} instances=${instances} skipped=${skipped} masked=0 bytes=${bytes}`;
  log.info(`${words[kind]} ${whom} ${counts} ${seconds.toFixed(1)}s`);
}

/** The path of a request holds the pseudonym, which is not for the log. */
function withoutPseudonym(error: unknown, {file, request}: Claimed): unknown {
  if (!(error instanceof FileError) || !error.path.includes(file.name)) return error;
  return new FileError(error.action, error.path.replace(file.name, `<request of ${request.study}>`), error.cause);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
