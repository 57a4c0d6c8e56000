import type {Clock} from '../cli/clock.ts';
import type {Log} from '../cli/log.ts';
import {ConfigError} from '../config/configError.ts';
import type {Config} from '../config/load.ts';
import {type RedcapProjectName, readToken} from '../config/secrets.ts';
import {connect} from './client.ts';
import type {Redcap} from './redcap.ts';

/** What a connection takes from the run of a tool. */
export interface ConnectContext {
  log: Log;
  clock: Clock;
  /** Ends waiting and reading when the tool is asked to stop. */
  signal?: AbortSignal | undefined;
}

/**
 * One of the gateway's own REDCap projects, with the token of the configuration. Nothing is sent before the first call.
 * @throws ConfigError, RedcapError
 */
export function connectProject(config: Config, project: RedcapProjectName, context: ConnectContext): Redcap {
  return connectWithToken(config, {...context, project, token: readToken(config, project)});
}

/**
 * A project by its token: the research projects' own databases.
 * @param options.project how messages call it
 * @throws ConfigError, RedcapError
 */
export function connectWithToken(config: Config, options: ConnectContext & {project: string; token: string}): Redcap {
  const {REDCAP, PATHS} = config;
  if (REDCAP.url === undefined)
    throw new ConfigError('REDCAP.url: found nothing, expected the address of the REDCap API');
  const {exportRecords, importRows, importBytes} = REDCAP;
  return connect({
    ...options,
    url: REDCAP.url,
    http: REDCAP,
    limits: {exportRecords, importRows, importBytes},
    timeZone: REDCAP.timeZone,
    stateDir: PATHS.stateDir,
    pidDir: PATHS.pidDir,
  });
}
