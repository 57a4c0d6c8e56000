import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {isAlive, type ProcessIdentity, startTimeOf} from '@fiona/lib/cli/processIdentity';
import {expect} from 'vitest';
import {freePort, makeReceiverSite, type ReceiverSite} from '../../../../../test/support/receiverSite.ts';
import {runToolToEnd} from '../../../../../test/support/runTool.ts';

/** Times that suit a test. */
export const impatient = {recentSeconds: 0, echoTimeoutSeconds: 1, retryAfterSeconds: 0, maxArrivalSeconds: 3600};

type OnEnd = (step: () => void | Promise<void>) => void;

/** A data root with a receiver and its watchdog, and a second root `P-1`. */
export class Lab {
  readonly site: ReceiverSite;
  readonly #onEnd: OnEnd;

  private constructor(site: ReceiverSite, onEnd: OnEnd) {
    this.site = site;
    this.#onEnd = onEnd;
  }

  static async open(onEnd: OnEnd): Promise<Lab> {
    const site = await makeReceiverSite({HEARTBEAT: impatient});
    const lab = new Lab(site, onEnd);
    const dataP = join(site.dir, 'dataP');
    for (const folder of [dataP, join(site.serverDir, '.pids'), join(site.dataDir, 'config')]) {
      mkdirSync(folder, {recursive: true});
    }
    lab.change({SITES: {'P-1': {DATADIR: dataP, DICOMPORT: await freePort()}}});
    onEnd(() => site.remove());
    return lab;
  }

  heartbeat(...args: string[]) {
    return runToolToEnd({tool: 'server/bin/heartbeat', args, config: this.site.configFile});
  }

  log(): string {
    return readFileSync(join(this.site.serverDir, 'logs/heartbeat.log'), 'utf8');
  }

  pids(name: string): string {
    return join(this.site.serverDir, '.pids', name);
  }

  /** Replaces top-level keys of the configuration. */
  change(keys: Record<string, unknown>): void {
    const config = JSON.parse(readFileSync(this.site.configFile, 'utf8')) as object;
    writeFileSync(this.site.configFile, JSON.stringify({...config, ...keys}));
  }

  /** The receiver of a root, after `storectl start`. */
  async receiver(project = ''): Promise<ProcessIdentity> {
    const {code, stdout} = await this.site.storectl('start', ...(project === '' ? [] : [project]));
    expect(code, stdout).toBe(0);
    if (project !== '') this.#onEnd(async () => void (await this.site.storectl('stop', project)));
    const note = JSON.parse(readFileSync(this.pids(`storescpd${project}.pid`), 'utf8')) as ProcessIdentity;
    return {pid: note.pid, startTime: note.startTime};
  }

  /** Whether storectl says that the receiver runs. */
  async runs(): Promise<boolean> {
    return (await this.site.storectl('status')).code === 0;
  }

  /** Starts a program of the test; resolves with its first line of output. */
  async program(name: string, ...args: string[]): Promise<{child: ChildProcess; line: string}> {
    const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#onEnd(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface({input: child.stdout as NodeJS.ReadableStream}), 'line')) as [string];
    return {child, line};
  }
}

/** Ends a process without a word, and waits until it is gone. */
export async function kill9(victim: ProcessIdentity): Promise<void> {
  process.kill(victim.pid, 'SIGKILL');
  while (isAlive(victim)) await new Promise(setImmediate);
}

export function identityOf(pid: number): ProcessIdentity {
  return {pid, startTime: startTimeOf(pid) ?? 'gone'};
}
