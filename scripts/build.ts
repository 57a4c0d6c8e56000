import {chmod, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {build} from 'esbuild';
import {type ToolPackage, toolPackages} from './toolPackages.ts';

const repo = dirname(import.meta.dirname);
const dist = join(repo, 'dist');

/**
 * A bundle is a shell script and CommonJS at once: sh runs the second line and hands the file to the pinned Node, Node
 * takes the first line for a hash-bang and the second for a text and a comment. So a tool starts without a Node in
 * cron's PATH, and checks the version before any line that an old Node could not read.
 */
function launcher(node: string): string {
  const exec = `n=\${FIONA_NODE:-${node}}; [ -x "$n" ] || n=node; exec "$n" --disable-warning=ExperimentalWarning "$0" "$@"`;
  const versionCheck =
    'var v=process.versions.node.split(".");if(v[0]<22||(v[0]==22&&v[1]<13)){' +
    'console.error("Node "+process.versions.node+" is too old: this tool needs Node 22.13 or newer (set FIONA_NODE to one)");' +
    'process.exit(78)}';
  return [
    '#!/bin/sh',
    `':' //; ${exec}`,
    versionCheck,
    'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;',
    '',
  ].join('\n');
}

async function bundle(tool: ToolPackage, node: string, version: string): Promise<void> {
  const outfile = join(dist, tool.installedPath);
  await mkdir(dirname(outfile), {recursive: true});
  await build({
    entryPoints: [join(tool.folder, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    banner: {js: launcher(node)},
    define: {'import.meta.url': '__bundleUrl', 'process.env.FIONA_VERSION': JSON.stringify(version)},
  });
  await chmod(outfile, 0o755);
}

/** Usage: build.ts [--node PATH]: PATH is the Node that the installed tools run with. */
const given = process.argv.indexOf('--node');
const node = given > 0 ? process.argv[given + 1] : process.execPath;
if (node === undefined) throw new Error('--node needs a path');
const {version} = JSON.parse(await readFile(join(repo, 'package.json'), 'utf8')) as {version: string};

await rm(dist, {recursive: true, force: true});
await mkdir(dist, {recursive: true});
// Files without an extension take their module kind from here; where a tool is installed there is none, which means the same.
await writeFile(join(dist, 'package.json'), '{"type": "commonjs"}\n');
const tools = await toolPackages(join(repo, 'packages'));
await Promise.all(tools.map(tool => bundle(tool, node, version)));
console.log(tools.map(tool => `dist/${tool.installedPath}`).join('\n'));
