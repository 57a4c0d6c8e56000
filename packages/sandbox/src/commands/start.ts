import {join} from 'node:path';
import type {DatabaseSync} from 'node:sqlite';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {acquireLock} from '@fiona/lib/fs/lock';
import {FaultQueue} from '../faults/faultQueue.ts';
import type {Api} from '../http/apiRequest.ts';
import {listenError, startServer} from '../http/server.ts';
import {startPacs} from '../pacs/startPacs.ts';
import {keptPort} from '../site/ports.ts';
import {openDatabase} from '../store/database.ts';
import {ProjectCache} from '../store/projects.ts';
import {RecordStore} from '../store/records.ts';
import {seedOf, writeSetting} from '../store/settings.ts';
import {serverIdentity} from '../tls/certificates.ts';
import {moveDestinations} from './moveTo.ts';
import {openFolder} from './open.ts';
import {stderrLog} from './stderr.ts';

export interface StartOptions {
  dir: string;
  redcapPort?: number | undefined;
  pacsPort?: number | undefined;
  plainHttp?: boolean | undefined;
  seed?: string | undefined;
  listen: string;
  postMaxBytes: number;
  maxInputVars: number;
  moveTo: string[];
}

/** Another sandbox serves this folder. */
class BusyError extends FionaError {
  readonly exitCode = exitCode.tryLater;
}

/** How long running requests and associations may take to end after SIGTERM. */
const DRAIN_SECONDS = 5;

/**
 * `sandbox start`: serves until SIGTERM or SIGINT. Prints one JSON line when both servers answer.
 * @throws FionaError when the folder or a port cannot be used
 */
export async function start(options: StartOptions): Promise<void> {
  const moveTo = moveDestinations(options.moveTo);
  const database = openFolder(options.dir);
  const lock = await acquireLock(join(options.dir, 'sandbox.lock'), {kind: 'exclusive', tool: 'sandbox'});
  if (lock === undefined) throw new BusyError(`another sandbox serves ${options.dir}; stop it or choose another --dir`);
  seedOf(database, options.seed);
  writeSetting(database, 'plainHttp', options.plainHttp ? '1' : '');
  const ports = await choosePorts(database, options);
  const tls = options.plainHttp ? undefined : await serverIdentity(options.dir, options.listen);
  const visibleHost = ['0.0.0.0', '::'].includes(options.listen) ? '127.0.0.1' : options.listen;
  const redcapUrl = `${tls ? 'https' : 'http'}://${visibleHost}:${ports.redcap}/api/`;
  const faults = new FaultQueue(database);
  const api = createApi(database, options, redcapUrl, faults);
  const redcap = await startServer({host: options.listen, port: ports.redcap, tls, api});
  const pacs = await startPacs({
    dir: join(options.dir, 'pacs'),
    host: options.listen,
    port: ports.pacs,
    moveTo,
    faults: faults.pacs,
    log: stderrLog,
  }).catch(async (error: unknown) => {
    await redcap.close(0);
    throw listenError({host: options.listen, port: ports.pacs, option: '--pacs-port'}, error);
  });
  const ready = {
    redcapUrl,
    ...(tls && {caFile: tls.caFile}),
    pacs: {aeTitle: 'DICOM_STORAGE', queryAeTitle: 'DICOM_QR_SCP', host: visibleHost, port: pacs.port},
  };
  // listening before anybody can know that we are ready: a signal right after the line must not kill
  const stopped = stopSignal();
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await stopped;
  await Promise.all([redcap.close(DRAIN_SECONDS * 1000), pacs.close(DRAIN_SECONDS)]);
  database.close();
  lock.release();
}

async function choosePorts(database: DatabaseSync, options: StartOptions): Promise<{redcap: number; pacs: number}> {
  if (options.redcapPort) writeSetting(database, 'redcapPort', String(options.redcapPort));
  if (options.pacsPort) writeSetting(database, 'pacsPort', String(options.pacsPort));
  return {
    redcap: await keptPort(database, 'redcap', options.listen),
    pacs: await keptPort(database, 'pacs', options.listen),
  };
}

function createApi(database: DatabaseSync, options: StartOptions, url: string, faults: FaultQueue): Api {
  return {
    database,
    records: new RecordStore(database),
    projects: new ProjectCache(database),
    faults,
    openSnapshot: () => openDatabase(options.dir),
    postMaxBytes: options.postMaxBytes,
    maxInputVars: options.maxInputVars,
    url,
    // the stack names code only; messages of bugs may hold data
    onBug: error => stderrLog.error(`bug: ${error instanceof Error ? error.stack : String(error)}`),
  };
}

function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
