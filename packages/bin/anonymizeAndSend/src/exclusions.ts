import {readHeader} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import {compilePattern} from '@fiona/lib/pattern/pattern';
import type {TagRule} from '@fiona/lib/redcap/dataTransferProjects';
import type {SeriesOnDisk} from './snapshot.ts';

/**
 * The project's rule that vouches for the pixels of a series, or undefined: its pattern matches the beginning of the element's
 * text in the first instance (by name) that can be read and has the element. Several values are joined by a backslash.
 * A rule without a pattern or a usable tag is none.
 * @throws PatternError, PatternTooSlow when a pattern of the project cannot be used
 */
export function matchingExclusion<R extends TagRule>(
  series: SeriesOnDisk,
  exclusions: readonly R[],
  patternMillis: number,
): R | undefined {
  return exclusions.find(({tag, pattern}) => {
    if (tag === undefined || pattern === '') return false;
    const value = firstText(series, tag);
    return value !== undefined && compilePattern(pattern, {limitMs: patternMillis}).found(value, 'start');
  });
}

function firstText(series: SeriesOnDisk, tag: number): string | undefined {
  for (const {path} of series.instances) {
    try {
      const value = text(readHeader(path).dataSet, tag);
      if (value !== undefined) return value;
    } catch {
      // An instance that cannot be read says nothing here; de-identification sets it aside.
    }
  }
  return undefined;
}
