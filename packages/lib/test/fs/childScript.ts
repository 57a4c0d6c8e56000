import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {basename, join} from 'node:path';
import {createInterface} from 'node:readline';
import {buildSync} from 'esbuild';
import {onTestFinished} from 'vitest';
import {tempFolder} from './tempFolder.ts';

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

const folder = tempFolder();
const bundles = new Map<string, string>();

/** The script as one file: it starts several times as fast, as installed tools do. */
export function bundled(script: string): string {
  const found = bundles.get(script);
  if (found !== undefined) return found;
  const outfile = join(folder, basename(script).replace(/\.ts$/, '.mjs'));
  buildSync({
    entryPoints: [join(import.meta.dirname, '..', script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
  });
  bundles.set(script, outfile);
  return outfile;
}

/** Starts a `.ts` file of the tests (path below packages/lib/test) as a process. */
export function startChild(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, [bundled(script), ...args], {
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
