import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {dirname, join} from 'node:path';
import type {ToolResult} from './sandbox.ts';

const packages = join(dirname(dirname(import.meta.dirname)), 'packages');

export interface ToolCall {
  /** Folder of the tool's package below `packages/`: `server/bin/storectl`. */
  readonly tool: string;
  readonly args: readonly string[];
  readonly config?: string | undefined;
  readonly env?: Record<string, string>;
}

/** Starts a tool from its sources and gives the process; wait with {@link toolEnd}. */
export function startTool({tool, args, config, env}: ToolCall) {
  const main = join(packages, tool, 'src/main.ts');
  const given = config === undefined ? args : [...args, '--config', config];
  return spawn(process.execPath, [main, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, ...env},
  });
}

/** Runs a tool to its end. */
export async function runToolToEnd(call: ToolCall): Promise<ToolResult> {
  return toolEnd(startTool(call));
}

/** Waits for the end of a tool and gives what it printed. */
export async function toolEnd(child: ReturnType<typeof startTool>): Promise<ToolResult> {
  const result: ToolResult = {code: null, stdout: '', stderr: ''};
  child.stdout.on('data', (chunk: Buffer) => {
    result.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.stderr += chunk.toString();
  });
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}
