import type {TransferRequest} from '@fiona/lib/transfers/request';
import {addPlaceholderImages} from './addPlaceholderImages.ts';
import type {RunContext} from './context.ts';
import {deidentifyAndSend} from './deidentifyAndSend.ts';
import {deidSettings, identifiersOf} from './deidSettings.ts';
import {judgeSnapshot} from './judgeSnapshot.ts';
import {finalFailure, type TransferOutcome, temporaryFailure} from './outcome.ts';
import type {SeriesPlan} from './seriesPlan.ts';
import {type StudySnapshot, takeSnapshot} from './snapshot.ts';
import {hasRoom} from './spool.ts';
import {obstacleOf, planMessages, planStudy} from './studyPlan.ts';
import {noFigures, type Transferred, type TransferTask} from './transferred.ts';

const resend = 'Study has been deleted from Fiona. Resend from PACS!';

/**
 * Carries out one transfer: takes stock of the study, decides for each series, de-identifies everything, and only when all of it is
 * understood sends it. Hold the study's lock meanwhile.
 * @throws ProjectRefused; FileError; the signal's reason when we were asked to stop
 */
export async function transfer(task: TransferTask, context: RunContext): Promise<Transferred> {
  const {request, project} = task;
  const snapshotTime = context.clock.now();
  const settings = await deidSettings(request, project, context.config, context.log);
  if (settings.kind === 'failed') return without(snapshotTime, settings);
  const ready = await takeStock(task, snapshotTime, context);
  if ('outcome' in ready) return without(snapshotTime, ready.outcome);
  const {spool} = context;
  const bytes = bytesOf(ready.plan);
  if (!(await hasRoom(spool, bytes))) {
    const detail = `${spool.folder} has no room for ${bytes} bytes and the reserve; make room`;
    return without(snapshotTime, temporaryFailure('spool', detail));
  }
  const deid = {...settings.deid, identifiers: identifiersOf(ready.snapshot.series)};
  return {...(await deidentifyAndSend(task, ready.plan, deid, context)), snapshotTime};
}

function without(snapshotTime: Date, outcome: TransferOutcome): Transferred {
  return {outcome, snapshotTime, report: undefined, figures: noFigures, audit: undefined};
}

interface Ready {
  readonly snapshot: StudySnapshot;
  readonly plan: readonly SeriesPlan[];
}

/** The study as it lies on disk and the plan of its series, or why it does not leave. */
async function takeStock(
  {request, project}: TransferTask,
  taken: Date,
  context: RunContext,
): Promise<Ready | {outcome: TransferOutcome}> {
  const {config, log} = context;
  const look = async (): Promise<Ready | {outcome: TransferOutcome}> => {
    const snapshot = await takeSnapshot(config.DATADIR, request.study, taken);
    const stop = stopFor(snapshot, request, context);
    if (stop !== undefined) return {outcome: stop};
    return {snapshot, plan: planStudy(snapshot, project, context)};
  };
  let found = await look();
  if ('plan' in found && (await addPlaceholderImages(request.study, found.plan, context))) found = await look();
  if ('outcome' in found) return found;
  for (const message of planMessages(found.plan, project.name)) log.info(message);
  const obstacle = obstacleOf(found.plan);
  return obstacle === undefined ? found : {outcome: obstacle};
}

function stopFor(
  snapshot: StudySnapshot,
  {study}: TransferRequest,
  {config, log}: RunContext,
): TransferOutcome | undefined {
  const state = judgeSnapshot(snapshot, config.PIPELINE.quietSeconds);
  switch (state.kind) {
    case 'ready':
      return undefined;
    case 'still-arriving':
      return {kind: 'postponed', why: 'the study is still arriving'};
    case 'not-on-this-machine':
      log.error(`Error, the path ${config.DATADIR}/site/raw/${study} does not exist or is empty. Resend from PACS!`);
      return {...finalFailure('not-on-this-machine', resend), onThisMachine: false};
    case 'final':
      return finalFailure(state.reason, state.detail);
    case 'temporary':
      return temporaryFailure(state.reason, state.detail);
  }
}

function bytesOf(plan: readonly SeriesPlan[]): number {
  return plan
    .filter(({kind}) => kind === 'send')
    .flatMap(({series}) => series.instances)
    .reduce((sum, {bytes}) => sum + bytes, 0);
}
