import {existsSync} from 'node:fs';
import type {Clock} from '@fiona/lib/cli/clock';
import {type ExitCode, exitCode} from '@fiona/lib/cli/exitCode';
import type {Log} from '@fiona/lib/cli/log';
import type {Outcome} from '@fiona/lib/cli/runTool';
import type {Config} from '@fiona/lib/config/load';
import {removeStaleTemporaries} from '@fiona/lib/fs/atomic';
import {type ResearchProjects, readResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import type {RequestFile} from '@fiona/lib/transfers/requestFolder';
import {planLines} from './dryRun.ts';
import {recordOutcome} from './recordOutcome.ts';
import {type Claimed, openRequests, type RequestQueue} from './requestQueue.ts';
import {openSpool, type Spool} from './spool.ts';
import {final, type TransferContext, type Transferred, transfer} from './transfer.ts';

export interface Dependencies {
  readonly config: Config;
  /** Connect when they are first needed: a run without requests makes no call. */
  readonly incoming: () => Promise<Redcap>;
  readonly projects: () => Promise<Redcap>;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

export interface SendOptions {
  /** Only this request file, in any folder. */
  readonly request?: string | undefined;
  /** Send what is clean although instances were quarantined. Only with `request`. */
  readonly acceptQuarantine?: boolean | undefined;
  /** Do not look for requests that arrive during the run. */
  readonly once?: boolean | undefined;
}

/**
 * Works off the transfer requests, oldest first: de-identifies the study, sends it to the research PACS, records the outcome in
 * REDCap, moves the request. A PACS or REDCap that is down ends the run; everything else concerns one request only.
 * @throws RedcapError, FileError; the next run goes on where this one ended
 */
export async function anonymizeAndSend(dependencies: Dependencies, options: SendOptions): Promise<Outcome> {
  const {config, log, clock, signal, dryRun} = dependencies;
  const begun = clock.monotonic();
  const spool: Spool = {folder: config.PATHS.spool, minFreeBytes: config.PATHS.spoolMinFreeBytes};
  const context: TransferContext = {
    config,
    spool,
    requireClassification: requiresClassification(config, log),
    acceptQuarantine: options.acceptQuarantine === true,
    log,
    clock,
    signal,
  };
  const counts = {done: 0, failed: 0, retry: 0, postponed: 0, obsolete: 0};
  const lines: string[] = [];
  let end: ExitCode = exitCode.ok;
  let projects: ResearchProjects | undefined;
  const queue = openRequests(dependencies, options);
  log.info('start processing');
  for (let next = await queue.next(); next !== undefined; next = await queue.next()) {
    if (projects === undefined) {
      projects = await readResearchProjects(await dependencies.projects(), {}, log);
      reportProjectProblems(projects, log);
      if (!dryRun) await tidyUp(spool, config);
    }
    if (dryRun) {
      lines.push(...(await planLines(next, projects, context)));
      continue;
    }
    const {kind, serviceDown} = await carryOut(next, projects, context, queue, await dependencies.incoming());
    counts[kind] += 1;
    if (kind === 'failed' || kind === 'obsolete') end = exitCode.badData;
    if (serviceDown) return {counts: {...counts, ...queue.counts()}, exitCode: exitCode.unavailable, lines};
    if (signal.aborted || isOverTime(config, clock, begun)) break;
  }
  log.info(`end processing [${Math.round((clock.monotonic() - begun) / 1000)} secs]`);
  const {unusable} = queue.counts();
  return {
    counts: {...counts, unusable},
    ...(end !== exitCode.ok || unusable > 0 ? {exitCode: exitCode.badData} : {}),
    lines,
  };
}

/** Makes the spool and clears away what a killed run left. */
async function tidyUp(spool: Spool, {PATHS}: Config): Promise<void> {
  await openSpool(spool);
  for (const folder of [PATHS.transferRequests, PATHS.transfersDone, PATHS.transfersFail])
    await removeStaleTemporaries(folder);
}

/** One request from its look at REDCap to its move. */
async function carryOut(
  {file, request, wanted}: Claimed,
  projects: ResearchProjects,
  context: TransferContext,
  queue: RequestQueue,
  incoming: Redcap,
): Promise<{kind: 'done' | 'failed' | 'retry' | 'postponed' | 'obsolete'; serviceDown: boolean}> {
  const {log, clock, config} = context;
  if (wanted.kind === 'obsolete') {
    await queue.setObsolete(file, request);
    return {kind: 'obsolete', serviceDown: false};
  }
  if (wanted.kind === 'already-done') {
    await queue.moveAlreadyDone(file);
    return {kind: 'done', serviceDown: false};
  }
  log.info(`transfer ${request.study} ${request.project} instance ${request.instance}`);
  const begun = clock.monotonic();
  const project = projects.projects.get(request.project) ?? unknownProject(request.project, config);
  const transferred: Transferred =
    project === undefined
      ? {outcome: unknown(request.project, projects), snapshotTime: clock.now(), report: undefined}
      : await transfer(request, file.name, project, context);
  const seconds = (clock.monotonic() - begun) / 1000;
  const kind = await recordOutcome(file, request, transferred, seconds, incoming, context);
  logTransfer(kind, request, transferred, seconds, log);
  const {outcome} = transferred;
  return {kind, serviceDown: outcome.kind === 'temporary' && outcome.service !== undefined};
}

/** A misspelt project name must not reach the PACS. */
function unknown(name: string, {duplicates}: ResearchProjects): Transferred['outcome'] {
  return duplicates.includes(name)
    ? final(
        'unknown project',
        `DataTransferProjects has several records of the project; give each another project_name`,
      )
    : final('unknown project', 'unknown project: DataTransferProjects has no record of this project_name');
}

function unknownProject(name: string, {ANONYMIZER}: Config) {
  if (!ANONYMIZER.allowUnknownProjects) return undefined;
  const features = {removePresentationStates: false, neverRewritePixels: false, removeSecondaryCaptures: false};
  return {
    record: '',
    name,
    active: true,
    naming: '',
    importRules: [],
    features,
    exclusions: [],
    useAutoId: false,
    autoIdAeTitle: '',
  };
}

function requiresClassification({ANONYMIZER, PATHS}: Config, log: Log): boolean {
  const {requireClassification} = ANONYMIZER;
  if (requireClassification !== 'auto') return requireClassification;
  if (existsSync(PATHS.classifyRules)) return true;
  log.warn(
    `no classification rules at ${PATHS.classifyRules}: only the look at each instance guards against burned-in text`,
  );
  return false;
}

function reportProjectProblems({duplicates, problems}: ResearchProjects, log: Log): void {
  if (duplicates.length > 0)
    log.warn(`DataTransferProjects: ${duplicates.length} names stand in several records, none of them is used`);
  for (const {record, field, message} of problems)
    log.warn(`DataTransferProjects record ${record}, ${field}: ${message}`);
}

function isOverTime({ANONYMIZER}: Config, clock: Clock, begun: number): boolean {
  return ANONYMIZER.maxRunMinutes > 0 && clock.monotonic() - begun > ANONYMIZER.maxRunMinutes * 60_000;
}

function logTransfer(
  kind: string,
  {study, project}: Claimed['request'],
  {outcome}: Transferred,
  seconds: number,
  log: Log,
): void {
  if (outcome.kind === 'postponed') return;
  const instances = outcome.kind === 'done' ? outcome.instances : outcome.facts.instances;
  const counts = `instances=${instances?.sent ?? 0} skipped=${instances?.skipped ?? 0} masked=0`;
  const why = outcome.kind === 'done' ? '' : ` (${outcome.reason}: ${outcome.detail})`;
  log.info(`${kind} ${study} ${project} ${counts} ${seconds.toFixed(1)}s${why}`);
}

export type {RequestFile};
