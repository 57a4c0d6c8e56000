import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {onTestFinished} from 'vitest';

/** A program of the tests as a process of its own. */
export interface Child {
  process: ChildProcess;
  /** The next line it prints. */
  line(): Promise<string>;
  /** `kill -9`, and waits for the end. */
  kill(): Promise<void>;
  /** Waits for the end. */
  ended(): Promise<{code: number | null; stdout: string; stderr: string}>;
}

/** Starts a `.ts` file beside the tests (path below packages/lib/test). */
export function startChild(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, NODE_OPTIONS: '', ...env},
  });
  const output = {stdout: '', stderr: ''};
  child.stderr.on('data', chunk => {
    output.stderr += String(chunk);
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  createInterface(child.stdout).on('line', line => {
    output.stdout += `${line}\n`;
    const next = waiting.shift();
    if (next) next(line);
    else lines.push(line);
  });
  const exit = once(child, 'close');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return {
    process: child,
    line: () => {
      const line = lines.shift();
      if (line !== undefined) return Promise.resolve(line);
      return Promise.race([
        new Promise<string>(settle => waiting.push(settle)),
        exit.then(() => Promise.reject(new Error(`the child ended: ${output.stderr}`))),
      ]);
    },
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    async ended() {
      const [code] = (await exit) as [number | null];
      return {code, ...output};
    },
  };
}
