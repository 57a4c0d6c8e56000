import {type ExitCode, exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome} from '@fiona/lib/cli/runTool';
import type {TransferFigures} from './transferred.ts';

/**
 * What became of one request.
 * - `unconfirmed`: REDCap did not take its row
 * - `refused`: the configuration does not allow the transfer
 * - `unusable`: the file was no request
 */
export interface RequestResult {
  readonly kind: 'done' | 'failed' | 'retry' | 'postponed' | 'obsolete' | 'unconfirmed' | 'refused' | 'unusable';
  /** Absent for a file that was no request. */
  readonly transfer?: {readonly study: string; readonly project: string; readonly instance: number};
  /** Short code and sentence, for whatever is not done. */
  readonly reason?: string;
  readonly detail?: string;
  readonly figures?: TransferFigures;
  readonly report?: object | undefined;
  /** The research PACS is down or full, for every other request too. */
  readonly serviceDown?: boolean;
}

/** What a whole run came to. @param furtherTrouble something else than a request that an operator must mend */
export function summarize(results: readonly RequestResult[], furtherTrouble: boolean): Outcome {
  const count = (kind: RequestResult['kind']): number => results.filter(each => each.kind === kind).length;
  const sum = (figure: keyof TransferFigures): number =>
    results.reduce((total, {figures}) => total + (figures?.[figure] ?? 0), 0);
  const counts = {
    done: count('done'),
    failed: count('failed'),
    retry: count('retry') + count('unconfirmed'),
    postponed: count('postponed'),
    obsolete: count('obsolete'),
    refused: count('refused'),
    unusable: count('unusable'),
    instances: sum('instances'),
    skipped: sum('skipped'),
    quarantined: sum('quarantined'),
    bytes: sum('bytes'),
  };
  const code = exitCodeOf(results, furtherTrouble);
  const json = {...counts, transfers: results.map(({serviceDown: _, ...result}) => result)};
  return {counts, json, ...(code !== exitCode.ok && {exitCode: code})};
}

/** What matters most to whoever reads it: a service that is down ends the run, the rest is in the log. */
export function exitCodeOf(results: readonly RequestResult[], furtherTrouble: boolean): ExitCode {
  const some = (...kinds: RequestResult['kind'][]): boolean => results.some(({kind}) => kinds.includes(kind));
  if (results.some(({serviceDown}) => serviceDown) || some('unconfirmed')) return exitCode.unavailable;
  if (some('refused')) return exitCode.config;
  const noted = results.some(({figures}) => (figures?.quarantined ?? 0) > 0);
  if (some('failed', 'obsolete', 'unusable') || noted || furtherTrouble) return exitCode.badData;
  if (results.some(({kind, reason}) => kind === 'retry' && reason === 'spool')) return exitCode.cannotWrite;
  return some('retry') ? exitCode.tryLater : exitCode.ok;
}
