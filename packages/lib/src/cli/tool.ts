import type {Command} from 'commander';
import type {Config, ConfigUse} from '../config/load.ts';
import type {Clock} from './clock.ts';
import type {ExitCode} from './exitCode.ts';
import type {ToolLog} from './logger.ts';
import type {RotatingFileOptions} from './rotatingFile.ts';

/** One command-line tool: what {@link runTool} needs to know of it. */
export interface Tool<O extends object = object> {
  name: string;
  /** One or two sentences for `--help`. */
  description: string;
  /** An example call with a word on what it does, for `--help`. */
  example: string;
  /** Positional arguments as commander writes them: `['[project]', 'data root']`, `['<verb>', …]`, `['[project...]', …]`. */
  arguments?: readonly (readonly [spec: string, description: string])[];
  /** Adds the tool's own options. */
  options?: (program: Command) => void;
  /** What it takes from the configuration; a function when that depends on the call. */
  uses: ConfigUse | ((args: readonly string[], options: O) => ConfigUse);
  /** The account it must run as, if any: checked before a log or lock is made, which that account could not use afterwards. */
  account?: (config: Config, args: readonly string[]) => string | undefined;
  /** The lock file held for the whole run, if any; `--dry-run` does not take it. */
  lock?: (config: Config, args: readonly string[], options: O) => string | undefined;
  /** A log file instead of standard output, for daemons. */
  logFile?: (config: Config, args: readonly string[], options: O & SharedOptions) => RotatingFileOptions | undefined;
  job(run: Run<O>): Promise<Outcome>;
}

/** What a job gets to work with. */
export interface Run<O extends object = object> {
  options: O & SharedOptions;
  args: string[];
  config: Config;
  log: ToolLog;
  clock: Clock;
  /** Aborted by SIGINT and SIGTERM: finish the current step, then return. */
  signal: AbortSignal;
  dryRun: boolean;
  verbose: boolean;
}

/** The switches every tool has. */
export interface SharedOptions {
  config?: string;
  dryRun?: boolean;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** What a job tells when it is done. */
export interface Outcome {
  /** For the summary line, in this order: `{imported: 3, failed: 0}`. */
  counts: Record<string, number>;
  /** Default 0, or 75 when the run was interrupted by a signal. */
  exitCode?: ExitCode;
  /** The result for `--json`; default the counts. */
  json?: unknown;
  /** The result for people: the plan of a dry run, a status. */
  lines?: readonly string[];
  /** False for tools whose answer is the lines alone (`status`). */
  summary?: boolean;
}
