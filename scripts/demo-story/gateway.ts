import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {copyFileSync, mkdirSync, openSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {type Config, checkConfig} from '@fiona/lib/config/load';

const repo = dirname(dirname(import.meta.dirname));
const dist = join(repo, 'dist');

/** What a tool said and how it ended. */
export interface ToolEnd {
  readonly code: number | null;
  readonly output: string;
}

/** A whole gateway in one folder: the installed tools, an embedded REDCap and research PACS, everything on loopback. */
export class Gateway {
  readonly dir: string;
  readonly configFile: string;
  readonly config: Config;
  #sandbox: ChildProcess | undefined;

  private constructor(dir: string, configText: string) {
    this.dir = dir;
    this.configFile = join(dir, 'config.json');
    writeFileSync(this.configFile, configText);
    this.config = checkConfig(configText, this.configFile, {keys: []});
  }

  /**
   * Makes the folders, the REDCap projects and the configuration; starts nothing.
   * @param change top-level keys of the configuration to replace
   */
  static async make(dir: string, change: Record<string, unknown> = {}): Promise<Gateway> {
    const {code, output} = await run('sandbox/sandbox', ['site', '--dir', dir], {});
    if (code !== 0) throw new Error(`sandbox site ended with ${code}`);
    const gateway = new Gateway(dir, JSON.stringify({...JSON.parse(output), ...change}, null, 2));
    const rules = gateway.config.PATHS.classifyRules;
    mkdirSync(dirname(rules), {recursive: true});
    copyFileSync(join(repo, 'packages/server/bin/processSingleFile3/classifyRules.example.json'), rules);
    return gateway;
  }

  /** What the tools are started with: this gateway's configuration, and its own folder for the named pipe. */
  get environment(): Record<string, string> {
    return {FIONA_CONFIG: this.configFile, TMPDIR: this.dir};
  }

  /** Starts REDCap and PACS, then the two daemons through their control tools. */
  async start(): Promise<void> {
    await this.startSandbox();
    await this.tool('server/bin/processSingleFile3', 'start');
    await this.tool('server/bin/storectl', 'start');
  }

  /** Starts REDCap and PACS unless they run; resolves when both answer. */
  async startSandbox(): Promise<void> {
    if (this.#sandbox?.exitCode === null && this.#sandbox.signalCode === null) return;
    this.#sandbox = spawn(join(dist, 'sandbox/sandbox'), ['start', '--dir', this.dir], {
      stdio: ['ignore', 'pipe', openSync(join(this.dir, 'sandbox.log'), 'a')],
    });
    await once(createInterface({input: this.#sandbox.stdout as NodeJS.ReadableStream}), 'line');
  }

  /** Kills REDCap and PACS with SIGKILL, as a crash would end them. */
  async killSandbox(): Promise<void> {
    if (this.#sandbox?.exitCode !== null || this.#sandbox.signalCode !== null) return;
    this.#sandbox.kill('SIGKILL');
    await once(this.#sandbox, 'exit');
  }

  /** Stops what was started, in any state. */
  async stop(): Promise<void> {
    for (const daemon of ['server/bin/storectl', 'server/bin/processSingleFile3']) {
      await run(daemon, ['stop'], this.environment);
    }
    if (this.#sandbox?.exitCode === null && this.#sandbox.signalCode === null) {
      this.#sandbox.kill('SIGTERM');
      await once(this.#sandbox, 'exit');
    }
  }

  /** Runs an installed tool; throws when it does not end with 0. */
  async tool(name: string, ...args: string[]): Promise<ToolEnd> {
    const end = await run(name, args, this.environment);
    if (end.code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${end.code}:\n${end.output}`);
    return end;
  }
}

async function run(name: string, args: readonly string[], env: Record<string, string>): Promise<ToolEnd> {
  const child = spawn(join(dist, name), args, {stdio: ['ignore', 'pipe', 'inherit'], env: {...process.env, ...env}});
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return {code, output};
}
