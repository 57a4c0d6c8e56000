import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import {basename, dirname, resolve} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {FileError} from '../fs/fileError.ts';
import {readHolder} from '../fs/lockHolder.ts';
import {makeFolder} from '../fs/makeFolder.ts';
import {type StartMessage, startVariable} from './daemon.ts';
import {DaemonError} from './daemonError.ts';
import {type ExitCode, exitCode} from './exitCode.ts';
import type {Log} from './log.ts';
import {isNoted, readPidFile, removePidFile} from './pidFile.ts';
import {commandLineOf, isAlive, type ProcessIdentity} from './processIdentity.ts';
import type {SharedOptions} from './tool.ts';

/** One daemon, as its control tool knows it. */
export interface DaemonOptions {
  /** For messages: `storescpd`, `processSingleFile3`. */
  name: string;
  pidFile: string;
  /** The lock the daemon holds as long as it lives; its holder note stands in for a lost pid file. */
  lockPath: string;
  /** Program and arguments of the daemon in the foreground; it must call `reportReady`. See {@link ownCommand}. */
  command: readonly [program: string, ...args: string[]];
  /** Gets standard output and error of the daemon: what it says before and beside its own log. */
  logFile: string;
  /** Limit for becoming ready. */
  startSeconds: number;
  /** From TERM to KILL. */
  stopSeconds: number;
  log: Log;
}

/** A living daemon. */
export interface RunningDaemon extends ProcessIdentity {
  /** ISO 8601 UTC. */
  since: string;
}

export interface DaemonControl {
  /** The living daemon, found by pid file or lock note and verified by start time and command line. */
  status(): RunningDaemon | undefined;
  /**
   * Starts it unless it runs, and waits until it can serve.
   * @throws DaemonError when it does not become ready (69, or the code it ended with)
   */
  start(): Promise<{kind: 'started' | 'running'; daemon: RunningDaemon}>;
  /**
   * TERM, wait, KILL.
   * @throws DaemonError when it lives on (75) or belongs to another account (78)
   */
  stop(): Promise<{kind: 'stopped' | 'killed' | 'notRunning'}>;
  /** @throws DaemonError */
  restart(): Promise<{kind: 'started' | 'running'; daemon: RunningDaemon}>;
}

const afterKillSeconds = 5;

/** The command that runs this very tool again with other arguments. */
export function ownCommand(...args: string[]): [program: string, ...args: string[]] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...args];
}

/** Switches that a daemon gets from the call that starts it: it reads the same configuration, from another folder. */
export function daemonSwitches({config, verbose}: SharedOptions): string[] {
  return [...(config === undefined ? [] : ['--config', resolve(config)]), ...(verbose ? ['--verbose'] : [])];
}

/** Start, stop, restart and status of one daemon. Control runs of the same daemon must exclude each other by a lock of the tool. */
export function controlDaemon(options: DaemonOptions): DaemonControl {
  const control: DaemonControl = {
    status: () => findDaemon(options),
    start: () => startDaemon(options),
    stop: () => stopDaemon(options),
    async restart() {
      await control.stop();
      return control.start();
    },
  };
  return control;
}

function findDaemon({pidFile, lockPath, command}: DaemonOptions): RunningDaemon | undefined {
  const found = readPidFile(pidFile);
  if (found.kind === 'own' && isNoted(found.note)) return found.note;
  // without a pid file of ours (removed, or a number an older tool left) the lock's note counts
  const holder = readHolder(lockPath);
  return holder && runsCommand(holder.pid, command) ? holder : undefined;
}

function runsCommand(pid: number, command: readonly string[]): boolean {
  const commandLine = commandLineOf(pid);
  return commandLine !== undefined && whatRuns(commandLine) === whatRuns(command);
}

/**
 * Script, verb and data root of a command line. The program may be another Node after an update, the script may have been called by
 * its older name, and the switches are those of whoever started it.
 */
function whatRuns([, ...words]: readonly string[]): string {
  const plain = words.filter((word, at) => !word.startsWith('-') && words[at - 1] !== '--config');
  const [script = '', ...rest] = plain;
  return [basename(script).replace(/\.[a-z0-9]+$/, ''), ...rest].join('\0');
}

async function startDaemon(options: DaemonOptions) {
  const {name, pidFile, log} = options;
  const running = findDaemon(options);
  if (running) return {kind: 'running' as const, daemon: running};
  if (readPidFile(pidFile).kind !== 'missing') log.info(`${pidFile} is stale, nothing of ours runs under it`);
  const child = launch(options);
  log.info(`starting ${name}: ${options.command.join(' ')}`);
  const message = await firstWord(child, options.startSeconds);
  if (child.connected) child.disconnect();
  if (message?.kind === 'ready') {
    child.unref();
    const daemon = findDaemon(options);
    if (daemon) return {kind: 'started' as const, daemon};
    throw new DaemonError(`${name} ended right after it was ready, see ${options.logFile}`, exitCode.unavailable);
  }
  const failure = await failedStart(child, message, options);
  // somebody else was quicker
  const other = findDaemon(options);
  if (other) return {kind: 'running' as const, daemon: other};
  throw failure;
}

/** Starts the process detached: own session, no terminal, `/` as its folder. */
function launch({command, logFile}: DaemonOptions): ChildProcess {
  makeFolder(dirname(logFile));
  let output: number;
  try {
    output = openSync(logFile, 'a', 0o644);
  } catch (error) {
    throw new FileError('write', logFile, error);
  }
  try {
    const [program, ...args] = command;
    const config = process.env.FIONA_CONFIG;
    return spawn(program, args, {
      detached: true,
      cwd: '/',
      stdio: ['ignore', output, output, 'ipc'],
      env: {...process.env, [startVariable]: '1', ...(config && {FIONA_CONFIG: resolve(config)})},
    });
  } finally {
    closeSync(output);
  }
}

type FirstWord = StartMessage | {kind: 'ended'; code: number | null; signal: NodeJS.Signals | null} | undefined;

/** The daemon's message, its end, or undefined when neither comes in time. */
async function firstWord(child: ChildProcess, seconds: number): Promise<FirstWord> {
  const timer = new AbortController();
  const word = new Promise<FirstWord>(settle => {
    child.once('message', message => settle(message as StartMessage));
    child.once('error', error => settle({kind: 'failed', why: error.message, exitCode: exitCode.unavailable}));
    // a last message may still be under way when the process has ended
    child.once('exit', (code, signal) => setTimeout(() => settle({kind: 'ended', code, signal}), 50));
  });
  try {
    return await Promise.race([word, delay(seconds * 1000, undefined, {signal: timer.signal})]);
  } finally {
    timer.abort();
  }
}

async function failedStart(child: ChildProcess, word: Exclude<FirstWord, {kind: 'ready'}>, options: DaemonOptions) {
  const {name, logFile, startSeconds} = options;
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await endChild(child);
  if (word?.kind === 'failed') return new DaemonError(`${name} did not start: ${word.why}`, knownCode(word.exitCode));
  const why =
    word?.kind === 'ended'
      ? `it ended with ${word.signal ?? `code ${word.code}`}`
      : `it was not ready within ${startSeconds} s and was ended`;
  return new DaemonError(`${name} did not start: ${why}, see ${logFile}`, knownCode(word?.code ?? null));
}

async function endChild(child: ChildProcess): Promise<void> {
  const ended = new Promise(settle => child.once('exit', settle));
  child.kill('SIGTERM');
  await Promise.race([ended, delay(2000)]);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await ended;
}

function knownCode(code: number | null): ExitCode {
  const known = Object.values(exitCode).find(each => each === code);
  return known === undefined || known === exitCode.ok ? exitCode.unavailable : known;
}

async function stopDaemon(options: DaemonOptions): Promise<{kind: 'stopped' | 'killed' | 'notRunning'}> {
  const {name, pidFile, stopSeconds, log} = options;
  const daemon = findDaemon(options);
  if (!daemon) {
    noteForeign(options);
    return {kind: 'notRunning'};
  }
  signal(daemon, daemon.pid, 'SIGTERM', name);
  // one that was halted could not even hear it
  signal(daemon, daemon.pid, 'SIGCONT', name);
  let kind: 'stopped' | 'killed' = 'stopped';
  if (!(await hasEnded(daemon, stopSeconds))) {
    log.warn(`${name} (pid ${daemon.pid}) does not end within ${stopSeconds} s, killing it`);
    // its whole process group, so that programs it started go too; in the foreground of a service manager it leads none
    signal(daemon, -daemon.pid, 'SIGKILL', name);
    signal(daemon, daemon.pid, 'SIGKILL', name);
    kind = 'killed';
    if (!(await hasEnded(daemon, afterKillSeconds))) {
      throw new DaemonError(`${name} (pid ${daemon.pid}) cannot be stopped, not even by KILL`, exitCode.tryLater);
    }
  }
  removePidFile(pidFile, daemon.pid);
  return {kind};
}

/** A number in the pid file that is alive but not provably ours is named, never signalled. */
function noteForeign({pidFile, log}: DaemonOptions): void {
  const found = readPidFile(pidFile);
  if (found.kind === 'missing') return;
  const commandLine = found.kind === 'plain' ? commandLineOf(found.pid) : undefined;
  if (found.kind === 'plain' && commandLine) {
    log.warn(`${pidFile} names pid ${found.pid} (${commandLine[0]}), which is not ours: left alone`);
    return;
  }
  removePidFile(pidFile, -1);
}

function signal(daemon: RunningDaemon, target: number, name: NodeJS.Signals, daemonName: string): void {
  // the pid may be another process's by now
  if (!isAlive(daemon)) return;
  try {
    process.kill(target, name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return;
    const why = code === 'EPERM' ? 'it belongs to another account' : String(code);
    throw new DaemonError(`cannot signal ${daemonName} (pid ${daemon.pid}): ${why}`, exitCode.config);
  }
}

async function hasEnded(daemon: RunningDaemon, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = 2; isAlive(daemon); pause = Math.min(pause * 2, 100)) {
    if (performance.now() > deadline) return false;
    await delay(pause);
  }
  return true;
}
