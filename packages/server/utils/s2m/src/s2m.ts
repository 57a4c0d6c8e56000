import {createInterface} from 'node:readline/promises';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {openProgress} from '@fiona/lib/cli/progress';
import type {Outcome, Run} from '@fiona/lib/cli/tool';
import {UsageError} from '@fiona/lib/cli/usageError';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import type {Uid} from '@fiona/lib/dicom/uid';
import {archiveFolder} from '@fiona/lib/site/layout';
import {localPeer} from '@fiona/lib/site/receiverControl';
import {lockStudy} from '@fiona/lib/site/studyLock';
import type {Call, SendOptions} from './call.ts';
import {findInstances} from './instances.ts';
import {type Plan, planFor} from './plan.ts';
import {reclassify} from './reclassify.ts';
import {type Sent, sendStudy} from './send.ts';

/** The figures of a run, and what each study came to. */
interface Result {
  reclassified: number;
  sent: number;
  failed: number;
  others: number;
  unreachable: boolean;
  readonly studies: {study: string; result: string}[];
}

/**
 * Carries out a call: studies of the archive are classified again where they are (their files would be overwritten while they
 * are read), everything else goes through the network like what a scanner sends.
 * @throws UsageError, FileError
 */
export async function s2m(call: Call, root: DataRoot, run: Run<SendOptions>): Promise<Outcome> {
  const {log, dryRun, options, signal} = run;
  const plan = await planFor(call.target, {root: root.dataDir, now: run.clock.now(), log});
  for (const study of plan.gone) log.warn(`study ${study} is no longer in the archive`);
  const result: Result = {
    reclassified: 0,
    sent: 0,
    failed: plan.gone.length,
    others: 0,
    unreachable: false,
    studies: [],
  };
  if (dryRun) return outcomeOf(result, planLines(plan, options));
  if (isOthersData(call) && plan.studies.length > 0 && !(await isAgreed(plan, options))) {
    throw new UsageError(`nothing done: ${plan.studies.length} studies were not confirmed (--yes goes without asking)`);
  }
  for (const study of plan.studies) {
    if (signal.aborted || result.unreachable) break;
    await (options.force ? sendArchived(study, root, run, result) : classifyAgain(study, call, run, result));
  }
  if (plan.folder !== undefined) await sendFolder(plan.folder, root, run, result);
  return outcomeOf(result, []);
}

/** A study or folder was named; what belongs to a patient or to a time was only described. */
const isOthersData = ({target: {kind}}: Call): boolean => kind === 'patient' || kind === 'name' || kind === 'last';

function planLines({studies, folder}: Plan, {force}: SendOptions): string[] {
  const what = force ? 'send' : 'classify again';
  return [
    ...studies.map(study => `${what}: study ${study}`),
    ...(folder === undefined ? [] : [`send: folder ${folder}`]),
  ];
}

async function isAgreed(plan: Plan, options: SendOptions): Promise<boolean> {
  if (options.yes) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  const list = planLines(plan, options).join('\n');
  const answer = await terminal.question(`${list}\n${plan.studies.length} studies, go on? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function classifyAgain(study: Uid, {project}: Call, run: Run<SendOptions>, result: Result): Promise<void> {
  const {config, announce = false} = run.options;
  const outcome = await reclassify(study, {project, config, announce});
  if (outcome.kind === 'done') {
    result.reclassified++;
    tell(result, run, study, 'classified again');
  } else {
    result.failed++;
    tell(result, run, study, outcome.why, true);
  }
}

async function sendArchived(study: Uid, root: DataRoot, run: Run<SendOptions>, result: Result): Promise<void> {
  const lock = await lockStudy(root.dataDir, study, 'shared', {tool: 's2m'});
  if (lock === undefined) {
    result.failed++;
    tell(result, run, study, 'is being deleted, not sent', true);
    return;
  }
  try {
    await sendFolder(archiveFolder(root.dataDir, study), root, run, result);
  } finally {
    lock.release();
  }
}

async function sendFolder(folder: string, root: DataRoot, run: Run<SendOptions>, result: Result): Promise<void> {
  const {config, log, signal, options} = run;
  const {studies, others} = await findInstances(folder, signal);
  result.others += others;
  const {callingAeTitle, calledAeTitle} = config.PROCESSED;
  const peer = {...localPeer(config, root), callingAeTitle, aeTitle: calledAeTitle};
  const count = [...studies.values()].reduce((sum, paths) => sum + paths.length, 0);
  const progress = openProgress('send', count, {quiet: options.quiet === true});
  let before = 0;
  for (const [study, paths] of studies) {
    if (signal.aborted || result.unreachable) break;
    const sent = await sendStudy(study, paths, {peer, log, signal, progress, before});
    before += paths.length;
    progress.end();
    note(sent, run, result);
  }
}

function note(sent: Sent, run: Run<SendOptions>, result: Result): void {
  result.sent += sent.stored;
  result.failed += sent.failed;
  result.unreachable ||= sent.unreachable;
  const reasons = Object.entries(sent.reasons).map(([reason, count]) => `${count} ${reason}`);
  tell(
    result,
    run,
    sent.study || 'without a UID',
    [`${sent.stored} instances sent`, ...reasons].join('; '),
    sent.failed > 0,
  );
}

function tell(result: Result, {log}: Run<SendOptions>, study: string, what: string, isFailure = false): void {
  result.studies.push({study, result: what});
  if (isFailure) log.error(`study ${study}: ${what}`);
  else log.info(`study ${study}: ${what}`);
}

function outcomeOf({studies, unreachable, ...counts}: Result, lines: readonly string[]): Outcome {
  const {failed, others, sent, reclassified} = counts;
  const isNothing = sent + reclassified + failed === 0 && lines.length === 0;
  const code = unreachable
    ? exitCode.unavailable
    : failed > 0 || (isNothing && others > 0)
      ? exitCode.badData
      : exitCode.ok;
  return {
    counts: {'classified again': reclassified, sent, failed, 'not DICOM': others},
    exitCode: code,
    json: {...counts, studies, ...(lines.length > 0 && {plan: lines})},
    lines,
  };
}
