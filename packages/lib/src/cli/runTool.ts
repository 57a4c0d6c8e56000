import {type Config, type ConfigUse, loadConfig} from '../config/load.ts';
import {hideEnvironmentSecrets} from '../config/secrets.ts';
import {acquireLock, type Lock} from '../fs/lock.ts';
import {readHolder} from '../fs/lockHolder.ts';
import {demandAccount} from './account.ts';
import {systemClock} from './clock.ts';
import {parseCommandLine} from './commandLine.ts';
import {reportStartFailure} from './daemon.ts';
import {describeError} from './describeError.ts';
import {type ExitCode, exitCode} from './exitCode.ts';
import {createLog, standardError, type ToolLog} from './logger.ts';
import {writeOut} from './output.ts';
import {rotatingFile} from './rotatingFile.ts';
import {maskSecrets} from './secretWords.ts';
import type {Outcome, Run, SharedOptions, Tool} from './tool.ts';

export type {Outcome, Run, SharedOptions, Tool} from './tool.ts';

/** Runs a tool as the process: parses the command line, does the job, exits with the tool's exit code. */
export async function runTool<O extends object>(tool: Tool<O>): Promise<void> {
  process.exit(await executeTool(tool, process.argv));
}

/**
 * One run of a tool: shared switches, configuration, lock, signals, log, summary line.
 * @param argv as `process.argv`
 * @returns the exit code; never throws
 */
export async function executeTool<O extends object>(tool: Tool<O>, argv: readonly string[]): Promise<ExitCode> {
  const started = performance.now();
  hideEnvironmentSecrets();
  const parsed = parseCommandLine(tool, argv);
  if (parsed.kind === 'exit') return parsed.exitCode;
  if (parsed.kind === 'usage') return badUsage(parsed.complaint, argv);
  const {args, options} = parsed;
  let log = await createLog({tool: tool.name, ...levelAndSink(options)});
  try {
    const use: ConfigUse = typeof tool.uses === 'function' ? tool.uses(args, options) : tool.uses;
    const config = await loadConfig(options.config, use, log);
    const account = tool.account?.(config, args);
    if (account !== undefined) demandAccount(account);
    const logFile = tool.logFile?.(config, args, options);
    if (logFile) log = await createLog({tool: tool.name, ...levelAndSink(options), sink: rotatingFile(logFile)});
    const lockPath = options.dryRun ? undefined : tool.lock?.(config, args, options);
    const lock = lockPath === undefined ? undefined : await acquireLock(lockPath, {kind: 'exclusive', tool: tool.name});
    if (lockPath !== undefined && lock === undefined) return alreadyRunning(lockPath, log, options);
    return await work(tool, {args, options, config, log, started}, lock);
  } catch (error) {
    return await reportError(error, log, options);
  }
}

/** What was not understood may be any part of the command line, so `--json` is looked for as a word. */
function badUsage(complaint: string, argv: readonly string[]): ExitCode {
  if (argv.includes('--json')) printJson({error: complaint, exitCode: exitCode.usage});
  return exitCode.usage;
}

function levelAndSink({quiet, verbose, json}: SharedOptions) {
  return {level: verbose ? 'debug' : quiet ? 'warn' : 'info', ...(json && {sink: standardError})} as const;
}

function alreadyRunning(lockPath: string, log: ToolLog, options: SharedOptions): ExitCode {
  const holder = readHolder(lockPath);
  const who = holder ? ` (pid ${holder.pid} since ${holder.since})` : '';
  log.warn(`is already running${who}, nothing done; try later`);
  if (options.json) printJson({error: 'already running', exitCode: exitCode.tryLater});
  return exitCode.tryLater;
}

interface Prepared<O extends object> {
  args: string[];
  options: O & SharedOptions;
  config: Config;
  log: ToolLog;
  /** `performance.now()` at the start. */
  started: number;
}

async function work<O extends object>(tool: Tool<O>, prepared: Prepared<O>, lock: Lock | undefined): Promise<ExitCode> {
  const {options, log} = prepared;
  const interruption = listenForSignals(log);
  const {started} = prepared;
  const escaped = Promise.withResolvers<never>();
  process.on('uncaughtException', escaped.reject);
  try {
    const run: Run<O> = {
      args: prepared.args,
      options,
      config: prepared.config,
      log,
      clock: systemClock,
      signal: interruption.signal,
      dryRun: options.dryRun === true,
      verbose: options.verbose === true,
    };
    // an error thrown in an event handler ends the run like one of the job itself
    const outcome = await Promise.race([tool.job(run), escaped.promise]);
    return conclude(outcome, {options, log, started, interrupted: interruption.signal.aborted});
  } catch (error) {
    if (isAbort(error) && interruption.signal.aborted) {
      return conclude({counts: {}}, {options, log, started, interrupted: true});
    }
    const code = await reportError(error, log, options);
    log.summary(`summary: failed; ${duration(started)}; exit ${code}`);
    return code;
  } finally {
    process.off('uncaughtException', escaped.reject);
    interruption.stopListening();
    lock?.release();
  }
}

interface Conclusion {
  options: SharedOptions;
  log: ToolLog;
  /** `performance.now()` at the start. */
  started: number;
  interrupted: boolean;
}

/** Prints the result and the summary line. */
function conclude(outcome: Outcome, {options, log, started, interrupted}: Conclusion): ExitCode {
  const code = outcome.exitCode ?? (interrupted ? exitCode.tryLater : exitCode.ok);
  if (options.json) printJson(outcome.json ?? outcome.counts);
  else if (outcome.lines && outcome.lines.length > 0) writeOut(1, maskSecrets(`${outcome.lines.join('\n')}\n`));
  if (outcome.summary === false) return code;
  const parts = [
    ...(options.dryRun ? ['dry run, nothing changed'] : []),
    // a daemon that was told to stop says itself that it ended well
    ...(interrupted && outcome.exitCode === undefined ? ['interrupted'] : []),
    Object.entries(outcome.counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ') || 'nothing to do',
    duration(started),
    ...(code === exitCode.ok ? [] : [`exit ${code}`]),
  ];
  log.summary(`summary: ${parts.join('; ')}`);
  return code;
}

async function reportError(error: unknown, log: ToolLog, options: SharedOptions): Promise<ExitCode> {
  const report = describeError(error);
  for (const line of report.lines) log.error(line);
  if (options.verbose) for (const line of report.stack.split('\n')) log.debug(line);
  await reportStartFailure(report.lines.join('; '), report.exitCode);
  if (options.json) printJson({error: report.lines.join('\n'), exitCode: report.exitCode});
  return report.exitCode;
}

function printJson(value: unknown): void {
  writeOut(1, `${maskSecrets(JSON.stringify(value))}\n`);
}

function duration(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(2)} s`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The first SIGINT or SIGTERM asks the job to come to an end, the second one ends the process at once. */
function listenForSignals(log: ToolLog): {signal: AbortSignal; stopListening: () => void} {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(exitCode.tryLater);
    log.info(`${name} received, finishing the current step`);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    stopListening() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
