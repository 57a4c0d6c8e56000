import {controlDaemon, type DaemonControl, ownCommand} from '@fiona/lib/cli/daemonControl';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {type DataRoot, dataRoot} from '@fiona/lib/config/dataRoot';
import {echo} from '@fiona/lib/dimse/echoScu';
import {readHolder} from '@fiona/lib/fs/lockHolder';
import {isEnabled} from './enabledFlag.ts';
import {receiverPaths} from './paths.ts';
import {portOwner} from './portOwner.ts';

export const verbs = ['start', 'stop', 'restart', 'status'] as const;
export type Verb = (typeof verbs)[number];

/** Time for the receiver to answer its first C-ECHO. */
const startSeconds = 10;
/** From TERM to KILL: open associations may come to their end. */
const stopSeconds = 30;
const drainMargin = 5;

/** How long the receiver lets open associations go on when it is told to stop. */
export const drainSeconds = stopSeconds - drainMargin;

class PortTaken extends FionaError {
  readonly exitCode = exitCode.unavailable;
}

/**
 * Starts, stops, restarts or shows the receiver of one data root. Starting one that runs and stopping one that does not is fine;
 * a data root whose services are switched off (`config/enabled`) has its receiver stopped instead of started.
 * @throws DaemonError, PortTaken, FileError
 */
export async function controlReceiver(verb: Verb, project: string, run: Run): Promise<Outcome> {
  const root = dataRoot(run.config, project);
  const paths = receiverPaths(run.config, root);
  const control = controlDaemon({
    name: 'storescpd',
    pidFile: paths.pidFile,
    lockPath: paths.lock,
    command: ownCommand('serve', ...(root.project === '' ? [] : [root.project]), ...sharedSwitches(run)),
    logFile: paths.output,
    startSeconds,
    stopSeconds,
    log: run.log,
  });
  if (run.dryRun) return dryRun(verb, control, root);
  switch (verb) {
    case 'status':
      return status(control, root);
    case 'stop':
      return stop(control);
    case 'restart':
      await control.stop();
      return start(control, root, run);
    case 'start':
      return start(control, root, run);
  }
}

/** The daemon reads the same configuration. */
function sharedSwitches({options}: Run): string[] {
  return [
    ...(options.config === undefined ? [] : ['--config', options.config]),
    ...(options.verbose ? ['--verbose'] : []),
  ];
}

async function start(control: DaemonControl, root: DataRoot, {config, log}: Run): Promise<Outcome> {
  if (!(await isEnabled(root.dataDir))) {
    log.info(`the services of ${root.dataDir} are switched off (config/enabled), the receiver does not run`);
    return stop(control);
  }
  if (control.status() === undefined) await demandFreePort(root);
  const {kind, daemon} = await control.start();
  if (kind === 'started') {
    await echo(self(root));
    log.info(`receiver of ${root.nameOrAbcd} runs on port ${root.port}, pid ${daemon.pid}`);
    warnWithoutIndexDaemon(config.PATHS.serverDir, root, log);
  }
  return {counts: {started: kind === 'started' ? 1 : 0}};
}

/** The hand-over is the journal: the index daemon may come later, but somebody should know. */
function warnWithoutIndexDaemon(serverDir: string, root: DataRoot, log: Run['log']): void {
  if (readHolder(`${serverDir}/.pids/processSingleFile${root.project}.lock`) !== undefined) return;
  log.warn('processSingleFile3 is not running, instances wait in the journal');
}

async function demandFreePort(root: DataRoot): Promise<void> {
  const owner = root.port === undefined ? undefined : await portOwner(root.port);
  if (owner === undefined) return;
  const who = owner.pid === undefined ? owner.command : `${owner.command} (pid ${owner.pid})`;
  throw new PortTaken(`port ${root.port} belongs to ${who}, not to our receiver; end it or choose another DICOMPORT`);
}

function self(root: DataRoot) {
  return {host: '127.0.0.1', port: root.port ?? 0, aeTitle: root.aeTitle, callingAeTitle: root.aeTitle};
}

async function stop(control: DaemonControl): Promise<Outcome> {
  const {kind} = await control.stop();
  return {counts: {stopped: kind === 'notRunning' ? 0 : 1}};
}

function status(control: DaemonControl, root: DataRoot): Outcome {
  const daemon = control.status();
  if (daemon === undefined) {
    return {counts: {}, exitCode: exitCode.unavailable, json: {running: false}, lines: ['not running'], summary: false};
  }
  const {pid, since} = daemon;
  return {
    counts: {},
    json: {running: true, pid, port: root.port, since},
    lines: [`running, pid ${pid}, port ${root.port}, since ${since}`],
    summary: false,
  };
}

async function dryRun(verb: Verb, control: DaemonControl, root: DataRoot): Promise<Outcome> {
  const runs = control.status() !== undefined;
  const enabled = await isEnabled(root.dataDir);
  const line =
    verb === 'start' && !runs && enabled
      ? `would start the receiver on port ${root.port}`
      : verb === 'stop' && runs
        ? 'would stop the receiver'
        : verb === 'restart'
          ? 'would restart the receiver'
          : 'nothing to do';
  return {counts: {}, lines: [line]};
}
