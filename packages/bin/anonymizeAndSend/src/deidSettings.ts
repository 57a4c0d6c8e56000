import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {DeidError} from '@fiona/lib/deid/deidError';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {resolveDeidRequest} from '@fiona/lib/deid/resolveRequest';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import {checkImportRules} from './importRules.ts';
import {type FinalFailure, finalFailure} from './outcome.ts';
import {ProjectRefused} from './projectRefused.ts';
import type {SeriesOnDisk} from './snapshot.ts';
import {checkUidStyle} from './uidStyles.ts';

/** How the study of a request is to be de-identified, or why it cannot be with what REDCap says. */
export type DeidSettings = {readonly kind: 'ready'; readonly deid: DeidRequest} | FinalFailure;

/** What REDCap says of a transfer; the rest of a de-identification comes from the configuration. */
const optionsOfRedcap = new Set(['project', 'subject', 'event', 'importRules']);

/** Longest value of (0012,0050) LO; a longer event is cut, a longer project or pseudonym would become another one. */
const longestEvent = 64;

/**
 * Everything the de-identification depends on besides the instances, checked before any work.
 * @throws ProjectRefused when the configuration allows no transfer to this project
 */
export async function deidSettings(
  {project, name, event}: TransferRequest,
  research: ResearchProject,
  {ANONYMIZER, PATHS, REDCAP}: Config,
  log: Log,
): Promise<DeidSettings> {
  const checked = checkImportRules(research);
  if (checked.kind === 'refused') return finalFailure('import-rule', checked.detail);
  try {
    const deid = await resolveDeidRequest(ANONYMIZER, {
      project,
      subject: name,
      event: [...event].slice(0, longestEvent).join('').trim(),
      importRules: checked.rules,
      patternMillis: REDCAP.patternMillis,
    });
    await checkUidStyle(PATHS.stateDir, project, deid, deid.key, log);
    return {kind: 'ready', deid};
  } catch (error) {
    if (error instanceof DeidError && optionsOfRedcap.has(error.option)) {
      return finalFailure(`profile-${error.option}`, `${error.message}; correct it in REDCap`);
    }
    if (error instanceof ProjectRefused) throw error;
    if (error instanceof FionaError && error.exitCode === exitCode.config) {
      throw new ProjectRefused(`project ${project}: ${error.message}`, {cause: error});
    }
    throw error;
  }
}

/** What the index daemon wrote where it found nothing. */
const noValue = new Set(['', 'missing', 'None']);

/**
 * The patient's names and ids in the series summaries: a derived object without a patient module may still name the patient in
 * its texts.
 */
export function identifiersOf(series: readonly SeriesOnDisk[]): string[] {
  const texts = series.flatMap(({summary}) => [summary?.PatientID ?? '', summary?.PatientName ?? '']);
  return [...new Set(texts.map(text => text.trim()))].filter(text => !noValue.has(text));
}
