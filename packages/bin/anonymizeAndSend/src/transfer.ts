import {rm} from 'node:fs/promises';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import {lockStudy} from '@fiona/lib/site/studyLock';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import {addPlaceholderImages} from './addPlaceholderImages.ts';
import {type DeidentifiedStudy, deidentifyStudy} from './deidentifyStudy.ts';
import {matchingExclusion} from './exclusions.ts';
import type {InstanceCounts, TransferOutcome} from './outcome.ts';
import {sendToResearchPacs} from './send.ts';
import {planSeries, type SeriesPlan} from './seriesPlan.ts';
import {judgeSnapshot, type StudySnapshot, takeSnapshot} from './snapshot.ts';
import {hasRoom, type Spool, spoolFolder} from './spool.ts';

/** What a transfer works with. */
export interface TransferContext {
  readonly config: Config;
  readonly spool: Spool;
  readonly requireClassification: boolean;
  /** Send what is clean although instances were quarantined: an operator decided so. */
  readonly acceptQuarantine: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A transfer carried out, or given up. */
export interface Transferred {
  readonly outcome: TransferOutcome;
  readonly snapshotTime: Date;
  readonly report: object | undefined;
}

const resend = 'Study has been deleted from Fiona. Resend from PACS!';

/**
 * Carries out one transfer: takes stock of the study, decides for each series, de-identifies everything, and only when all of it is
 * understood sends it. Nothing is recorded or moved here. The study is locked against deletion meanwhile.
 */
export async function transfer(
  request: TransferRequest,
  requestName: string,
  project: ResearchProject,
  context: TransferContext,
): Promise<Transferred> {
  const {config, clock, log, spool} = context;
  const lock = await lockStudy(config.DATADIR, request.study, 'shared', {tool: 'anonymizeAndSend'});
  const taken = clock.now();
  if (lock === undefined) return without(taken, {kind: 'postponed', why: 'somebody deletes the study just now'});
  const folder = spoolFolder(spool, requestName);
  try {
    let snapshot = await takeSnapshot(config.DATADIR, request.study, taken);
    if (await addPlaceholderImages(request.study, snapshot, context)) {
      snapshot = await takeSnapshot(config.DATADIR, request.study, taken);
    }
    const stop = stopFor(snapshot, config.PIPELINE.quietSeconds, request, log, config);
    if (stop !== undefined) return without(taken, stop);
    const plan = planStudy(snapshot, project, context);
    if (!Array.isArray(plan)) return without(taken, plan);
    const bytes = bytesOf(plan);
    if (!(await hasRoom(spool, bytes))) {
      return without(taken, temporary('spool-full', `${spool.folder} has no room for ${bytes} bytes and the reserve`));
    }
    const study = await deidentifyStudy(plan, request, requestName, project, folder, context);
    return {...(await deliver(study, context)), snapshotTime: taken};
  } finally {
    await rm(folder, {recursive: true, force: true});
    lock.release();
  }
}

function without(snapshotTime: Date, outcome: TransferOutcome): Transferred {
  return {outcome, snapshotTime, report: undefined};
}

function temporary(reason: string, detail: string): TransferOutcome {
  return {kind: 'temporary', service: undefined, stage: 'anonymization', reason, detail, facts: {}};
}

/** A failure for good of a study that is on this machine. */
export function final(reason: string, detail: string, instances?: InstanceCounts): TransferOutcome {
  const facts = instances === undefined ? {} : {instances};
  return {kind: 'failed', onThisMachine: true, stage: 'anonymization', reason, detail, facts};
}

function stopFor(
  snapshot: StudySnapshot,
  quietSeconds: number,
  {study}: TransferRequest,
  log: Log,
  {DATADIR}: Config,
): TransferOutcome | undefined {
  const state = judgeSnapshot(snapshot, quietSeconds);
  switch (state.kind) {
    case 'ready':
      return undefined;
    case 'still-arriving':
      return {kind: 'postponed', why: 'the study is still arriving'};
    case 'not-on-this-machine':
      log.error(`Error, the path ${DATADIR}/site/raw/${study} does not exist or is empty. Resend from PACS!`);
      return {
        kind: 'failed',
        onThisMachine: false,
        stage: 'anonymization',
        reason: 'not-here',
        detail: resend,
        facts: {},
      };
    case 'final':
      return final(state.reason, state.detail);
    case 'temporary':
      return temporary(state.reason, state.detail);
  }
}

/** The plan of every series, or why the study does not go as a whole. */
export function planStudy(
  {series}: StudySnapshot,
  project: ResearchProject,
  {config, requireClassification}: Pick<TransferContext, 'config' | 'requireClassification'>,
): SeriesPlan[] | TransferOutcome {
  const plan = series
    .filter(({instances}) => instances.length > 0)
    .map(each =>
      planSeries(
        each,
        project.features,
        requireClassification,
        one => matchingExclusion(one, project.exclusions, config.REDCAP.patternMillis) !== undefined,
      ),
    );
  const uids = (kind: SeriesPlan['kind']): string =>
    plan
      .filter(each => each.kind === kind)
      .map(each => each.series.seriesInstanceUid)
      .join(', ');
  if (plan.some(({kind}) => kind === 'hold')) {
    const advice = 'run processSingleFile3 reclassify with this study';
    return temporary('not-classified', `series without classification: ${uids('hold')}; ${advice}`);
  }
  if (plan.some(({kind}) => kind === 'rewrite')) {
    const advice = 'exclude it in DataTransferProjects (rewrite_ex_reg) if it is known to be clean';
    return final(
      'burned-in-text-possible',
      `text may be burned into the pixels of series ${uids('rewrite')}; ${advice}`,
    );
  }
  if (plan.every(({kind}) => kind === 'skip')) {
    return final('all-excluded', 'all series are excluded by project settings');
  }
  return plan;
}

function bytesOf(plan: readonly SeriesPlan[]): number {
  return plan
    .filter(({kind}) => kind === 'send')
    .flatMap(({series}) => series.instances)
    .reduce((sum, {bytes}) => sum + bytes, 0);
}

/** Sends a study that was de-identified as a whole. */
async function deliver(
  study: DeidentifiedStudy,
  context: TransferContext,
): Promise<Pick<Transferred, 'outcome' | 'report'>> {
  const {report} = study;
  if (study.kind === 'stopped') return {outcome: study.outcome, report};
  const {config, log, signal} = context;
  log.info(`storescu now ${study.instances.length} instances`);
  const sent = await sendToResearchPacs(study.instances, config, {log, signal});
  const counts = {...study.counts, sent: sent.stored};
  if (sent.kind === 'sent') {
    const {mappedStudyUid, note} = study;
    return {outcome: {kind: 'done', mappedStudyUid, masked: false, note, instances: counts}, report};
  }
  const {storage} = config.RESEARCH_PACS;
  const command = ['store', `${storage.aeTitle}@${storage.host}:${storage.port}`, `from ${storage.callingAeTitle}`];
  const instances = {...counts, failed: counts.failed + sent.lines.length};
  if (sent.kind === 'refused') {
    const detail = `the research PACS refused ${sent.lines.length} of ${study.instances.length} instances`;
    const facts = {storescu: {returnCode: sent.returnCode, command, lines: sent.lines}, instances};
    return {outcome: {kind: 'failed', onThisMachine: true, stage: 'sending', reason: 'refused', detail, facts}, report};
  }
  // -1 has always stood for "out of resources" in the messages people search.
  const facts = {storescu: {returnCode: -1, command, lines: sent.lines}, instances};
  const service = sent.service ? 'pacs' : undefined;
  return {
    outcome: {kind: 'temporary', service, stage: 'sending', reason: 'pacs', detail: sent.detail, facts},
    report,
  };
}
