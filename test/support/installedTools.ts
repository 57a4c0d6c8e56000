import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, relative} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ToolResult} from './sandbox.ts';

export const dist = join(import.meta.dirname, '../../dist');

/** The tools of the pipeline, in cron's order. */
export const pipeline = ['bin/populateIncoming', 'bin/createTransferRequests', 'bin/anonymizeAndSend'] as const;

/** Runs an installed tool (`bin/populateIncoming`) to its end. */
export async function runInstalled(
  tool: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ToolResult> {
  const child = spawn(join(dist, tool), args, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...env}});
  const result: ToolResult = {code: null, stdout: '', stderr: ''};
  child.stdout.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}

/** Lines of a level in a log. */
export function linesOf(log: string, level: 'INFO' | 'WARN' | 'ERROR'): string[] {
  return log.split('\n').filter(line => line.includes(`] ${level} `));
}

/** Waits for a state of the outside world that sends no event. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${seconds} s: ${what}`);
    await delay(20);
  }
}

/** Files and links below a folder, by relative name; whatever a daemon does there meanwhile. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Names in a folder, none when it is absent. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Content of a file, nothing when it is absent. */
export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
