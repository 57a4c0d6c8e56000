import type {Log} from './log.ts';
import {writeOut} from './output.ts';
import type {LineSink} from './rotatingFile.ts';
import {maskSecrets, registerSecret} from './secretWords.ts';

const severity = {debug: 20, info: 30, warn: 40, error: 50} as const;

export type LogLevel = keyof typeof severity;

export interface LogOptions {
  /** Name in brackets: `[populateIncoming]`. */
  tool: string;
  /** The least severe level that is written; default `info`. */
  level?: LogLevel;
  /** `json` = pino's NDJSON; default by `FIONA_LOG`. */
  format?: 'text' | 'json';
  /** Default standard output. */
  sink?: LineSink;
}

/** The log of a running tool or daemon. */
export interface ToolLog extends Log {
  /** The last line of a run; written at every level. */
  summary(message: string): void;
  /** Replaced by `***` wherever it would appear from now on. */
  addSecret(secret: string): void;
}

const standardOutput: LineSink = {write: line => writeOut(1, line), close() {}};

/** Log to standard error, for runs whose standard output is a machine-readable result. */
export const standardError: LineSink = {write: line => writeOut(2, line), close() {}};

/**
 * A log as sysadmins' `grep` and `multitail` expect it: `2026-11-23 10:00:00.123456: [tool] INFO message`, host's local time.
 * One event is one line; control characters are shown as escapes; secrets as `***`.
 */
export async function createLog(options: LogOptions): Promise<ToolLog> {
  const sink = options.sink ?? standardOutput;
  const format = options.format ?? (process.env.FIONA_LOG === 'json' ? 'json' : 'text');
  const write = format === 'json' ? await jsonWriter(options.tool, sink) : textWriter(options.tool, sink);
  const least = severity[options.level ?? 'info'];
  const at =
    (level: LogLevel, always = false) =>
    (message: string) => {
      if (always || severity[level] >= least) write(level, maskSecrets(message));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    summary: at('info', true),
    addSecret: registerSecret,
  };
}

type Writer = (level: LogLevel, message: string) => void;

function textWriter(tool: string, sink: LineSink): Writer {
  return (level, message) =>
    sink.write(`${localTime(wallMicroseconds())}: [${tool}] ${level.toUpperCase()} ${onOneLine(message)}\n`);
}

/** pino is loaded only here: it would cost every other run a third of its start-up. */
async function jsonWriter(tool: string, sink: LineSink): Promise<Writer> {
  const {pino} = await import('pino');
  const logger = pino({name: tool, level: 'debug'}, {write: line => sink.write(line)});
  return (level, message) => logger[level](message);
}

function onOneLine(text: string): string {
  return text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, character => {
    if (character === '\n') return '\\n';
    return character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

let anchorWall = Date.now();
let anchorMonotonic = performance.now();

/**
 * Wall-clock time in microseconds since 1970. The system's clock has milliseconds only in JavaScript; the digits below come
 * from the monotonic clock, which is tied again to the wall clock whenever that was set.
 */
function wallMicroseconds(): number {
  const monotonic = performance.now();
  const wall = Date.now();
  const estimate = anchorWall + (monotonic - anchorMonotonic);
  if (Math.abs(estimate - wall) <= 2) return Math.floor(estimate * 1000);
  anchorWall = wall;
  anchorMonotonic = monotonic;
  return wall * 1000;
}

/** `2026-11-23 10:00:00.123456` in the host's time zone. */
export function localTime(microseconds: number): string {
  const date = new Date(Math.floor(microseconds / 1000));
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(microseconds % 1_000_000).padStart(6, '0')}`;
}
