import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Outcome} from '@fiona/lib/cli/runTool';
import type {Config} from '@fiona/lib/config/load';
import type {Uid} from '@fiona/lib/dicom/uid';
import {openSetAside, type SetAside} from '@fiona/lib/fs/setAside';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {chooseStudies} from './chooseStudies.ts';
import {lazyIndex} from './couplings.ts';
import {type Disk, lookAtDisk} from './disk.ts';
import {processStudies} from './processStudies.ts';
import {readNews} from './readNews.ts';
import {outcomeOf} from './report.ts';
import {openRuleBook} from './routingRules.ts';
import type {StudyFiles} from './sortSeries.ts';
import {readPopulateState} from './state.ts';
import {openStateKeeper} from './stateKeeper.ts';

export interface Dependencies {
  readonly config: Config;
  readonly incoming: Redcap;
  readonly couplingList: Redcap;
  /** Connects when it is first needed. */
  readonly routing: () => Promise<Redcap>;
  readonly log: Log;
  readonly clock: Clock;
  readonly dryRun: boolean;
  /** Ends the run after the current step; what is left is for the next one. */
  readonly signal: AbortSignal;
}

export interface PopulateOptions {
  /** Apply the rules of this project, and the coupling list, to every study on disk. */
  readonly importAll?: string | undefined;
  /** Look at everything, whatever the state says. */
  readonly full?: boolean | undefined;
}

/**
 * Tells REDCap what has arrived: looks which series on disk are new or different, asks REDCap what has changed there, decides for each
 * study concerned which rows are missing (study, series, transfers by coupling list and routing rules), imports them
 * study by study and remembers what was confirmed.
 * @throws RedcapError, FileError, UsageError; the next run finds what was confirmed before and goes on
 */
export async function populateIncoming(dependencies: Dependencies, options: PopulateOptions): Promise<Outcome> {
  const {config, log, clock, dryRun} = dependencies;
  const {stateDir} = config.PATHS;
  const begun = clock.monotonic();
  log.info('populateIncoming start');
  const state = await readPopulateState(stateDir, config.DATADIR);
  const setAside = await openSetAside(stateDir, 'populateIncoming', {clock, dryRun});
  const ruleBook = openRuleBook(dependencies.routing, {patternMillis: config.REDCAP.patternMillis, setAside, log});
  if (options.importAll !== undefined) await ruleBook.mustKnow(options.importAll);

  const disk = await lookAtDisk(config.DATADIR, state, {
    nowMs: clock.now().getTime(),
    youngSeconds: config.PIPELINE.youngSeconds,
    setAside,
    log,
  });
  const news = await readNews(dependencies, state, disk, options.full === true);
  const everything = news.isFullPass || options.importAll !== undefined;
  const choice = chooseStudies({
    ...news,
    studies: disk.studies,
    known: state.studies,
    pending: state.pending,
    all: options.importAll !== undefined,
    refused: everything ? new Set() : refusedAsTheyAre(disk, setAside),
  });
  log.info(`start processing ${choice.work.length} study instance uids`);

  const keeper = openStateKeeper(stateDir, state, disk, choice.noted);
  const planned = await processStudies(
    {
      ...dependencies,
      root: config.DATADIR,
      ruleBook,
      setAside,
      importAll: options.importAll,
      studiesAtOnce: config.REDCAP.exportRecords,
    },
    filesOf(choice.work, disk),
    {index: lazyIndex(news.couplings), inClear: news.entries},
    registered => keeper.remember(registered),
  );
  if (!dryRun) {
    if (news.isFullPass) await setAside.prune(item => isThere(item, disk));
    await keeper.finish(news);
  }
  for (const {item, reason, detail} of setAside.list()) log.debug(`set aside: ${item}: ${reason}: ${detail}`);
  log.info(`populateIncoming end (${Math.round((clock.monotonic() - begun) / 1000)}sec)`);
  return outcomeOf({disk, planned, studies: choice.work.length, pending: keeper.unconfirmed, setAside, dryRun});
}

/** Studies that REDCap refused and that have not changed since. */
function refusedAsTheyAre({studies}: Disk, setAside: SetAside): Set<Uid> {
  const candidates = [...studies.values()].filter(({study}) => setAside.list().some(({item}) => item === study));
  return new Set(candidates.filter(files => setAside.has(files.study, files.version)).map(({study}) => study));
}

function filesOf(work: readonly Uid[], {studies}: Disk): StudyFiles[] {
  return work.map(study => studies.get(study)).filter(files => files !== undefined);
}

/** Whether what a note is about can still be there. Notes about rules are brought up to date when the rules are read. */
function isThere(item: string, {studies, misplaced}: Disk): boolean {
  return item.startsWith('Routing/') || misplaced.has(item) || studies.has(item.split('/', 1)[0] as Uid);
}
