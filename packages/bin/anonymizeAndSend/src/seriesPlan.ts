import type {PixelExclusion, ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {SeriesOnDisk} from './snapshot.ts';

/** What happens to one series on its way out. */
export type SeriesPlan =
  | {readonly kind: 'skip'; readonly series: SeriesOnDisk; readonly reason: 'presentation-state' | 'secondary-capture'}
  /** Text may be burned into its pixels and nothing says it may go: to be rewritten first. */
  | {readonly kind: 'rewrite'; readonly series: SeriesOnDisk}
  /** `cleared`: somebody or something vouches for its pixels; `exclusion`: the rule of the project that does. */
  | {
      readonly kind: 'send';
      readonly series: SeriesOnDisk;
      readonly cleared: boolean;
      readonly exclusion: PixelExclusion | undefined;
    }
  /** The rules were never applied, so that nothing is known of burned-in text. */
  | {readonly kind: 'hold'; readonly series: SeriesOnDisk};

/** Description of series that our own tools made and cleaned. */
const shadow = '(shadow) ';

/**
 * Decides for one series, in the order of the table that the projects were promised.
 * @param requireClassification whether a series without the hash of the classification rules is held
 * @param exclusionOf the project's exclusion that vouches for the series, if any; asked only when it matters
 */
export function planSeries(
  series: SeriesOnDisk,
  features: ResearchProject['features'],
  requireClassification: boolean,
  exclusionOf: (series: SeriesOnDisk) => PixelExclusion | undefined,
): SeriesPlan {
  const {summary = {}} = series;
  const isShadow = (summary.SeriesDescription ?? '').startsWith(shadow);
  const burned = isBurned(series) && !isShadow;
  if (requireClassification && summary.ClassifyRulesHash === undefined) return {kind: 'hold', series};
  if ((summary.Modality ?? []).includes('PR') && features.removePresentationStates) {
    return {kind: 'skip', series, reason: 'presentation-state'};
  }
  if (burned && features.removeSecondaryCaptures) return {kind: 'skip', series, reason: 'secondary-capture'};
  if (isShadow || features.neverRewritePixels) return {kind: 'send', series, cleared: true, exclusion: undefined};
  const exclusion = exclusionOf(series);
  if (burned && exclusion === undefined) return {kind: 'rewrite', series};
  return {kind: 'send', series, cleared: exclusion !== undefined, exclusion};
}

/** Whether the classification found that text may be burned into the pixels. */
export function isBurned({summary}: SeriesOnDisk): boolean {
  return summary?.ClassifyType?.includes('CHECKBURNEDINFO') === true;
}
