import type {Plugin} from 'esbuild';

/** Modules of Node that take a millisecond or more to load, and that an idle run of a tool may not need. */
const heavy = /^node:(?:child_process|crypto|fs\/promises|http|https|net|tls|worker_threads|zlib)$/;

/**
 * Lets a bundle load heavy modules of Node when something of them is first used, not when the tool starts. An `import` of them gets a
 * stand-in whose exports look the real ones up.
 */
export const lateNodeModules: Plugin = {
  name: 'late-node-modules',
  setup({onResolve, onLoad}) {
    onResolve({filter: heavy}, ({path, kind}) =>
      kind === 'dynamic-import' ? undefined : {path, namespace: 'late-node-module'},
    );
    onLoad({filter: /./, namespace: 'late-node-module'}, async ({path}) => {
      const names = Object.keys((await import(path)) as object).filter(name => name !== 'default');
      return {contents: standIn(path, names), loader: 'js'};
    });
  },
};

function standIn(path: string, names: readonly string[]): string {
  return `let real;
for (const name of ${JSON.stringify(names)})
  Object.defineProperty(exports, name, {enumerable: true, get: () => (real ??= process.getBuiltinModule("${path}"))[name]});`;
}
