/**
 * A tool is a shell script and CommonJS at once: sh runs the second line and hands the file to the pinned Node, Node takes the first
 * line for a hash-bang and the second for a text and a comment. So a tool starts without a Node in cron's PATH, and checks
 * the version before any line that an old Node could not read.
 *
 * The bundle itself lies in a comment, which Node skips quickly. The lines before it take it out of there and compile it with
 * the code cache beside the tool (docs/decisions/008-code-cache.md); when that is missing, or made by another Node or for another
 * bundle, without.
 */

const open = '\n/*\n';
const close = '\n*/\n';
const commentEnd = '*/';
/** Stands for the end of a comment inside the bundle; control characters occur in no source of ours. */
const hiddenEnd = '*\u0001/';
const unknownKey = '0'.repeat(16);

/** Parameters of the function that a bundle becomes: those of every CommonJS module, and the bundle's own address. */
const parameters = 'exports, require, module, __filename, __dirname, __bundleUrl';

/** What esbuild puts before a bundle. @param node path of the Node that runs the tool */
export function banner(node: string): string {
  const missing = 'echo "no Node to run $0 with: install Node 22.13 or newer, or set FIONA_NODE to one" >&2; exit 78';
  const exec = `n=\${FIONA_NODE:-${node}}; [ -x "$n" ] || n=$(command -v node) || { ${missing}; }; exec "$n" --disable-warning=ExperimentalWarning "$0" "$@"`;
  return `#!/bin/sh
':' //; ${exec}
${versionCheck}
const [__fs, __vm, __url] = [require("node:fs"), require("node:vm"), require("node:url")];
const __text = __fs.readFileSync(__filename, "latin1");
const __source = __text.slice(__text.indexOf(${JSON.stringify(open)}) + ${open.length}, __text.lastIndexOf(${JSON.stringify(close)})).replaceAll(${JSON.stringify(hiddenEnd)}, "*" + "/");
let __cache;
try { __cache = __fs.readFileSync(__filename + ${cacheSuffix}); } catch {}
new __vm.Script("(function (${parameters}) {" + __source + "\\n})", {
  filename: __filename,
  lineOffset: __text.slice(0, __text.indexOf(${JSON.stringify(open)})).split("\\n").length + 1,
  cachedData: __cache,
  importModuleDynamically: __vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}).runInThisContext()(exports, require, module, __filename, __dirname, __url.pathToFileURL(__filename).href);
/*
`;
}

const versionCheck =
  'var v=process.versions.node.split(".");if(v[0]<22||(v[0]==22&&v[1]<13)){' +
  'console.error("Node "+process.versions.node+" is too old: this tool needs Node 22.13 or newer (set FIONA_NODE to one)");' +
  'process.exit(78)}';

const cacheSuffix = `"." + process.version + "-" + process.arch + ".${unknownKey}.cache"`;

/** What esbuild puts behind a bundle. */
export const footer = '*/';

/** V8 reads a text of ASCII only at twice the speed. An escape means the same wherever sources may have such a character. */
const inAscii = (source: string): string =>
  source.replaceAll(/[^\0-\x7f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Completes a bundle with its banner and footer: what would end the comment too early is hidden, and the name of the cache gets
 * the bundle's key.
 */
export function hideBundle(bundled: string, keyOf: (source: string) => string): string {
  const [start, end] = [bundled.indexOf(open) + open.length, bundled.lastIndexOf(close)];
  const source = inAscii(bundled.slice(start, end));
  if (source.includes(hiddenEnd)) throw new Error('the bundle holds what stands for the end of a comment');
  return (
    bundled.slice(0, start).replace(unknownKey, keyOf(source)) +
    source.replaceAll(commentEnd, hiddenEnd) +
    bundled.slice(end)
  );
}

/** The script that a finished tool runs, character by character: a cache fits no other. */
export function scriptOf(tool: string): string {
  const source = tool.slice(tool.indexOf(open) + open.length, tool.lastIndexOf(close));
  return `(function (${parameters}) {${source.replaceAll(hiddenEnd, commentEnd)}\n})`;
}

/** Where a finished tool looks for its cache. */
export function cachePath(path: string, tool: string): string {
  const key = /\.([0-9a-f]{16})\.cache"/.exec(tool)?.[1] ?? unknownKey;
  return `${path}.${process.version}-${process.arch}.${key}.cache`;
}
