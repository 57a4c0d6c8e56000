import type {ExitCode} from './exitCode.ts';
import {exitCode} from './exitCode.ts';
import {FionaError} from './fionaError.ts';

/** A daemon that does not become ready, does not stop, or is not ours to stop. */
export class DaemonError extends FionaError {
  readonly exitCode: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.exitCode = code;
  }
}

/** The work is already done by another process: exit 75. */
export class AlreadyRunning extends FionaError {
  readonly exitCode = exitCode.tryLater;
  readonly pid: number | undefined;

  constructor(name: string, pid: number | undefined) {
    super(`${name} is already running${pid === undefined ? '' : ` (pid ${pid})`}`);
    this.pid = pid;
  }
}
