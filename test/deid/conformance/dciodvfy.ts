import {spawnSync} from 'node:child_process';

/** One error that dciodvfy (dicom3tools) finds in a file. */
export interface Finding {
  /** `/Keyword(gggg,eeee)[1]/…`, or '' for what concerns the whole. */
  readonly path: string;
  /** The sentence without values. */
  readonly what: string;
}

/** Values, lengths and counts in a sentence: two findings are one kind whatever they are. */
const values = / = <.*?>(?= - |$)| = \(.*?\)|value is <.*>|length is <\d+>|-?\d{2,}/g;

/** Errors of a file, warnings left out. */
export function findErrors(path: string): Finding[] {
  const run = spawnSync('dciodvfy', ['-new', path], {encoding: 'latin1', maxBuffer: 64 * 1024 * 1024});
  if (run.error !== undefined) throw run.error;
  return run.stderr.split('\n').flatMap(line => {
    const parts = /^Error - (?:<(\/[^>]*)> - )?(.*)$/.exec(line);
    return parts === null ? [] : [{path: parts[1] ?? '', what: (parts[2] ?? '').replace(values, '')}];
  });
}
