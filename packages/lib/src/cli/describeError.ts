import {ConfigError} from '../config/configError.ts';
import {errorCode, whyOf} from '../fs/fileError.ts';
import {type ExitCode, exitCode} from './exitCode.ts';
import {FionaError} from './fionaError.ts';
import {maskSecrets} from './secretWords.ts';

/** How an error ends a run. */
export interface ErrorReport {
  exitCode: ExitCode;
  /** One line each, for an operator. */
  lines: string[];
  /** With `--verbose` only. */
  stack: string;
}

const cannotWriteCodes = new Set(['EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);
const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);

/** Exit code and sentences for anything thrown. What is no error of ours and no known trouble of the system is a bug: 70. */
export function describeError(error: unknown): ErrorReport {
  const stack = maskSecrets(stackOf(error));
  if (error instanceof ConfigError) return {exitCode: error.exitCode, lines: [...error.problems], stack};
  if (error instanceof FionaError) return {exitCode: error.exitCode, lines: [error.message], stack};
  const code = errorCode(error);
  if (code !== undefined && cannotWriteCodes.has(code)) {
    const {path, syscall} = error as NodeJS.ErrnoException;
    const what = path === undefined ? (syscall ?? 'a file operation') : path;
    return {exitCode: exitCode.cannotWrite, lines: [`${what}: ${whyOf(error)}`], stack};
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (code !== undefined && unreachableCodes.has(code)) {
    return {exitCode: exitCode.unavailable, lines: [`a service is unreachable: ${message}`], stack};
  }
  return {
    exitCode: exitCode.bug,
    lines: [`a bug in this tool: ${message} (run again with --verbose and report it)`],
    stack,
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
