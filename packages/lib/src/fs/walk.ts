import type {Dirent} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {errorCode, FileError} from './fileError.ts';

/** One entry of a folder tree. */
export interface WalkEntry {
  /** Absolute (or as `root` was given). */
  path: string;
  name: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  /** 1 = directly in the root. */
  depth: number;
}

export interface WalkOptions {
  /** Deepest level that is visited; default no limit. */
  maxDepth?: number;
  /** Whether to look into a folder; default all. */
  enter?: (folder: WalkEntry) => boolean;
  /** Gets what cannot be read; default: the walk ends with it. */
  onError?: (error: FileError) => void;
}

/**
 * Everything below a folder, in the order of names, a folder before its content. Links are reported, never followed. What vanishes meanwhile,
 * a missing root among it, is no error.
 * @throws FileError
 */
export async function* walk(root: string, options: WalkOptions = {}): AsyncGenerator<WalkEntry> {
  yield* walkFolder(root, 1, options);
}

async function* walkFolder(folder: string, depth: number, options: WalkOptions): AsyncGenerator<WalkEntry> {
  if (depth > (options.maxDepth ?? Number.POSITIVE_INFINITY)) return;
  for (const dirent of await entriesOf(folder, options)) {
    const entry: WalkEntry = {path: join(folder, dirent.name), name: dirent.name, kind: kindOf(dirent), depth};
    yield entry;
    if (entry.kind === 'folder' && (options.enter?.(entry) ?? true)) yield* walkFolder(entry.path, depth + 1, options);
  }
}

async function entriesOf(folder: string, options: WalkOptions): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, {withFileTypes: true});
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    const problem = new FileError('read', folder, error);
    if (!options.onError) throw problem;
    options.onError(problem);
    return [];
  }
}

function kindOf(dirent: Dirent): WalkEntry['kind'] {
  if (dirent.isSymbolicLink()) return 'link';
  if (dirent.isDirectory()) return 'folder';
  return dirent.isFile() ? 'file' : 'other';
}
