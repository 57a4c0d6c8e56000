import {printRules} from '@fiona/lib/classify/flatten';
import {claimPresence, reportReady} from '@fiona/lib/cli/daemon';
import {controlDaemon, type DaemonControl, ownCommand} from '@fiona/lib/cli/daemonControl';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {writeOut} from '@fiona/lib/cli/output';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {UsageError} from '@fiona/lib/cli/usageError';
import {dataRoot} from '@fiona/lib/config/dataRoot';
import {asUid} from '@fiona/lib/dicom/uid';
import {acquireLock} from '@fiona/lib/fs/lock';
import {countWaitingLines} from '@fiona/lib/site/journalReader';
import {positionAge} from '@fiona/lib/site/journalSegments';
import {siteModes} from '@fiona/lib/site/modes';
import {indexPaths} from './paths.ts';
import {pipePath, removePipe, sendToPipe} from './pipe.ts';
import {reclassifyStudy, requestReclassify, unreadableSentence} from './reclassify.ts';
import {describeProblem, loadRules, rulesForWork} from './rules.ts';
import {IndexDaemon} from './serve.ts';
import type {IndexedSite} from './site.ts';
import {readState} from './state.ts';
import type {Call} from './verbs.ts';

export interface Options {
  announce?: boolean;
}

const startSeconds = 30;
const stopSeconds = 10;
const reclassifySeconds = 600;

/** Carries out one call of the tool. */
export async function processSingleFile3(call: Call, run: Run<Options>): Promise<Outcome> {
  switch (call.verb) {
    case 'start':
    case 'stop':
    case 'restart':
      return run.dryRun ? dryRun(call, run) : control(call, run);
    case 'status':
      return status(call, run);
    case 'serve':
      return serve(call, run);
    case 'send':
      if (!run.dryRun) sendToPipe(pipePath(dataRoot(run.config, call.project).project), call.argument);
      return {counts: {sent: 1}, summary: false};
    case 'test':
      return test(run);
    case 'reclassify':
      return reclassify(call, run);
  }
}

function daemonOf({project}: Call, {config, options, log}: Run<Options>): DaemonControl {
  const root = dataRoot(config, project);
  const paths = indexPaths(config, root);
  const switches = [
    ...(options.config === undefined ? [] : ['--config', options.config]),
    ...(options.verbose ? ['--verbose'] : []),
  ];
  return controlDaemon({
    name: 'processSingleFile3',
    pidFile: paths.pidFile,
    lockPath: paths.lock,
    command: ownCommand('serve', ...(root.project === '' ? [] : [root.project]), ...switches),
    logFile: paths.log,
    startSeconds,
    stopSeconds,
    log,
  });
}

async function control(call: Call, run: Run<Options>): Promise<Outcome> {
  const daemon = daemonOf(call, run);
  if (call.verb === 'stop' || call.verb === 'restart') {
    const {kind} = await daemon.stop();
    // a killed daemon could not tidy up
    removePipe(pipePath(dataRoot(run.config, call.project).project));
    if (call.verb === 'stop') return {counts: {stopped: kind === 'notRunning' ? 0 : 1}};
  }
  const {kind, daemon: running} = await daemon.start();
  if (kind === 'started') run.log.info(`index daemon runs, pid ${running.pid}`);
  return {counts: {started: kind === 'started' ? 1 : 0}};
}

function dryRun(call: Call, run: Run<Options>): Outcome {
  const runs = daemonOf(call, run).status() !== undefined;
  const idle = call.verb === 'start' ? runs : call.verb === 'stop' && !runs;
  return {counts: {}, lines: [idle ? 'nothing to do' : `would ${call.verb} the index daemon`]};
}

async function status(call: Call, run: Run<Options>): Promise<Outcome> {
  const root = dataRoot(run.config, call.project);
  const daemon = daemonOf(call, run).status();
  const lines = await countWaitingLines(root.dataDir);
  const seconds = lines === 0 ? 0 : await positionAge(root.dataDir, run.clock.now());
  const state = daemon && readState(indexPaths(run.config, root).state, daemon.pid);
  const backlog = {lines, ...(seconds !== undefined && {seconds})};
  const json = daemon
    ? {running: true, pid: daemon.pid, since: daemon.since, backlog, ...state}
    : {running: false, backlog};
  const waiting = `journal ${lines} lines behind${lines > 0 && seconds !== undefined ? ` (${Math.round(seconds)} s)` : ''}`;
  const done = state ? `, ${state.messages} messages, ${state.failures} failures` : '';
  const line = daemon
    ? `running, pid ${daemon.pid}, since ${daemon.since}, ${waiting}${done}`
    : `not running, ${waiting}`;
  return {counts: {}, json, lines: [line], summary: false, exitCode: daemon ? exitCode.ok : exitCode.unavailable};
}

async function indexedSite({project}: Call, {config, log, clock}: Run<Options>): Promise<IndexedSite> {
  return {
    root: dataRoot(config, project).dataDir,
    modes: siteModes(config.PATHS.modes),
    rules: await rulesForWork(config.PATHS.classifyRules, config.INDEX.criticalTypes, log),
    allowOutside: config.INDEX.allowOutside,
    log,
    clock,
  };
}

async function serve(call: Call, run: Run<Options>): Promise<Outcome> {
  const {config, signal, log} = run;
  const root = dataRoot(config, call.project);
  const paths = indexPaths(config, root);
  const presence = await claimPresence({name: 'processSingleFile3', lockPath: paths.lock, pidFile: paths.pidFile});
  try {
    const site = await indexedSite(call, run);
    const counts = await IndexDaemon.serve({
      site,
      pipe: pipePath(root.project),
      stateFile: paths.state,
      journalKeepDays: config.RECEIVER.journalKeepDays,
      reconcileDays: config.INDEX.reconcileDays,
      reconcileMinutes: config.INDEX.reconcileMinutes,
      signal,
      onReady() {
        log.info(`indexing ${root.dataDir}`);
        reportReady();
      },
    });
    return {counts, exitCode: exitCode.ok};
  } finally {
    presence.release();
  }
}

async function test({config, log}: Run<Options>): Promise<Outcome> {
  const rules = await loadRules(config.PATHS.classifyRules);
  if (!rules) {
    log.warn(`there is no rule file ${config.PATHS.classifyRules}`);
    return {counts: {}, lines: ['[]'], json: [], summary: false};
  }
  for (const problem of rules.problems) writeOut(2, `${describeProblem(problem)}\n`);
  const disabled = rules.objects.filter(({node}) => node === undefined).length;
  const printed = printRules(rules.objects);
  const code = disabled > 0 ? exitCode.badData : exitCode.ok;
  return {counts: {}, lines: [printed], json: JSON.parse(printed), summary: false, exitCode: code};
}

async function reclassify(call: Call, run: Run<Options>): Promise<Outcome> {
  const {config, options, signal, dryRun: dry, log} = run;
  const study = asUid(call.argument);
  if (!study) throw new UsageError('reclassify needs a StudyInstanceUID');
  if (dry) return {counts: {}, lines: [`would classify study ${study} again`]};
  const root = dataRoot(config, call.project);
  const announce = options.announce === true;
  const lock = await acquireLock(indexPaths(config, root).lock, {
    kind: 'exclusive',
    tool: 'processSingleFile3 reclassify',
  });
  if (!lock) {
    const site = {root: root.dataDir, modes: siteModes(config.PATHS.modes)};
    await requestReclassify(site, study, {announce, waitSeconds: reclassifySeconds, signal});
    return {counts: {studies: 1}};
  }
  try {
    const {series, unreadable} = await reclassifyStudy(await indexedSite(call, run), study, announce);
    if (unreadable > 0) log.warn(unreadableSentence(study, unreadable));
    return {counts: {series, unreadable}, exitCode: unreadable > 0 ? exitCode.badData : exitCode.ok};
  } finally {
    lock.release();
  }
}
