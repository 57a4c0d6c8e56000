import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';

/** The command line is not understood. */
export class UsageError extends FionaError {
  readonly exitCode = exitCode.usage;
}

/**
 * Reads `AE=HOST:PORT` entries of `--move-to`.
 * @throws UsageError
 */
export function moveDestinations(entries: string[]): Record<string, {host: string; port: number}> {
  const destinations: Record<string, {host: string; port: number}> = {};
  for (const entry of entries) {
    const match = /^([^=\\]{1,16})=(.+):(\d{1,5})$/.exec(entry);
    const port = Number(match?.[3]);
    if (match === null || port < 1 || port > 65535) {
      throw new UsageError(`--move-to: found "${entry}", expected AE=HOST:PORT`);
    }
    destinations[match[1] ?? ''] = {host: match[2] ?? '', port};
  }
  return destinations;
}
