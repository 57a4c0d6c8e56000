import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {chmod, mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {build} from 'esbuild';
import {lateNodeModules} from './lateNodeModules.ts';
import {banner, footer, hideBundle} from './launcher.ts';
import {type ToolPackage, toolPackages} from './toolPackages.ts';

const repo = dirname(import.meta.dirname);
const dist = join(repo, 'dist');
/** The tools are bundled here first: whoever runs one meanwhile finds the last build until the next one is whole. */
const fresh = join(repo, `.dist-${process.pid}`);
const old = `${fresh}-old`;

const execute = promisify(execFile);

/** Tells bundles apart, for their code caches. */
const keyOf = (source: string): string => createHash('sha256').update(source).digest('hex').slice(0, 16);

async function bundle(tool: ToolPackage, node: string, version: string): Promise<void> {
  const outfile = join(fresh, tool.installedPath);
  await mkdir(dirname(outfile), {recursive: true});
  const {outputFiles} = await build({
    entryPoints: [join(tool.folder, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [lateNodeModules],
    banner: {js: banner(node)},
    footer: {js: footer},
    define: {'import.meta.url': '__bundleUrl', 'process.env.FIONA_VERSION': JSON.stringify(version)},
    write: false,
  });
  for (const {path, text} of outputFiles) await writeFile(path, path === outfile ? hideBundle(text, keyOf) : text);
  await chmod(outfile, 0o755);
  await execute(node, [join(import.meta.dirname, 'codeCache.ts'), outfile]);
}

/** Usage: build.ts [--node PATH]: PATH is the Node that the installed tools run with. */
const given = process.argv.indexOf('--node');
const node = given > 0 ? process.argv[given + 1] : process.execPath;
if (node === undefined) throw new Error('--node needs a path');
const {version} = JSON.parse(await readFile(join(repo, 'package.json'), 'utf8')) as {version: string};

try {
  await mkdir(fresh, {recursive: true});
  // Files without an extension take their module kind from here; where a tool is installed there is none, which means the same.
  await writeFile(join(fresh, 'package.json'), '{"type": "commonjs"}\n');
  const tools = await toolPackages(join(repo, 'packages'));
  await Promise.all(tools.map(tool => bundle(tool, node, version)));
  await rename(dist, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, dist);
  console.log(tools.map(tool => `dist/${tool.installedPath}`).join('\n'));
} finally {
  for (const folder of [fresh, old]) await rm(folder, {recursive: true, force: true});
}
