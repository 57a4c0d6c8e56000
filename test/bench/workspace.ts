import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** How long a process may take to end after TERM. */
const stopMs = 10_000;

/**
 * The temporary folder of a run and everything started in it. Whatever way the run ends (also Ctrl-C), the processes are
 * stopped and the folder is removed.
 */
export class Workspace {
  readonly dir: string;
  readonly #processes = new Set<ChildProcess>();

  /** @param parent where the folder is made: another file system than that of temporary files */
  constructor(parent: string = tmpdir()) {
    this.dir = mkdtempSync(join(parent, 'fiona-bench-'));
    // whoever makes temporary folders makes them here
    process.env.TMPDIR = this.dir;
    process.once('exit', () => this.#clear());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }

  /** A path in the folder. */
  path(...names: string[]): string {
    return join(this.dir, ...names);
  }

  /** Removes a file or folder of the workspace. */
  remove(path: string): void {
    rmSync(path, {recursive: true, force: true});
  }

  /** Starts a process that must not outlive the run; what it prints is dropped, or kept by the caller with `pipe`. */
  start(
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
    output: 'pipe' | 'ignore' = 'ignore',
  ): ChildProcess {
    const child = spawn(command, args, {
      stdio: ['ignore', output, output],
      cwd: this.dir,
      env: {...process.env, ...env},
    });
    this.adopt(child);
    return child;
  }

  /** Sees to it that a process which somebody else started does not outlive the run either. */
  adopt(child: ChildProcess): void {
    this.#processes.add(child);
    child.once('exit', () => this.#processes.delete(child));
  }

  /** TERM, and KILL when that does not help; resolves when the process is gone. */
  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await gone;
    clearTimeout(timer);
  }

  #clear(): void {
    for (const child of this.#processes) child.kill('SIGKILL');
    this.remove(this.dir);
  }
}
