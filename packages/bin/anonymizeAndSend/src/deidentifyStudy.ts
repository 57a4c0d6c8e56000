import {mkdir} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {DeidError} from '@fiona/lib/deid/deidError';
import type {DeidFile, FileOutcome} from '@fiona/lib/deid/fileTask';
import {deidentifyFiles} from '@fiona/lib/deid/pool';
import {deidReport} from '@fiona/lib/deid/report';
import type {ImportRule} from '@fiona/lib/deid/request';
import {projectStyle, resolveDeidRequest} from '@fiona/lib/deid/resolveRequest';
import {formatTag} from '@fiona/lib/dicom/tag';
import {writeReason} from '@fiona/lib/fs/reason';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {FailureFacts, InstanceCounts, TransferOutcome} from './outcome.ts';
import type {SpooledInstance} from './send.ts';
import type {SeriesPlan} from './seriesPlan.ts';
import {final, type TransferContext} from './transfer.ts';
import {checkUidStyle} from './uidStyles.ts';

/** A study in the spool, or why it does not leave. */
export type DeidentifiedStudy =
  | {
      readonly kind: 'ready';
      readonly instances: readonly SpooledInstance[];
      readonly mappedStudyUid: string;
      readonly counts: Omit<InstanceCounts, 'sent'>;
      /** What an operator let be left out. */
      readonly note: FailureFacts | undefined;
      readonly report: object;
    }
  | {readonly kind: 'stopped'; readonly outcome: TransferOutcome; readonly report: object | undefined};

type Quarantined = Extract<FileOutcome, {kind: 'quarantined'}>;

/**
 * De-identifies all instances of the plan into `folder`. A study in which one instance cannot be understood is stopped as a whole,
 * with a note for each such instance, unless an operator accepted that.
 * @throws UidStyleChanged when the project's data were made with other values
 */
export async function deidentifyStudy(
  plan: readonly SeriesPlan[],
  request: TransferRequest,
  requestName: string,
  project: ResearchProject,
  folder: string,
  context: TransferContext,
): Promise<DeidentifiedStudy> {
  const {config, signal, clock} = context;
  const {ANONYMIZER, PATHS} = config;
  await checkUidStyle(PATHS.stateDir, request.project, projectStyle(ANONYMIZER, request.project));
  const files = filesOf(plan);
  const begun = clock.monotonic();
  try {
    const deidRequest = await resolveDeidRequest(ANONYMIZER, {
      project: request.project,
      subject: request.name,
      event: request.event,
      importRules: importRulesOf(project),
    });
    const run = await deidentifyFiles(files, deidRequest, folder, {workers: ANONYMIZER.workers, signal});
    const report = deidReport(deidRequest, run, (clock.monotonic() - begun) / 1000);
    const quarantined = run.outcomes.filter(each => each.kind === 'quarantined');
    await noteQuarantined(quarantined, requestName, context);
    return judge(plan, run.outcomes, quarantined, report, context);
  } catch (error) {
    if (!(error instanceof DeidError)) throw error;
    return {kind: 'stopped', outcome: final(`profile-${error.option}`, error.message), report: undefined};
  }
}

function filesOf(plan: readonly SeriesPlan[]): DeidFile[] {
  return plan.flatMap(each => {
    if (each.kind !== 'send') return [];
    const burned = each.series.summary?.ClassifyType?.includes('CHECKBURNEDINFO') === true;
    const pixelGate = {cleared: each.cleared, burned};
    return each.series.instances.map(({path}) => ({path, pixelGate}));
  });
}

/** A rule whose tag cannot be read would silently keep text: the transfer fails instead. */
function importRulesOf({importRules}: ResearchProject): ImportRule[] {
  return importRules.map(({tag, tagText, pattern}) => {
    if (tag === undefined)
      throw new DeidError('importRules', `the import rule's tag ${JSON.stringify(tagText)} names no element`);
    return {tag, pattern};
  });
}

function judge(
  plan: readonly SeriesPlan[],
  outcomes: readonly FileOutcome[],
  quarantined: readonly Quarantined[],
  report: object,
  {acceptQuarantine}: TransferContext,
): DeidentifiedStudy {
  const written = outcomes.filter(each => each.kind === 'written');
  const skippedSeries = plan.filter(({kind}) => kind === 'skip').flatMap(({series}) => series.instances);
  const skipped = outcomes.filter(({kind}) => kind === 'skipped').length;
  const counts = {
    planned: outcomes.length + skippedSeries.length,
    deidentified: written.length,
    failed: quarantined.length,
    skipped: skipped + skippedSeries.length,
  };
  const facts: FailureFacts = {
    anonymize: {
      returnCode: quarantined.length === 0 ? 0 : 65,
      command: ['deidentify', `instances ${outcomes.length}`],
      lines: quarantined.map(({input, reason, detail}) => `${nameOf(input)}: ${reason}, ${detail}`),
    },
    instances: {...counts, sent: 0},
  };
  const stop = (reason: string, detail: string): DeidentifiedStudy => ({
    kind: 'stopped',
    outcome: {kind: 'failed', onThisMachine: true, stage: 'anonymization', reason, detail, facts},
    report,
  });
  const noSpace = quarantined.find(({reason}) => reason === 'write-failed');
  if (noSpace !== undefined) {
    const outcome: TransferOutcome = {
      kind: 'temporary',
      service: undefined,
      stage: 'anonymization',
      reason: 'spool',
      detail: noSpace.detail,
      facts,
    };
    return {kind: 'stopped', outcome, report};
  }
  if (quarantined.length > 0 && !acceptQuarantine) {
    const kinds = [...new Set(quarantined.map(({reason}) => reason))].join(', ');
    return stop(
      quarantined[0]?.reason ?? '',
      `${quarantined.length} of ${outcomes.length} instances are set aside: ${kinds}`,
    );
  }
  const studies = new Set(written.map(({studyInstanceUid}) => studyInstanceUid));
  const [mappedStudyUid] = studies;
  if (mappedStudyUid === undefined) return stop('nothing-left', 'no instance of the study may be sent');
  if (studies.size > 1) return stop('bad-uid', 'the instances in the study folder belong to several studies');
  const instances = written.map(({path, sopInstanceUid}) => ({path, sopInstanceUid}));
  return {kind: 'ready', instances, mappedStudyUid, counts, note: quarantined.length > 0 ? facts : undefined, report};
}

/** Last part of an archive file's name: the SOPInstanceUID, which may be named. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function noteQuarantined(
  quarantined: readonly Quarantined[],
  requestName: string,
  {config, clock}: TransferContext,
): Promise<void> {
  const folder = join(config.PATHS.quarantine, requestName);
  if (quarantined.length > 0) await mkdir(folder, {recursive: true, mode: 0o750});
  for (const [index, {input, reason, detail, tag, offset}] of quarantined.entries()) {
    const item = relative(join(config.DATADIR, 'site'), input);
    const where = {...(tag !== undefined && {tag: formatTag(tag)}), ...(offset !== undefined && {offset})};
    const note = {item, tool: 'anonymizeAndSend', reason, detail, at: clock.now(), ...where};
    await writeReason(join(folder, `${index + 1}.reason.json`), note);
  }
}
