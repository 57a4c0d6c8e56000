import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import type {ArrivalLine} from '@fiona/lib/site/arrivalLine';
import {countWaitingLines} from '@fiona/lib/site/journalReader';
import {JournalWriter} from '@fiona/lib/site/journalWriter';
import {compatibleModes} from '@fiona/lib/site/modes';
import {afterEach} from 'vitest';
import {aFolder} from './helpers.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A site with a configuration, the tool, and whatever daemons a test starts. */
export class Gateway {
  readonly folder = aFolder();
  readonly root = join(this.folder, 'data');
  readonly serverDir = join(this.folder, 'server');
  readonly config = join(this.folder, 'config.json');
  readonly pipe = join(this.folder, 'tmp', '.processSingleFilePipe');
  readonly #children: ChildProcess[] = [];

  constructor(more: Record<string, unknown> = {}, rules: unknown = []) {
    for (const path of [join(this.root, 'site', 'archive'), join(this.serverDir, 'bin'), join(this.folder, 'tmp')]) {
      mkdirSync(path, {recursive: true});
    }
    const {username} = userInfo();
    const config = {DATADIR: this.root, PROCESSING_USER: username, PATHS: {serverDir: this.serverDir}, ...more};
    writeFileSync(this.config, JSON.stringify(config));
    if (rules !== undefined) writeFileSync(join(this.serverDir, 'bin', 'classifyRules.json'), JSON.stringify(rules));
    started.push(this);
  }

  get environment(): NodeJS.ProcessEnv {
    return {...process.env, TMPDIR: join(this.folder, 'tmp'), FIONA_CONFIG: this.config};
  }

  /** Runs the tool to its end. */
  async run(...args: string[]): Promise<Result> {
    const child = spawn(process.execPath, [main, ...args], {env: this.environment, stdio: ['ignore', 'pipe', 'pipe']});
    const result: Result = {code: null, stdout: '', stderr: ''};
    child.stdout.on('data', text => (result.stdout += text));
    child.stderr.on('data', text => (result.stderr += text));
    [result.code] = (await once(child, 'close')) as [number | null];
    return result;
  }

  /** Starts the daemon in the foreground; ready when its pipe or a message says so. */
  serve(...project: string[]): ChildProcess {
    const child = spawn(process.execPath, [main, 'serve', ...project], {env: this.environment, stdio: 'ignore'});
    this.#children.push(child);
    return child;
  }

  log(project = ''): string {
    const path = join(this.serverDir, 'logs', `processSingleFile${project}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  openJournal(): Promise<JournalWriter> {
    return JournalWriter.open({
      root: this.root,
      segmentBytes: 20_000,
      modes: compatibleModes,
      clock: systemClock,
      log: silentLog,
    });
  }

  /** Announces files as the receiver does, in this order. */
  async announce(files: readonly {directory: string; filename: string}[]): Promise<void> {
    const writer = await this.openJournal();
    const from = {caller: 'MR1', called: 'FIONA', callerAddress: '192.0.2.1'};
    await Promise.all(
      files.map(({directory, filename}) => writer.append({...from, directory, filename} satisfies ArrivalLine)),
    );
    await writer.close();
  }

  /** Waits until every line of the journal is dealt with. */
  async journalDone(): Promise<void> {
    await until(async () => (await countWaitingLines(this.root)) === 0);
  }

  async end(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const project of ['', 'P']) {
      if (existsSync(join(this.serverDir, `.pids/processSingleFile${project}.pid`))) await this.run('stop', project);
    }
  }
}

const started: Gateway[] = [];

afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.end();
});

/** Waits for a state of the outside world that sends no event. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${seconds} s: ${condition}`);
    await delay(10);
  }
}
