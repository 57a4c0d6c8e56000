import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {RunContext} from './context.ts';
import {matchingExclusion} from './exclusions.ts';
import {finalFailure, type TransferOutcome, temporaryFailure} from './outcome.ts';
import {planSeries, type SeriesPlan} from './seriesPlan.ts';
import type {StudySnapshot} from './snapshot.ts';

/** The plan of every series that has instances. */
export function planStudy(
  {series}: StudySnapshot,
  project: ResearchProject,
  {config, requireClassification, log}: Pick<RunContext, 'config' | 'requireClassification' | 'log'>,
): SeriesPlan[] {
  return series
    .filter(({instances}) => instances.length > 0)
    .map(each =>
      planSeries(each, project.features, requireClassification, one =>
        matchingExclusion(one, project.exclusions, config.REDCAP.patternMillis, log),
      ),
    );
}

/** Why a study with this plan does not leave, or undefined. */
export function obstacleOf(plan: readonly SeriesPlan[]): TransferOutcome | undefined {
  const uids = (kind: SeriesPlan['kind']): string =>
    plan
      .filter(each => each.kind === kind)
      .map(({series}) => series.seriesInstanceUid)
      .join(', ');
  if (plan.some(({kind}) => kind === 'hold')) {
    const advice = 'run processSingleFile3 reclassify with this study';
    return temporaryFailure('not-classified', `series without classification: ${uids('hold')}; ${advice}`);
  }
  if (plan.some(({kind}) => kind === 'rewrite')) {
    const advice = 'exclude it in DataTransferProjects (rewrite_ex_reg) if it is known to be clean';
    const detail = `text may be burned into the pixels of series ${uids('rewrite')}; ${advice}`;
    return finalFailure('burned-in-text-possible', detail);
  }
  if (plan.every(({kind}) => kind === 'skip')) {
    return finalFailure('all-excluded', 'all series are excluded by project settings');
  }
  return undefined;
}

/** What operators look for in the log, series by series. */
export function planMessages(plan: readonly SeriesPlan[], project: string): string[] {
  return plan.flatMap(one => {
    const {summaryPath, summary} = one.series;
    const skipped = `Skip import of this series [${summaryPath}].`;
    if (one.kind === 'skip' && one.reason === 'presentation-state') {
      const flag = '"Remove presentation state (PR) objects during import" flag';
      return [`Feature: [${project}] found PR modality and ${flag}. ${skipped}`];
    }
    if (one.kind === 'skip') {
      const flag = '"Remove secondary capture objects during import" flag';
      return [`Feature: [${project}] found secondary image and ${flag} is set. ${skipped}`];
    }
    if (one.kind === 'rewrite') {
      const types = JSON.stringify(summary?.ClassifyType ?? []);
      return [`found burned in info (potentially), anonymize dicom image data ${summaryPath} ${types}`];
    }
    if (one.kind === 'send' && one.exclusion !== undefined) {
      return [`Found a rewrite exclusion rule match for ${one.exclusion.pattern}`];
    }
    return [];
  });
}
