import {existsSync} from 'node:fs';
import type {Clock} from '@fiona/lib/cli/clock';
import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Log} from '@fiona/lib/cli/log';
import type {Outcome} from '@fiona/lib/cli/runTool';
import {shortHash} from '@fiona/lib/cli/shortHash';
import type {Config} from '@fiona/lib/config/load';
import {removeStaleTemporaries} from '@fiona/lib/fs/atomic';
import {openSetAside, type SetAside} from '@fiona/lib/fs/setAside';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {archiveFolder} from '@fiona/lib/site/layout';
import {type RawScan, scanRaw} from '@fiona/lib/transfers/rawScan';
import {doublyNamed, type StudyOnDisk} from './decide.ts';
import {type BadRow, planRequests, type RequestPlan, type Wanted} from './plan.ts';
import {readTransfers, refresh, remembered, type Transfers} from './readTransfers.ts';
import {readRequestState, writeRequestState} from './state.ts';
import {withoutRequest, writeRequests} from './writeRequests.ts';

export interface Dependencies {
  readonly config: Config;
  readonly incoming: Redcap;
  readonly log: Log;
  readonly clock: Clock;
  readonly dryRun: boolean;
}

export interface RequestOptions {
  /** Read all transfers of Incoming, whatever the state says. */
  readonly full?: boolean | undefined;
}

/**
 * Writes a request for every transfer that REDCap shows as outstanding, and for those that are done but have new series since: reads
 * what has changed in Incoming and what lies on disk, decides row by row, looks the rows up once more that were not part of the
 * answer, and writes the files that are missing. REDCap is only read.
 * @throws RedcapError, FileError; what was written before stays and is found again by the next run
 */
export async function createTransferRequests(dependencies: Dependencies, options: RequestOptions): Promise<Outcome> {
  const {config, log, clock, dryRun} = dependencies;
  const {stateDir, transferRequests} = config.PATHS;
  log.info('start processing');
  if (!dryRun) await removeStaleTemporaries(transferRequests);
  const setAside = await openSetAside(stateDir, 'createTransferRequests', {clock, dryRun});
  const state = await readRequestState(stateDir, config.DATADIR);
  const disk = newestSummaries(scanRaw(config.DATADIR), config.DATADIR);
  const onDisk = new Set(disk.keys());
  const transfers = await readTransfers(dependencies, state, onDisk, options.full === true);

  const {plan, toWrite} = await planAfresh(dependencies, transfers, disk);
  await setBadRowsAside(plan.bad, setAside, log);
  for (const {study, project} of doublyNamed(plan.wanted.map(({request}) => request))) {
    log.warn(`${study} is asked for in ${project} under several names: the same images under two patients`);
  }
  const outcomes = dryRun
    ? {written: 0, waiting: 0, replaced: 0, busy: 0}
    : await writeRequests(transferRequests, config.DATADIR, toWrite, log);
  if (!dryRun) {
    await setAside.prune(item => plan.bad.some(({key}) => key === item));
    const kept = remembered(transfers, onDisk);
    await writeRequestState(stateDir, {
      root: config.DATADIR,
      view: transfers.view,
      transfers: kept,
      onDisk: [...onDisk],
    });
  }
  for (const {item, reason, detail} of setAside.list()) log.debug(`set aside: ${item}: ${reason}: ${detail}`);
  log.info('end processing');
  return outcomeOf(plan, toWrite, outcomes, {setAside, dryRun});
}

/** Decides for every row; where something is to be written, once more on what REDCap says at this moment. */
async function planAfresh(
  dependencies: Dependencies,
  transfers: Transfers,
  disk: ReadonlyMap<string, StudyOnDisk>,
): Promise<{plan: RequestPlan; toWrite: Wanted[]}> {
  const {config, clock, incoming} = dependencies;
  const folder = config.PATHS.transferRequests;
  const circumstances = {
    nowMs: clock.now().getTime(),
    quietSeconds: config.PIPELINE.quietSeconds,
    timeZone: incoming.timeZone,
  };
  const plan = planRequests(allOf(transfers), disk, circumstances);
  const toWrite = await withoutRequest(folder, plan.wanted);
  if (toWrite.length === 0) return {plan, toWrite};
  // what is known of them may be an hour old: a row that was deleted meanwhile asks for nothing
  const studies = toWrite.map(({request}) => request.study);
  await refresh(dependencies, transfers, studies);
  const afresh = planRequests(allOf(transfers), disk, circumstances);
  return {plan: afresh, toWrite: await withoutRequest(folder, afresh.wanted)};
}

function newestSummaries({studies}: RawScan, root: string): Map<string, StudyOnDisk> {
  const disk = new Map<string, StudyOnDisk>();
  for (const [study, series] of studies) {
    let newest: number | undefined;
    for (const {modified} of series.values()) if (newest === undefined || modified > newest) newest = modified;
    disk.set(study, {newest, archived: existsSync(archiveFolder(root, study))});
  }
  return disk;
}

function* allOf({byStudy}: Transfers) {
  for (const transfers of byStudy.values()) yield* transfers;
}

async function setBadRowsAside(bad: readonly BadRow[], setAside: SetAside, log: Log): Promise<void> {
  for (const row of bad) {
    if (setAside.has(row.key, row.version)) continue;
    log.warn(`${row.key}: ${row.detail} The row is set aside.`);
    await setAside.note(row);
  }
}

function outcomeOf(
  {rows, counts, wanted}: RequestPlan,
  toWrite: readonly Wanted[],
  outcomes: Awaited<ReturnType<typeof writeRequests>>,
  {setAside, dryRun}: {setAside: SetAside; dryRun: boolean},
): Outcome {
  const told = {
    rows,
    written: dryRun ? toWrite.length : outcomes.written + outcomes.replaced,
    present: wanted.length - toWrite.length + outcomes.waiting + outcomes.busy,
    waiting: counts.arriving + counts['no-data'],
    obsolete: outcomes.replaced,
    set_aside: setAside.noted,
  };
  const requests = toWrite.map(({request: {study, project, name, event, instance}, again}) => ({
    study,
    project,
    name: shortHash(name),
    event,
    instance,
    again: again !== undefined,
  }));
  return {
    counts: told,
    exitCode: setAside.noted > 0 ? exitCode.badData : exitCode.ok,
    json: {...told, requests, setAside: setAside.list()},
    ...(dryRun && {
      lines: requests.map(
        ({study, project, instance, again}) =>
          `${study}: request transfer ${instance} to ${project}${again ? ' again, it has new series' : ''}`,
      ),
    }),
  };
}
