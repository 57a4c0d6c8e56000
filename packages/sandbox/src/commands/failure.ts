import {type ExitCode, exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {CommanderError} from 'commander';
import {stderrLog} from './stderr.ts';

/** Says on stderr why a command failed (commander has spoken for itself) and tells the exit code. */
export function reportFailure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof FionaError) {
    stderrLog.error(error.message);
    return error.exitCode;
  }
  stderrLog.error(`bug: ${error instanceof Error ? error.stack : String(error)}`);
  return exitCode.bug;
}
