import {daemonSwitches} from '@fiona/lib/cli/daemonControl';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {siblingTool} from '@fiona/lib/cli/siblingTool';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import type {ReceiverSite} from '@fiona/lib/site/receiverControl';
import {endStuckArrival} from './arrival.ts';
import {describe, type Finding, judge} from './judge.ts';
import {lookAtReceiver} from './look.ts';
import {type Memory, readMemory, writeMemory} from './memory.ts';
import {heartbeatPaths} from './paths.ts';
import {inTime, isWorthTelling, type Report, reportFinding} from './report.ts';
import {type Restart, restart} from './restart.ts';
import {mayRestart, recentRestarts} from './restartPolicy.ts';

/** From TERM to KILL: a receiver that is silent finishes nothing. */
const stopSeconds = 5;

/**
 * One look at the receiver of a data root: one that is silent, or has died, is started again as often as the policy allows. A
 * detectStudyArrival that hangs is ended, whatever the receiver does.
 * @throws FileError, DaemonError
 */
export async function heartbeat(root: DataRoot, run: Run): Promise<Outcome> {
  const {config, log, clock, dryRun, signal} = run;
  const paths = heartbeatPaths(config, root);
  const arrival = await endStuckArrival(paths.arrivalLock, config.HEARTBEAT.maxArrivalSeconds, run);
  const memory = readMemory(paths.memory);
  const serve = ['serve', ...(root.project === '' ? [] : [root.project]), ...daemonSwitches(run.options)];
  const site = {config, name: root, command: siblingTool('storectl', ...serve), stopSeconds, log};
  const finding = judge(await lookAtReceiver({site, root, memory, clock, signal}));
  const report = await act(finding, {site, root, memory, run});
  const now = clock.now();
  const isNews = isWorthTelling(report, memory, now);
  const sentence = inTime(report, memory, now);
  if (isNews) log[report.level](sentence);
  const {restarts} = readMemory(paths.memory);
  if (!dryRun) writeMemory(paths.memory, nextMemory(memory, {finding, report, now, isNews, restarts}));
  // cron mails what is printed: trouble and restarts, when they are new
  const show = dryRun || process.stdout.isTTY === true || (isNews && (report.level !== 'info' || report.restarted));
  return {
    counts: {},
    exitCode: arrival.kind === 'notAllowed' ? exitCode.config : report.exitCode,
    json: {state: report.state, detail: report.sentence, restarted: report.restarted === true, arrival: arrival.kind},
    lines: [...(show ? [sentence] : []), ...(arrival.kind === 'none' ? [] : [arrival.sentence])],
    // a line a minute would fill the log for nothing
    summary: false,
  };
}

interface Circumstances {
  readonly site: ReceiverSite;
  readonly root: DataRoot;
  readonly memory: Memory;
  readonly run: Run;
}

/** Starts the receiver again when the finding calls for it and the policy allows it. */
async function act(finding: Finding, {site, root, memory, run}: Circumstances): Promise<Report> {
  if (finding.kind !== 'silent' && finding.kind !== 'crashed') return reportFinding(finding);
  const {clock, config, dryRun, log} = run;
  const now = clock.now();
  const permission = mayRestart(memory.restarts, now);
  if (permission.kind === 'later') {
    const sentence = `${describe(finding)}; after ${permission.count} restarts within an hour the next one comes not before ${permission.at.toISOString()}`;
    return {state: 'held', level: 'error', sentence, exitCode: exitCode.unavailable};
  }
  if (dryRun) return {...reportFinding(finding), sentence: `${describe(finding)}; would start it again`};
  const begun = () => {
    log.warn(`${describe(finding)}; it is started again`);
    const restarts = [...recentRestarts(memory.restarts, now), now];
    writeMemory(heartbeatPaths(config, root).memory, {...memory, restarts, restarting: true});
  };
  try {
    return reportRestart(await restart(finding, {site, root, begun}), finding);
  } catch (error) {
    if (!(error instanceof FionaError)) throw error;
    const sentence = `the receiver could not be started again: ${error.message}`;
    return {state: 'notRestarted', level: 'error', sentence, exitCode: error.exitCode, unfinished: true};
  }
}

function reportRestart(result: Restart, finding: Finding): Report {
  switch (result.kind) {
    case 'restarted': {
      const sentence = `the receiver was started again and answers, pid ${result.pid}`;
      return {state: 'answers', level: 'info', sentence, exitCode: exitCode.ok, restarted: true};
    }
    case 'foreign':
      return {...reportFinding({kind: 'foreign', owner: result.owner}), unfinished: true};
    case 'atWork': {
      const sentence = 'storectl is just starting or stopping the receiver, nothing done';
      return {state: 'atWork', level: 'info', sentence, exitCode: exitCode.tryLater};
    }
    case 'changed': {
      const sentence = `${describe(finding)}, but that has just changed; nothing done`;
      return {state: 'changed', level: 'info', sentence, exitCode: exitCode.tryLater};
    }
  }
}

interface News {
  readonly finding: Finding;
  readonly report: Report;
  readonly now: Date;
  readonly isNews: boolean;
  /** The restarts so far, with one of this run. */
  readonly restarts: readonly Date[];
}

function nextMemory(before: Memory, {finding, report, now, isNews, restarts}: News): Memory {
  const lasts = before.state === report.state;
  const isOver = report.state === 'answers' || report.state === 'disabled' || 'daemon' in finding;
  return {
    state: report.state,
    pid: 'daemon' in finding ? finding.daemon.pid : undefined,
    since: lasts ? (before.since ?? now) : now,
    toldAt: isNews ? now : before.toldAt,
    restarts,
    restarting: report.unfinished === true || (before.restarting && !isOver),
  };
}
