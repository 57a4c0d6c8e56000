import {existsSync} from 'node:fs';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {type ResearchProjects, readResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {RunContext} from './context.ts';
import type {Dependencies, SendOptions} from './dependencies.ts';
import {planLines} from './dryRun.ts';
import {unusablePatterns} from './importRules.ts';
import {carryOut} from './oneRequest.ts';
import type {Claimed} from './requestQueue.ts';
import {openSpool} from './spool.ts';
import {storedProof} from './storedProof.ts';
import {type Work, workOff} from './workOff.ts';

/** What there is to say when all requests have been looked at. */
export interface WorkedOn {
  /** Something besides single requests needs the attention of an operator. */
  readonly furtherTrouble: boolean;
  /** The plan of a dry run. */
  readonly lines?: readonly string[];
}

/**
 * Works off the first request and those behind it in the queue; a dry run only plans.
 * @throws RedcapError, FileError
 */
export async function workOnRequests(work: Work, dependencies: Dependencies, options: SendOptions): Promise<WorkedOn> {
  const {incoming, log} = dependencies;
  const projects = await readResearchProjects(dependencies.projects, {}, log);
  const unusable = reportProjectProblems(projects, dependencies);
  const context = makeContext(dependencies, options);
  if (dependencies.dryRun) {
    const lines: string[] = [];
    for (let next: Claimed | undefined = work.first; next !== undefined; next = await work.queue.next(new Set())) {
      lines.push(...(await planLines(next, projects, context)));
    }
    return {furtherTrouble: projects.duplicates.length > 0, lines};
  }
  await openSpool(context.spool);
  try {
    await workOff(work, context, claimed => carryOut(claimed, projects, incoming, context));
  } finally {
    await context.proof?.close();
  }
  const isHit = work.results.some(
    ({transfer}) => transfer && unusable.has(projects.projects.get(transfer.project)?.record),
  );
  return {furtherTrouble: projects.duplicates.length > 0 || isHit};
}

function makeContext({config, log, clock, signal}: Dependencies, options: SendOptions): RunContext {
  return {
    config,
    spool: {folder: config.PATHS.spool, minFreeBytes: config.PATHS.spoolMinFreeBytes},
    requireClassification: requiresClassification(config, log),
    acceptQuarantine: options.acceptQuarantine === true,
    proof: storedProof({config, log, signal}),
    quiet: options.quiet === true,
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

/** @returns the records of projects with a pattern or a tag that cannot be used */
function reportProjectProblems(
  {projects, duplicates, problems}: ResearchProjects,
  {config, log}: Dependencies,
): ReadonlySet<string | undefined> {
  if (duplicates.length > 0) {
    log.warn(`DataTransferProjects: ${duplicates.length} names stand in several records, none of them is used`);
  }
  for (const name of Object.keys(config.ANONYMIZER.projects)) {
    if (projects.has(name)) continue;
    log.warn(`ANONYMIZER.projects.${JSON.stringify(name)}: DataTransferProjects has no project of this name`);
  }
  const patterns = [...projects.values()].flatMap(project =>
    unusablePatterns(project).map(({field, message}) => ({record: project.record, field, message})),
  );
  for (const {record, field, message} of [...problems, ...patterns]) {
    log.warn(`DataTransferProjects record ${record}, ${field}: ${message}`);
  }
  return new Set([...problems, ...patterns].map(({record}) => record));
}
