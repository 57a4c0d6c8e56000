import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Instances, writeInstances} from '../instances.ts';
import {bundleProgram, runProgram} from '../programs.ts';
import type {Measurement} from '../table.ts';
import {inTurn, median, showRate} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const count = 500;
const rounds = 5;
/** Files a second of the older C++ tool by threads, as recorded. */
const recorded = {1: 667, 2: 1390} as const;
const goal = 1.3;

/** De-identification with the full profile, with one and two worker threads, beside plain copying of the same bytes. */
export async function measureDeidentify(workspace: Workspace): Promise<Measurement[]> {
  const bundle = await bundleProgram(workspace, 'deidentify');
  const files = writeInstances(workspace.path('in'), {count, size: 512, study: 20});
  const output = workspace.path('out');
  const cpu: Record<number, number[]> = {1: [], 2: []};
  const run = (threads: number) => async () => {
    const printed = await runProgram(workspace, bundle, [String(threads), files.folder, output]);
    const {seconds, cpuSeconds} = JSON.parse(printed) as {seconds: number; cpuSeconds: number};
    cpu[threads]?.push(cpuSeconds);
    workspace.remove(output);
    return seconds;
  };
  const [copying = 0, ...ours] = await inTurn(rounds, [async () => copy(workspace, files), run(1), run(2)]);
  workspace.remove(files.folder);
  return ([1, 2] as const).map((threads, index) => {
    const seconds = ours[index] ?? 0;
    const ratio = count / seconds / recorded[threads];
    return {
      row: 'deidentify',
      measured:
        `${files.title}, full profile, ${threads} thread${threads > 1 ? 's' : ''}; ` +
        `${(seconds / copying).toFixed(2)} x plain read + write, ${showMilliseconds(median(cpu[threads] ?? []))} CPU a file`,
      ours: showRate(count, seconds),
      peer: `${showRate(recorded[threads], 1)} older tool (recorded)`,
      ratio,
      goal: `>= ${goal} x`,
      reached: ratio / goal,
    };
  });
}

const showMilliseconds = (cpuSeconds: number): string => `${((cpuSeconds / count) * 1000).toFixed(2)} ms`;

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
