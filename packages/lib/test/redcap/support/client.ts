import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {systemClock} from '../../../src/cli/clock.ts';
import type {Log} from '../../../src/cli/log.ts';
import {connect} from '../../../src/redcap/client.ts';
import type {ConnectOptions} from '../../../src/redcap/options.ts';
import type {Redcap} from '../../../src/redcap/redcap.ts';
import {RedcapError} from '../../../src/redcap/redcapError.ts';
import {token} from './fakeRedcap.ts';

export interface RecordedLog extends Log {
  lines: string[];
}

/** A log that keeps its lines as `LEVEL message`. */
export function recordedLog(): RecordedLog {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {lines, debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR')};
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, {recursive: true, force: true});
});

/** A folder that is gone when the tests end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fiona-redcap-'));
  folders.push(folder);
  return folder;
}

/** A client for the sample project whose waits between attempts take milliseconds. */
export function aClient(
  url: string,
  options: Partial<ConnectOptions> = {},
): {redcap: Redcap; log: RecordedLog; stateDir: string} {
  const log = recordedLog();
  const stateDir = options.stateDir ?? temporaryFolder();
  const redcap = connect({
    url,
    token,
    project: 'S',
    timeZone: 'Europe/Oslo',
    stateDir,
    pidDir: stateDir,
    log,
    clock: systemClock,
    ...options,
    http: {backoffSeconds: [0.002, 0.004, 0.008, 0.016], requestsPerMinute: 100_000, ...options.http},
  });
  return {redcap, log, stateDir};
}

/** The RedcapError a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<RedcapError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RedcapError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
