import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {startSandbox} from '../../support/sandbox.ts';
import {installed} from '../gateway.ts';
import {showBytes} from '../memory.ts';
import type {Measurement} from '../table.ts';
import {median, showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const rounds = 21;
const mostMemory = 90e6;

/** What cron starts, on a site where nothing is to be done. */
const tools = [
  {tool: 'bin/anonymizeAndSend', http: false},
  {tool: 'bin/createTransferRequests', http: true},
  {tool: 'bin/populateIncoming', http: true},
  {tool: 'server/bin/storectl', args: ['status'], http: false},
  {tool: 'server/bin/processSingleFile3', args: ['status'], http: false},
] as const;

/** Prints the process's peak memory as its last act; only where memory is measured, it costs time. */
const memoryProbe = `process.on('exit', () => {
  const fs = require('node:fs');
  fs.writeFileSync(process.env.BENCH_STATUS, fs.readFileSync('/proc/self/status'));
})`;

/** Each tool in turn with `node -e 0`, so that a busy moment hits all. */
export async function measureColdStart(workspace: Workspace): Promise<Measurement[]> {
  const sandbox = await startSandbox();
  workspace.adopt(sandbox.process);
  try {
    const config = workspace.path('cold.json');
    writeFileSync(config, JSON.stringify(sandbox.config));
    const present = tools.filter(({tool}) => existsSync(installed(tool)));
    const bare = () => run(process.execPath, ['-e', '0']);
    const rivals = present.map(({tool, ...more}) => {
      const args = 'args' in more ? more.args : [];
      return (env?: Record<string, string>) => run(installed(tool), [...args, '--config', config], env);
    });
    for (const rival of rivals) rival();
    const bareSeconds: number[] = [];
    const seconds = rivals.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      bareSeconds.push(bare());
      for (const [index, rival] of rivals.entries()) seconds[index]?.push(rival());
    }
    const peer = median(bareSeconds);
    return present.map(({tool, http}, index) => {
      const ours = median(seconds[index] ?? []);
      const memory = memoryOf(workspace, rivals[index] ?? bare);
      const limit = http ? 4 : 2.5;
      return {
        row: 'coldStart',
        measured: `${tool}, ${http ? 'over HTTPS' : 'no HTTP'}, ${showBytes(memory)} RSS`,
        ours: showSeconds(ours),
        peer: `${showSeconds(peer)} node -e 0`,
        ratio: ours / peer,
        goal: `<= ${limit} x, <= ${showBytes(mostMemory)}`,
        reached: Math.min(limit / (ours / peer), mostMemory / memory),
      };
    });
  } finally {
    await sandbox.stop();
  }
}

/** Exit codes that mean: there was nothing to do (69: status of a daemon that is not running). */
const fine = new Set([0, 69]);

/** Seconds of one run. @throws Error when the tool fails */
function run(command: string, args: readonly string[], env: Record<string, string> = {}): number {
  const start = performance.now();
  const {status, stderr, stdout} = spawnSync(command, args, {env: {...process.env, ...env}, encoding: 'utf8'});
  const seconds = (performance.now() - start) / 1000;
  if (!fine.has(status ?? -1)) throw new Error(`${command} ended with ${status}: ${stderr}${stdout}`);
  return seconds;
}

function memoryOf(workspace: Workspace, rival: (env: Record<string, string>) => number): number {
  const [probe, status] = [workspace.path('probe.cjs'), workspace.path('status')];
  writeFileSync(probe, memoryProbe);
  rival({NODE_OPTIONS: `--require ${probe}`, BENCH_STATUS: status});
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1]) * 1024;
}
