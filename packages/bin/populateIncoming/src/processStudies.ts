import {openProgress} from '@fiona/lib/cli/progress';
import type {Uid} from '@fiona/lib/dicom/uid';
import {type KnownCouplings, type PlannedStudy, type PlanningTools, planStudies} from './planStudies.ts';
import {type Registered, register} from './register.ts';
import type {StudyFiles} from './sortSeries.ts';

/** What is done with a part of the studies when REDCap has answered. */
export type Remember = (registered: Registered) => Promise<void>;

/**
 * Plans and registers studies, a few hundred at a time, so that the numbers of instances rest on what REDCap held a moment ago and an
 * interrupted run has not lost what it did.
 * @param remember called after each part; never with `dryRun`
 * @returns the studies with rows to write, whatever became of them
 * @throws RedcapError, FileError
 */
export async function processStudies(
  tools: PlanningTools & {dryRun: boolean; signal: AbortSignal; studiesAtOnce: number},
  studies: readonly StudyFiles[],
  couplings: KnownCouplings,
  remember: Remember,
): Promise<PlannedStudy[]> {
  const results: PlannedStudy[] = [];
  const progress = openProgress('populateIncoming', studies.length);
  for (let start = 0; start < studies.length; start += tools.studiesAtOnce) {
    tools.signal.throwIfAborted();
    const planned = await planStudies(tools, studies.slice(start, start + tools.studiesAtOnce), couplings);
    results.push(...planned.filter(({plan}) => plan.rows.length > 0));
    for (const study of planned) await setRefusedAside(study, tools);
    if (!tools.dryRun) await remember(await register(tools.incoming, planned, tools));
    progress.done(start + planned.length);
  }
  progress.end();
  return results;
}

/** A rule fired for the study but its name can't be a pseudonym: no transfer, and somebody has to know. */
async function setRefusedAside({plan}: PlannedStudy, {setAside, log}: PlanningTools): Promise<void> {
  for (const {rule, project, problem} of plan.refused) {
    const detail = `Routing record ${rule} sends this study to ${project}, but the name ${problem}.`;
    log.warn(`${plan.study}: ${detail}`);
    await setAside.note({key: refusalKey(plan.study, rule), reason: 'invalid-subject', detail, version: project});
  }
}

function refusalKey(study: Uid, rule: string): string {
  return `${study}/Routing/${rule}`;
}
