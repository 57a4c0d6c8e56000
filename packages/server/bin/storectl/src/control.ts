import {type DaemonControl, daemonSwitches, ownCommand} from '@fiona/lib/cli/daemonControl';
import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {describeOwner, portOwner, servedPorts} from '@fiona/lib/cli/tcpSockets';
import {dataRoot, rootName} from '@fiona/lib/config/dataRoot';
import type {Config} from '@fiona/lib/config/load';
import {readHolder} from '@fiona/lib/fs/lockHolder';
import {localPeer, type ReceiverSite, receiverControl, startReceiverDaemon} from '@fiona/lib/site/receiverControl';
import {servicesEnabled} from '@fiona/lib/site/servicesEnabled';
import type {Call, Verb} from './verbs.ts';

/** From TERM to KILL: open associations may come to their end. */
const stopSeconds = 30;
const drainMargin = 5;

/** How long the receiver lets open associations go on when it is told to stop. */
export const drainSeconds = stopSeconds - drainMargin;

/** Limit of one C-ECHO to a receiver that has just said that it listens. */
const echoMs = 2000;

/**
 * Starts, stops, restarts or shows the receiver of one data root. Starting one that runs and stopping one that does not is fine;
 * a data root whose services are switched off (`config/enabled`) has its receiver stopped instead of started.
 * @throws DaemonError, PortTaken, ReceiverSilent, FileError
 */
export async function controlReceiver({verb, project}: Call, run: Run): Promise<Outcome> {
  const {config, log, options} = run;
  const name = rootName(project);
  const command = ownCommand('serve', ...(name.project === '' ? [] : [name.project]), ...daemonSwitches(options));
  const site = {config, name, command, stopSeconds, log};
  const control = receiverControl(site);
  if (verb === 'status') return status(control, site);
  if (run.dryRun) return {counts: {}, lines: [intention(verb, control, site)]};
  if (verb === 'stop') return stop(control);
  if (verb === 'restart') await control.stop();
  return start(control, site);
}

async function start(control: DaemonControl, site: ReceiverSite): Promise<Outcome> {
  const {config, name, log} = site;
  const root = dataRoot(config, name.project);
  if (!servicesEnabled(root.dataDir)) {
    log.info(`the services of ${root.dataDir} are switched off (config/enabled), the receiver does not run`);
    return stop(control);
  }
  const {kind, daemon} = await startReceiverDaemon(site, root, async () => {
    // loaded late: cron calls this every minute, and nearly always there is nothing to start
    const {echo} = await import('@fiona/lib/dimse/echoScu');
    await echo({...localPeer(config, root), connectTimeoutMs: echoMs, responseTimeoutMs: echoMs});
  });
  if (kind === 'started') {
    log.info(`receiver of ${root.nameOrAbcd} runs on port ${root.port}, pid ${daemon.pid}`);
    warnWithoutIndexDaemon(site);
  }
  return {counts: {started: kind === 'started' ? 1 : 0}, json: {started: kind === 'started', pid: daemon.pid}};
}

/** The hand-over is the journal: the index daemon may come later, but somebody should know. */
function warnWithoutIndexDaemon({config, name, log}: ReceiverSite): void {
  if (readHolder(`${config.PATHS.serverDir}/.pids/processSingleFile${name.project}.lock`) !== undefined) return;
  log.warn('processSingleFile3 is not running, instances wait in the journal');
}

async function stop(control: DaemonControl): Promise<Outcome> {
  const {kind} = await control.stop();
  return {counts: {stopped: kind === 'notRunning' ? 0 : 1}, json: {stopped: kind !== 'notRunning', how: kind}};
}

/** The root as far as the configuration tells; undefined when it does not know it (a broken file must not prevent a look). */
function knownRoot(config: Config, project: string) {
  try {
    return dataRoot(config, project);
  } catch {
    return undefined;
  }
}

async function status(control: DaemonControl, {config, name}: ReceiverSite): Promise<Outcome> {
  const root = knownRoot(config, name.project);
  const daemon = control.status();
  const enabled = root === undefined || servicesEnabled(root.dataDir);
  const off = enabled ? '' : `, the services of ${root.dataDir} are switched off`;
  if (daemon === undefined) {
    const owner = root?.port === undefined ? undefined : await portOwner(root.port);
    const taken = owner === undefined ? '' : `, port ${root?.port} belongs to ${describeOwner(owner)}`;
    const json = {running: false, project: name.nameOrAbcd, enabled, ...(owner && {portOwner: owner})};
    return {
      counts: {},
      exitCode: exitCode.unavailable,
      json,
      lines: [`not running${off}${taken}`],
      summary: false,
    };
  }
  const {pid, since} = daemon;
  // what it listens on, not what the configuration says by now
  const {listening, connections: openAssociations} = await servedPorts(pid);
  const port = listening.find(each => each === root?.port) ?? listening[0];
  return {
    counts: {},
    json: {running: true, project: name.nameOrAbcd, enabled, pid, port, since, openAssociations},
    lines: [
      `running, pid ${pid}, port ${port ?? 'closed'}, since ${since}, ${openAssociations} associations open${off}`,
    ],
    summary: false,
  };
}

/** What a verb would do now, for `--dry-run`. */
function intention(verb: Verb, control: DaemonControl, {config, name}: ReceiverSite): string {
  const runs = control.status() !== undefined;
  if (verb === 'stop') return runs ? 'would stop the receiver' : 'nothing to do';
  const root = dataRoot(config, name.project);
  if (!servicesEnabled(root.dataDir)) {
    return runs
      ? 'would stop the receiver, its services are switched off'
      : 'nothing to do, its services are switched off';
  }
  if (verb === 'restart' && runs) return `would restart the receiver on port ${root.port}`;
  return runs ? 'nothing to do' : `would start the receiver on port ${root.port}`;
}
