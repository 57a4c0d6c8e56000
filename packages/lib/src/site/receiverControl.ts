import {dirname} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {controlDaemon, type DaemonControl} from '../cli/daemonControl.ts';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import type {Log} from '../cli/log.ts';
import {createLog} from '../cli/logger.ts';
import {rotatingFile} from '../cli/rotatingFile.ts';
import {describeOwner, type PortOwner, portOwner} from '../cli/tcpSockets.ts';
import type {DataRoot, RootName} from '../config/dataRoot.ts';
import type {Config} from '../config/load.ts';
import {removeStaleTemporaries} from '../fs/atomic.ts';
import {receiverPaths} from './receiverPaths.ts';

/** Time for the receiver to listen, and then to answer its first C-ECHO. */
const startSeconds = 10;
const answerSeconds = 5;
/** Threads of a receiver that was killed may keep its port a moment longer than its pid. */
const dyingSeconds = 1;
/** A receiver that was silent gets longer. */
const portSeconds = 20;

/** The port belongs to a program that is not our receiver: it is named, never ended. */
export class PortTaken extends FionaError {
  readonly exitCode = exitCode.unavailable;
  readonly owner: PortOwner;

  constructor(port: number, owner: PortOwner) {
    super(`port ${port} belongs to ${describeOwner(owner)}, not to our receiver; end it or choose another DICOMPORT`);
    this.owner = owner;
  }
}

/** The receiver listens but answers nothing. */
export class ReceiverSilent extends FionaError {
  readonly exitCode = exitCode.unavailable;
}

/** What the control of a receiver works with. */
export interface ReceiverSite {
  readonly config: Config;
  readonly name: RootName;
  /** Runs the receiver in the foreground: `storectl serve [project]`. */
  readonly command: readonly [program: string, ...args: string[]];
  /** From TERM to KILL: open associations may come to their end. */
  readonly stopSeconds: number;
  readonly log: Log;
}

/** How the receiver is called from this host, past whatever lies between it and the address others use. */
export function localPeer({RECEIVER}: Config, {port = 0, aeTitle}: DataRoot) {
  const {listenAddress} = RECEIVER;
  const everywhere = listenAddress === undefined || listenAddress === '0.0.0.0' || listenAddress === '::';
  return {host: everywhere ? '127.0.0.1' : listenAddress, port, aeTitle, callingAeTitle: aeTitle};
}

/** Start, stop and state of the receiver of one data root. Hold `receiverPaths().controlLock` for all but its state. */
export function receiverControl({config, name, command, stopSeconds, log}: ReceiverSite): DaemonControl {
  const paths = receiverPaths(config, name);
  return controlDaemon({
    name: 'storescpd',
    pidFile: paths.pidFile,
    lockPath: paths.lock,
    command,
    logFile: paths.startLog,
    startSeconds,
    stopSeconds,
    log,
  });
}

/**
 * Starts the receiver unless it runs, and waits until it answers.
 * @param answers a C-ECHO to the receiver that rejects when there is no answer
 * @throws PortTaken, DaemonError, ReceiverSilent, FileError
 */
export async function startReceiverDaemon(
  site: ReceiverSite,
  root: DataRoot,
  answers: () => Promise<unknown>,
): Promise<Awaited<ReturnType<DaemonControl['start']>>> {
  const control = receiverControl(site);
  if (control.status() === undefined) await prepareStart(site, root);
  const started = await control.start();
  if (started.kind === 'started') await untilAnswered(answers, started.daemon.pid);
  return started;
}

/** Clears away what a killed one left beside its pid file, looks whose the port is, and notes the attempt. */
async function prepareStart({config, name, command}: ReceiverSite, root: DataRoot): Promise<void> {
  const {pidFile, startLog} = receiverPaths(config, name);
  await removeStaleTemporaries(dirname(pidFile));
  await demandFreePort(root.port);
  const {logMaxBytes: maxBytes, logKeep: keep} = config.RECEIVER;
  const file = rotatingFile({path: startLog, maxBytes, keep});
  const log = await createLog({tool: 'storectl', sink: file});
  log.info(`start ${root.nameOrAbcd}: ${command.join(' ')}`);
  file.close();
}

async function demandFreePort(port: number | undefined): Promise<void> {
  const owner = port === undefined ? undefined : await untilPortIsFree(port, dyingSeconds);
  if (port !== undefined && owner !== undefined) throw new PortTaken(port, owner);
}

/** Waits until nobody listens on the port any more. @returns whoever still does at the end */
export async function untilPortIsFree(port: number, seconds = portSeconds): Promise<PortOwner | undefined> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = 10; ; pause = Math.min(pause * 2, 1000)) {
    const owner = await portOwner(port);
    if (owner === undefined || performance.now() > deadline) return owner;
    await delay(pause);
  }
}

async function untilAnswered(answers: () => Promise<unknown>, pid: number): Promise<void> {
  const deadline = performance.now() + answerSeconds * 1000;
  for (;;) {
    try {
      await answers();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ReceiverSilent(`the receiver runs (pid ${pid}) but does not answer C-ECHO: ${why}`);
      }
      await delay(100);
    }
  }
}
