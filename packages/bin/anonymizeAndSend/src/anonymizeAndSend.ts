import {existsSync} from 'node:fs';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Outcome} from '@fiona/lib/cli/runTool';
import type {Config} from '@fiona/lib/config/load';
import {type ResearchProjects, readResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {moveToFailed} from '@fiona/lib/transfers/finish';
import type {RunContext} from './context.ts';
import {planLines} from './dryRun.ts';
import {unusablePatterns} from './importRules.ts';
import {carryOut} from './oneRequest.ts';
import {loggedName} from './requestFile.ts';
import {type Claimed, RequestQueue, type Unusable} from './requestQueue.ts';
import {type RequestResult, summarize} from './requestResult.ts';
import {openSpool} from './spool.ts';
import {workOff} from './workOff.ts';

export interface Dependencies {
  readonly config: Config;
  /** Called when there are requests only. */
  readonly incoming: Redcap;
  readonly projects: Redcap;
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
 * @throws RedcapError, FileError, UsageError; the next run goes on where this one ended
 */
export async function anonymizeAndSend(dependencies: Dependencies, options: SendOptions): Promise<Outcome> {
  const {log, clock} = dependencies;
  const begun = clock.monotonic();
  const results: RequestResult[] = [];
  const queue = new RequestQueue(dependencies, options, async unusable => {
    results.push(await setAside(unusable, dependencies));
  });
  log.info('start processing');
  const first = await queue.next(new Set());
  if (first === undefined) return end(results, false, begun, dependencies);
  const projects = await readResearchProjects(dependencies.projects, {}, log);
  reportProjectProblems(projects, log);
  const context = makeContext(dependencies, options);
  const further = projects.duplicates.length > 0;
  if (dependencies.dryRun) {
    const lines: string[] = [];
    for (let next: Claimed | undefined = first; next !== undefined; next = await queue.next(new Set())) {
      lines.push(...(await planLines(next, projects, context)));
    }
    return {...end(results, further, begun, dependencies), lines};
  }
  await openSpool(context.spool);
  const {incoming} = dependencies;
  await workOff({first, queue, results, begun}, context, claimed => carryOut(claimed, projects, incoming, context));
  return end(results, further, begun, dependencies);
}

function makeContext({config, log, clock, signal}: Dependencies, options: SendOptions): RunContext {
  return {
    config,
    spool: {folder: config.PATHS.spool, minFreeBytes: config.PATHS.spoolMinFreeBytes},
    requireClassification: requiresClassification(config, log),
    acceptQuarantine: options.acceptQuarantine === true,
    log,
    clock,
    signal,
  };
}

function requiresClassification({ANONYMIZER, PATHS}: Config, log: Log): boolean {
  const {requireClassification} = ANONYMIZER;
  if (requireClassification === true) return true;
  if (requireClassification === 'auto' && existsSync(PATHS.classifyRules)) return true;
  const why = requireClassification === 'auto' ? `no classification rules at ${PATHS.classifyRules}` : 'switched off';
  log.warn(`classification is not required (${why}): only the look at each instance guards against burned-in text`);
  return false;
}

function reportProjectProblems({projects, duplicates, problems}: ResearchProjects, log: Log): void {
  if (duplicates.length > 0) {
    log.warn(`DataTransferProjects: ${duplicates.length} names stand in several records, none of them is used`);
  }
  const patterns = [...projects.values()].flatMap(project =>
    unusablePatterns(project).map(({field, message}) => ({record: project.record, field, message})),
  );
  for (const {record, field, message} of [...problems, ...patterns]) {
    log.warn(`DataTransferProjects record ${record}, ${field}: ${message}`);
  }
}

/** A file that cannot be a request goes to the failed ones; REDCap cannot be told, since it does not say of which transfer. */
async function setAside({file, error}: Unusable, dependencies: Dependencies): Promise<RequestResult> {
  const {config, log, clock, dryRun} = dependencies;
  // The message of a file error names the path, and with it the pseudonym.
  const detail = error.message.replace(file.path, 'the file');
  log.error(`${loggedName(file)}: ${detail}`);
  if (!dryRun) {
    const reason = {tool: 'anonymizeAndSend', reason: 'invalid-request', detail, at: clock.now()};
    await moveToFailed(file.path, {folder: config.PATHS.transfersFail, messages: {error: detail}, reason});
  }
  return {kind: 'unusable', reason: 'invalid-request', detail};
}

function end(
  results: readonly RequestResult[],
  furtherTrouble: boolean,
  begun: number,
  {log, clock}: Dependencies,
): Outcome {
  log.info(`end processing [${Math.round((clock.monotonic() - begun) / 1000)} secs]`);
  return summarize(results, furtherTrouble);
}
