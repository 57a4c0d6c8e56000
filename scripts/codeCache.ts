import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname} from 'node:path';
import {pathToFileURL} from 'node:url';
import v8 from 'node:v8';
import vm from 'node:vm';
import {cachePath, scriptOf} from './launcher.ts';

/**
 * Usage: codeCache.ts TOOL: runs a finished tool with `--help` and puts beside it what V8 has compiled by then. Must run with the
 * Node that the tool will run with.
 */
const path = process.argv[2] ?? '';
const tool = readFileSync(path, 'utf8');
const text = scriptOf(tool);
const options = {filename: path, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER};
const script = new vm.Script(text, options);

// V8 takes a cache only with the flags it was made with, and tools set flags after they have been compiled.
v8.setFlagsFromString = () => {};
process.on('exit', () => {
  const cachedData = script.createCachedData();
  if (new vm.Script(text, {...options, cachedData}).cachedDataRejected)
    throw new Error(`the code cache of ${path} does not fit`);
  writeFileSync(cachePath(path, tool), cachedData);
});
process.argv = [process.execPath, path, '--help'];
const module = {exports: {}};
const run = script.runInThisContext() as (...args: unknown[]) => void;
run(module.exports, createRequire(path), module, path, dirname(path), pathToFileURL(path).href);
