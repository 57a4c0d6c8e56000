import {once} from 'node:events';
import {build} from 'esbuild';
import type {Workspace} from './workspace.ts';

/**
 * Bundles a program of the bench as the tools are bundled, so that its start costs what theirs does.
 * @returns path of the bundle
 */
export async function bundleProgram(workspace: Workspace, name: 'send' | 'deidentify'): Promise<string> {
  const outfile = workspace.path(`${name}.cjs`);
  await build({
    entryPoints: [`${import.meta.dirname}/programs/${name}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    logLevel: 'warning',
    banner: {js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;'},
    define: {'import.meta.url': '__bundleUrl'},
  });
  return outfile;
}

/** Runs a bundled program to its end. @returns what it printed @throws Error when it fails */
export async function runProgram(workspace: Workspace, bundle: string, args: readonly string[]): Promise<string> {
  const child = workspace.start(process.execPath, [bundle, ...args], {}, 'pipe');
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${bundle} ended with ${code}: ${errors}`);
  return output;
}
