import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {SeriesOnDisk} from './snapshot.ts';

/** What happens to one series on its way out. */
export type SeriesPlan =
  | {readonly kind: 'skip'; readonly series: SeriesOnDisk; readonly reason: 'presentation-state' | 'secondary-capture'}
  /** Text may be burned into its pixels and nothing says it may go: to be rewritten first. */
  | {readonly kind: 'rewrite'; readonly series: SeriesOnDisk}
  /** `cleared`: somebody or something vouches for its pixels. */
  | {readonly kind: 'send'; readonly series: SeriesOnDisk; readonly cleared: boolean}
  /** The rules were never applied, so that nothing is known of burned-in text. */
  | {readonly kind: 'hold'; readonly series: SeriesOnDisk};

type Features = ResearchProject['features'];

/** Description of series that our own tools made and cleaned. */
const shadow = '(shadow) ';

/**
 * Decides for one series, in the order of the table that the projects were promised.
 * @param requireClassification whether a series without the hash of the classification rules is held
 * @param exclusionMatches whether one of the project's exclusions vouches for the series; asked only when it matters
 */
export function planSeries(
  series: SeriesOnDisk,
  features: Features,
  requireClassification: boolean,
  exclusionMatches: (series: SeriesOnDisk) => boolean,
): SeriesPlan {
  const summary = series.summary ?? {};
  const types = summary.ClassifyType ?? [];
  const isShadow = (summary.SeriesDescription ?? '').startsWith(shadow);
  const burned = types.includes('CHECKBURNEDINFO') && !isShadow;
  if (requireClassification && summary.ClassifyRulesHash === undefined) return {kind: 'hold', series};
  if ((summary.Modality ?? []).includes('PR') && features.removePresentationStates) {
    return {kind: 'skip', series, reason: 'presentation-state'};
  }
  if (burned && features.removeSecondaryCaptures) return {kind: 'skip', series, reason: 'secondary-capture'};
  if (isShadow || features.neverRewritePixels) return {kind: 'send', series, cleared: true};
  if (!burned) return {kind: 'send', series, cleared: false};
  if (exclusionMatches(series)) return {kind: 'send', series, cleared: true};
  return {kind: 'rewrite', series};
}
