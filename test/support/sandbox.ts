import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {DatabaseSync} from 'node:sqlite';
import {fileURLToPath} from 'node:url';
import {parseFault} from '../../packages/sandbox/src/faults/faultFormat.ts';
import {FaultQueue} from '../../packages/sandbox/src/faults/faultQueue.ts';
import {loadProject} from '../../packages/sandbox/src/project/load.ts';
import {openDatabase} from '../../packages/sandbox/src/store/database.ts';
import {callRedcap, type RedcapAnswer} from './redcapCall.ts';

const main = fileURLToPath(new URL('../../packages/sandbox/src/main.ts', import.meta.url));

export interface SandboxOptions {
  /** Folder of the sandbox; a new temporary one (removed by `stop`) when absent. */
  dir?: string;
  /** Loads the gateway's and the example projects first; `tokens` and `config` are filled. Default true. */
  site?: boolean;
  plainHttp?: boolean;
  seed?: string;
  /** Further arguments of `sandbox start`. */
  args?: string[];
  env?: Record<string, string>;
}

/** A sandbox in a process of its own. */
export interface RunningSandbox {
  dir: string;
  redcapUrl: string;
  /** Certificate of its authority; '' with plain HTTP. */
  caFile: string;
  pacs: {aeTitle: string; queryAeTitle: string; host: string; port: number};
  /** Token by project name (Incoming, Routing, …, DEMO-BRAIN, …). */
  tokens: Record<string, string>;
  /** The config.json of `sandbox site`, as parsed JSON; add what a test wants and write it to a file. */
  config: Record<string, unknown>;
  process: ChildProcess;
  /** Adds a project from the load format; answers its token. */
  load(project: unknown): Promise<string>;
  /** Queues a fault, or a list of them. */
  fault(fault: unknown): Promise<void>;
  clearFaults(): Promise<void>;
  /** One API call without the product's client; lists become `name[0]`, `name[1]`, … */
  call(token: string, parameters: Record<string, string | string[]>): Promise<RedcapAnswer>;
  /** SIGTERM; waits for the end; removes a temporary folder. Answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; waits for the end; keeps the folder. */
  kill9(): Promise<void>;
  /** Starts again on the same folder and ports (after `kill9`). */
  restart(): Promise<void>;
}

export interface ToolResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command of the sandbox to its end. */
export async function runSandbox(args: string[], input = '', env: Record<string, string> = {}): Promise<ToolResult> {
  // a hanging command must not outlive the test that waits for it
  const limit = {timeout: 25_000, killSignal: 'SIGKILL'} as const;
  const child = spawn(process.execPath, [main, ...args], {stdio: 'pipe', env: {...process.env, ...env}, ...limit});
  const result: ToolResult = {code: null, stdout: '', stderr: ''};
  child.stdout.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}

async function succeed(args: string[], input = '', env: Record<string, string> = {}): Promise<string> {
  const {code, stdout, stderr} = await runSandbox(args, input, env);
  if (code !== 0) throw new Error(`sandbox ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

interface Ready {
  redcapUrl: string;
  caFile?: string;
  pacs: RunningSandbox['pacs'];
}

/** Starts `sandbox start` and waits for its JSON line. Rejects with its stderr when it ends instead. */
async function startProcess(dir: string, options: SandboxOptions): Promise<{child: ChildProcess; ready: Ready}> {
  const seed = options.seed === undefined ? [] : ['--seed', options.seed];
  const args = [
    'start',
    '--dir',
    dir,
    ...(options.plainHttp ? ['--plain-http'] : []),
    ...seed,
    ...(options.args ?? []),
  ];
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, ...options.env},
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({input: child.stdout});
  const limit = setTimeout(() => child.kill('SIGKILL'), 25_000);
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) => {
      throw new Error(`sandbox start ended with ${code}: ${stderr}`);
    }),
  ]);
  clearTimeout(limit);
  return {child, ready: JSON.parse(line) as Ready};
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}

/** As `sandbox load` and `sandbox fault` do it, without the start of another process. */
function inFolder<T>(dir: string, work: (database: DatabaseSync) => T): T {
  const database = openDatabase(dir);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function queueFaults(database: DatabaseSync, value: unknown): void {
  for (const one of Array.isArray(value) ? value : [value]) {
    const parsed = parseFault(one);
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
    new FaultQueue(database).add(parsed.fault);
  }
}

async function readTokens(dir: string): Promise<Record<string, string>> {
  const folder = join(dir, 'tokens');
  const names = (await readdir(folder)).filter(name => !name.endsWith('.json'));
  const tokens = names.map(async name => [name, (await readFile(join(folder, name), 'utf8')).trim()] as const);
  return Object.fromEntries(await Promise.all(tokens));
}

/** Starts a sandbox of its own for a test file; call `stop` (or `kill9`) in the end. */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'fiona-sandbox-')));
  let tokens: Record<string, string> = {};
  let config: Record<string, unknown> = {};
  if (options.site ?? true) {
    const seed = options.seed === undefined ? [] : ['--seed', options.seed];
    const plain = options.plainHttp ? ['--plain-http'] : [];
    config = JSON.parse(await succeed(['site', '--dir', dir, ...seed, ...plain], '', options.env)) as Record<
      string,
      unknown
    >;
    tokens = await readTokens(dir);
  }
  const {child, ready} = await startProcess(dir, options);
  const {redcapUrl, caFile = ''} = ready;
  const sandbox: RunningSandbox = {
    dir,
    redcapUrl,
    caFile,
    pacs: ready.pacs,
    tokens,
    config,
    process: child,
    load: async project => inFolder(dir, database => loadProject(database, project, 'the test').token),
    fault: async fault => inFolder(dir, database => queueFaults(database, fault)),
    clearFaults: async () => inFolder(dir, database => new FaultQueue(database).clear()),
    call: (token, parameters) => callRedcap({redcapUrl, caFile}, {token, ...parameters}),
    async stop() {
      const code = await end(sandbox.process, 'SIGTERM');
      if (options.dir === undefined) await rm(dir, {recursive: true, force: true});
      return code;
    },
    kill9: async () => void (await end(sandbox.process, 'SIGKILL')),
    restart: async () => {
      sandbox.process = (await startProcess(dir, options)).child;
    },
  };
  return sandbox;
}
