import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Instances, writeInstances} from '../instances.ts';
import {writeManyFrames} from '../manyFrames.ts';
import {showBytes} from '../memory.ts';
import {bundleProgram, runProgram} from '../programs.ts';
import type {Measurement} from '../table.ts';
import {inTurn, median, showRate, showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const rounds = 5;
const threadCounts = [1, 2] as const;
/** Files a second of the older C++ tool by threads, on files of half a megabyte, as recorded. */
const recorded = {1: 667, 2: 1390} as const;
const rateGoal = 1.3;
/** On one thread, in times that plain reading and writing takes. */
const copyGoal = 2;
const frames = 40_000;
const framesGoalSeconds = 4;

/** De-identification with the full profile: files of a CT, large and small, and one header as long as headers get. */
export async function measureDeidentify(workspace: Workspace): Promise<Measurement[]> {
  const bundle = await bundleProgram(workspace, 'deidentify');
  const large = await measureRates(workspace, bundle, {count: 500, size: 512});
  const small = await measureRates(workspace, bundle, {count: 2000, size: 128});
  return [
    ...threadCounts.map(threads => againstRecorded(large, threads)),
    againstCopying(large),
    againstCopying(small),
    await measureManyFrames(workspace, bundle),
  ];
}

/** Median seconds for all files: of copying them, and of de-identifying them by number of threads. */
interface Rates {
  readonly files: Instances;
  readonly copying: number;
  readonly seconds: Readonly<Record<number, number>>;
  readonly cpuSeconds: Readonly<Record<number, number>>;
}

async function measureRates(
  workspace: Workspace,
  bundle: string,
  {count, size}: {count: number; size: number},
): Promise<Rates> {
  const files = writeInstances(workspace.path('in'), {count, size, study: 20});
  const output = workspace.path('out');
  const cpu: Record<number, number[]> = {1: [], 2: []};
  const run = (threads: number) => async () => {
    const printed = await runProgram(workspace, bundle, [String(threads), files.folder, output]);
    const {seconds, cpuSeconds} = JSON.parse(printed) as {seconds: number; cpuSeconds: number};
    cpu[threads]?.push(cpuSeconds);
    workspace.remove(output);
    return seconds;
  };
  const [copying = 0, ...ours] = await inTurn(rounds, [async () => copy(workspace, files), ...threadCounts.map(run)]);
  workspace.remove(files.folder);
  const byThreads = (values: readonly number[]) =>
    Object.fromEntries(threadCounts.map((threads, index) => [threads, values[index] ?? 0]));
  return {files, copying, seconds: byThreads(ours), cpuSeconds: byThreads(threadCounts.map(n => median(cpu[n] ?? [])))};
}

function againstRecorded({files, seconds, cpuSeconds}: Rates, threads: 1 | 2): Measurement {
  const count = files.paths.length;
  const ours = seconds[threads] ?? 0;
  const ratio = count / ours / recorded[threads];
  const cpu = (((cpuSeconds[threads] ?? 0) / count) * 1000).toFixed(2);
  return {
    row: 'deidentify',
    measured: `${files.title}, full profile, ${threads} thread${threads > 1 ? 's' : ''}; ${cpu} ms CPU a file`,
    ours: `${showRate(count, ours)}, ${showBytes(files.bytes / ours)}/s`,
    peer: `${showRate(recorded[threads], 1)} older tool (recorded)`,
    ratio,
    goal: `>= ${rateGoal} x`,
    reached: ratio / rateGoal,
  };
}

function againstCopying({files, copying, seconds}: Rates): Measurement {
  const count = files.paths.length;
  const ours = seconds[1] ?? 0;
  const isLarge = files.bytes / count > 100_000;
  return {
    row: 'deidentify',
    measured: `${files.title}, full profile, 1 thread, time beside plain read + write of the same bytes`,
    ours: `${showRate(count, ours)}, ${showBytes(files.bytes / ours)}/s`,
    peer: showRate(count, copying),
    ratio: ours / copying,
    goal: isLarge ? `<= ${copyGoal} x` : '',
    ...(isLarge && {reached: copyGoal / (ours / copying)}),
  };
}

async function measureManyFrames(workspace: Workspace, bundle: string): Promise<Measurement> {
  const [folder, output] = [workspace.path('frames'), workspace.path('frames-out')];
  mkdirSync(folder);
  const bytes = writeManyFrames(join(folder, 'frames.dcm'), frames);
  const printed = await runProgram(workspace, bundle, ['1', folder, output, String(2 * bytes)]);
  const {seconds, memory} = JSON.parse(printed) as {seconds: number; memory: number};
  for (const path of [folder, output]) workspace.remove(path);
  return {
    row: 'deidentify',
    measured: `functional groups of ${frames.toLocaleString('en')} frames (${showBytes(bytes)} of header, ${showBytes(memory)} RSS)`,
    ours: showSeconds(seconds),
    peer: '',
    goal: `<= ${framesGoalSeconds} s`,
    reached: framesGoalSeconds / seconds,
  };
}

/** Seconds to read and write the same bytes, one file after the other. */
function copy(workspace: Workspace, {paths}: Instances): number {
  const folder = workspace.path('copy');
  mkdirSync(folder);
  const start = performance.now();
  for (const [index, path] of paths.entries()) writeFileSync(join(folder, String(index)), readFileSync(path));
  const seconds = (performance.now() - start) / 1000;
  workspace.remove(folder);
  return seconds;
}
