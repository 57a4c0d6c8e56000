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
  const listening = listenTrouble(error, code);
  if (listening) return {...listening, stack};
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

/** A server that cannot listen where it should. */
function listenTrouble(error: unknown, code: string | undefined): Omit<ErrorReport, 'stack'> | undefined {
  if (!(error instanceof Error)) return undefined;
  const {syscall, address, port} = error as NodeJS.ErrnoException & {address?: string; port?: number};
  if (syscall !== 'listen') return undefined;
  const where = `cannot listen on ${address ?? 'any address'} port ${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return {exitCode: exitCode.unavailable, lines: [`${where}: the port belongs to another program`]};
    case 'EADDRNOTAVAIL':
      return {exitCode: exitCode.config, lines: [`${where}: this host has no such address`]};
    case 'EACCES':
      return {
        exitCode: exitCode.config,
        lines: [`${where}: this account may not use it (ports below 1024 need a privilege)`],
      };
    default:
      return undefined;
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
