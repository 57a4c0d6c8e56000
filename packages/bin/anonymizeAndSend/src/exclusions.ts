import type {Log} from '@fiona/lib/cli/log';
import {readHeader} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import {compilePattern} from '@fiona/lib/pattern/pattern';
import {PatternError, PatternTooSlow} from '@fiona/lib/pattern/patternError';
import type {TagRule} from '@fiona/lib/redcap/dataTransferProjects';
import type {SeriesOnDisk} from './snapshot.ts';

/**
 * The project's rule that vouches for the pixels of a series, or undefined: its pattern matches the beginning of the element's
 * text in the first instance (by name) that can be read and has the element. Several values are joined by a backslash.
 * A rule without a pattern or a usable tag is none; one whose pattern cannot be used vouches for nothing, with a warning.
 * @param patternMillis limit of one evaluation
 */
export function matchingExclusion<R extends TagRule>(
  series: Pick<SeriesOnDisk, 'instances'>,
  exclusions: readonly R[],
  patternMillis: number,
  log: Log,
): R | undefined {
  return exclusions.find(({tag, pattern}) => {
    if (tag === undefined || pattern.trim() === '') return false;
    const value = firstText(series, tag);
    return value !== undefined && matchesStart(pattern, value, patternMillis, log);
  });
}

function matchesStart(pattern: string, value: string, limitMs: number, log: Log): boolean {
  try {
    return compilePattern(pattern, {limitMs}).found(value, 'start');
  } catch (error) {
    if (!(error instanceof PatternError || error instanceof PatternTooSlow)) throw error;
    log.warn(`DataTransferProjects, rewrite_ex_reg: ${error.message}; the rule does not count`);
    return false;
  }
}

function firstText({instances}: Pick<SeriesOnDisk, 'instances'>, tag: number): string | undefined {
  for (const {path} of instances) {
    try {
      const value = text(readHeader(path).dataSet, tag);
      if (value !== undefined) return value;
    } catch {
      // An instance that cannot be read says nothing here; de-identification sets it aside.
    }
  }
  return undefined;
}
