import {existsSync} from 'node:fs';
import {deidAudit} from '@fiona/lib/deid/audit';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {mapUid} from '@fiona/lib/deid/uid';
import {auditRelease} from './audit.ts';
import {checkSpool} from './checkSpool.ts';
import type {RunContext} from './context.ts';
import {type DeidentifiedStudy, deidentifyStudy} from './deidentifyStudy.ts';
import {type JudgedRun, judgeRun} from './judgeRun.ts';
import {type FailureFacts, finalFailure, type TransferOutcome} from './outcome.ts';
import {noteQuarantined} from './quarantineNotes.ts';
import {storescuCommand} from './researchPacs.ts';
import {type Sent, sendToResearchPacs} from './send.ts';
import type {SeriesPlan} from './seriesPlan.ts';
import {noFigures, type Transferred, type TransferTask} from './transferred.ts';
import {pacsObstacle} from './verifyPacs.ts';

type Carried = Omit<Transferred, 'snapshotTime'>;
type ReadyRun = Extract<JudgedRun, {kind: 'ready'}>;

/**
 * De-identifies the series of a plan into the spool and sends them. No instance leaves before every instance of the study has been
 * de-identified without error and looked at once more.
 * @throws ProjectRefused; FileError; the signal's reason when we were asked to stop
 */
export async function deidentifyAndSend(
  {request, name, folder, pseudonyms}: TransferTask,
  plan: readonly SeriesPlan[],
  deid: DeidRequest,
  context: RunContext,
): Promise<Carried> {
  const unreachable = await pacsObstacle(context);
  if (unreachable !== undefined) return {outcome: unreachable, report: undefined, figures: noFigures, audit: undefined};
  const study = await deidentifyStudy(plan, deid, folder, context);
  const {report} = study;
  const known = {deid: deidAudit(deid, study.outcomes), release: undefined};
  const sopInstanceUidOf = uidsByPath(plan);
  const judged = judgeRun({
    plan,
    outcomes: study.outcomes,
    acceptQuarantine: context.acceptQuarantine,
    expectedStudyUid: mapUid(request.study, {kind: 'study', ...pseudonymBase(deid)}),
    pseudonyms,
    command: commandOf(deid, study),
    sopInstanceUidOf,
    isGone: path => !existsSync(path),
  });
  const series = plan.filter(({kind}) => kind === 'send').length;
  if (judged.kind === 'stopped' && judged.outcome.kind === 'temporary') {
    return {outcome: judged.outcome, report, figures: {...noFigures, series}, audit: known};
  }
  const quarantined = study.outcomes.filter(each => each.kind === 'quarantined');
  await noteQuarantined(quarantined, name, deid, sopInstanceUidOf, context);
  const figures = {...noFigures, series, quarantined: quarantined.length};
  if (judged.kind === 'stopped') return {outcome: judged.outcome, report, figures, audit: known};
  const problem = await checkSpool(judged.instances, {
    subject: deid.subject,
    project: deid.project,
    studyInstanceUid: judged.mappedStudyUid,
  });
  if (problem !== undefined) return {outcome: finalFailure('check-failed', problem), report, figures, audit: known};
  const audit = await auditRelease(request, known.deid, context);
  context.log.info(`storescu now ${judged.instances.length} instances`);
  const sent = await sendToResearchPacs(judged.instances, context);
  return {
    outcome: outcomeOf(sent, judged, context),
    report: context.acceptQuarantine ? {...report, acceptedQuarantine: quarantined.length} : report,
    figures: {...figures, instances: sent.stored, skipped: judged.counts.skipped, bytes: sent.bytes},
    audit,
    used: deid,
  };
}

function uidsByPath(plan: readonly SeriesPlan[]): (path: string) => string {
  const uids = new Map(plan.flatMap(({series}) => series.instances.map(each => [each.path, each.sopInstanceUid])));
  return path => uids.get(path) ?? '';
}

function pseudonymBase({project, uidStyle, uidRoot, key}: DeidRequest) {
  return {project, style: uidStyle, root: uidRoot, ...(key !== undefined && {key})};
}

/** What was asked for, as the parameters of a program of its own. */
function commandOf({project, uidStyle, dateIncrement}: DeidRequest, {outcomes}: DeidentifiedStudy): string[] {
  const style = ['--uid-style', uidStyle, '--date-increment', String(dateIncrement)];
  return ['anonymize', '--project', project, ...style, '--instances', String(outcomes.length)];
}

function outcomeOf(
  sent: Sent,
  {instances, mappedStudyUid, note, counts}: ReadyRun,
  {config, signal}: RunContext,
): TransferOutcome {
  if (sent.kind === 'sent') return {kind: 'done', mappedStudyUid, note: note && withSent(note, sent.stored)};
  if (sent.kind === 'temporary' && signal.aborted) return {kind: 'postponed', why: 'the tool was asked to stop'};
  const facts: FailureFacts = {
    storescu: {returnCode: sent.returnCode, command: storescuCommand(config), lines: sent.lines},
    instances: {...counts, sent: sent.stored, failed: counts.failed + sent.lines.length},
  };
  if (sent.kind === 'temporary') {
    const {serviceDown, detail} = sent;
    return {kind: 'temporary', serviceDown, stage: 'sending', reason: 'pacs', detail, facts};
  }
  const detail = `the research PACS refused ${sent.lines.length} of ${instances.length} instances`;
  return {kind: 'failed', onThisMachine: true, stage: 'sending', reason: 'refused', detail, facts};
}

function withSent(note: FailureFacts, sent: number): FailureFacts {
  return note.instances === undefined ? note : {...note, instances: {...note.instances, sent}};
}
