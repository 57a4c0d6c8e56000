import {realpathSync, statSync} from 'node:fs';
import {basename, dirname, join, resolve, sep} from 'node:path';
import {UsageError} from '@fiona/lib/cli/usageError';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {type AnonymizeOptions, required} from './options.ts';

/** Where a run reads and writes: absolute paths without links. */
export interface Paths {
  readonly input: string;
  readonly output: string;
  /** Notes on what was set aside; never in the output folder. */
  readonly quarantine: string;
}

/**
 * Checks input and output.
 * @throws UsageError
 */
export function pathsOf(options: AnonymizeOptions): Paths {
  const input = existing(required(options.input, '--input'), '--input');
  const output = realPath(resolve(required(options.output, '--output')));
  if (statSync(output, {throwIfNoEntry: false})?.isDirectory() === false) throw new UsageError('--output is no folder');
  if (isBelow(input, output) || isBelow(output, input))
    throw new UsageError('--input and --output lie in each other; choose another output folder');
  if (options.audit !== undefined && isBelow(realPath(resolve(options.audit)), output))
    throw new UsageError('--audit lies in the output folder; choose another place');
  return {input, output, quarantine: `${output}.quarantine`};
}

/** The lock of a run, beside the output folder; none for runs that write nothing. */
export function lockOf(options: AnonymizeOptions): string | undefined {
  if (options.inspect !== undefined || options.profile || options.exportanon !== undefined) return undefined;
  return `${pathsOf(options).output}.lock`;
}

/**
 * The real path of something that must exist.
 * @throws UsageError
 */
export function existing(path: string, flags: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new UsageError(`${flags} does not exist`);
    throw new FileError('read', path, error);
  }
}

/** The real path of something that may not exist yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
