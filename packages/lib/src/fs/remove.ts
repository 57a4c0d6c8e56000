import {constants} from 'node:fs';
import {type FileHandle, lstat, open, readdir, realpath, rmdir, unlink} from 'node:fs/promises';
import {isAbsolute, join, relative, sep} from 'node:path';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {errorCode, FileError, whyOf} from './fileError.ts';

/** A removal that was refused because it could reach outside its root. Nothing was removed. */
export class RemoveRefused extends FionaError {
  readonly exitCode = exitCode.bug;
  readonly root: string;
  readonly path: string;

  constructor(root: string, path: string, why: string) {
    super(`refused to remove ${path}: ${why}`);
    this.root = root;
    this.path = path;
  }
}

export interface Removed {
  /** Files, links and folders that are gone. */
  entries: number;
  /** Space on disk they took. */
  bytes: number;
  /** What could not be removed and why, at most the first 100. */
  failed: {path: string; why: string}[];
}

const mostFailuresKept = 100;

/**
 * Removes a file or a whole folder below `root`. Refuses anything that is not inside the root, also by way of links.
 * A symbolic link is unlinked, never followed; a folder on another disk is kept. Something missing is done already.
 * Works on open folders, so that a folder swapped for a link meanwhile cannot lead it elsewhere.
 * @param root configured folder: absolute, at least two levels below `/`
 * @param path absolute path strictly inside `root`
 * @throws RemoveRefused, FileError (root or parent cannot be opened)
 */
export async function removeInside(root: string, path: string): Promise<Removed> {
  const removed: Removed = {entries: 0, bytes: 0, failed: []};
  const rootHandle = await openRoot(root, path);
  try {
    const components = componentsInside(root, path);
    const name = components.pop();
    if (name === undefined) throw new RemoveRefused(root, path, 'it is the root itself');
    const device = (await rootHandle.stat()).dev;
    const parent = await descend(rootHandle, components, root, path);
    if (parent === undefined) return removed;
    try {
      await removeEntry(parent, name, path, device, removed);
    } finally {
      if (parent !== rootHandle) await parent.close();
    }
    return removed;
  } finally {
    await rootHandle.close();
  }
}

async function openRoot(root: string, path: string): Promise<FileHandle> {
  if (!isAbsolute(root)) throw new RemoveRefused(root, path, `its root ${root} is not absolute`);
  let real: string;
  try {
    real = await realpath(root);
  } catch (error) {
    throw new FileError('open', root, error);
  }
  if (real.split(sep).filter(Boolean).length < 2) {
    throw new RemoveRefused(root, path, `its root ${real} is too near to / (at least two levels)`);
  }
  return openFolder(real).catch((error: unknown) => {
    throw new FileError('open', root, error);
  });
}

/** The components of `path` below `root`; purely textual. */
function componentsInside(root: string, path: string): string[] {
  if (!isAbsolute(path)) throw new RemoveRefused(root, path, 'it is not absolute');
  if (path.includes('\0')) throw new RemoveRefused(root, path.replaceAll('\0', '\\0'), 'it holds a NUL');
  const parts = path.split(sep).slice(1);
  if (parts.at(-1) === '') parts.pop();
  if (parts.some(part => part === '' || part === '.' || part === '..')) {
    throw new RemoveRefused(root, path, 'it holds an empty component, "." or ".."');
  }
  const inside = relative(root, path);
  if (inside.startsWith('..') && (inside === '..' || inside.startsWith(`..${sep}`))) {
    throw new RemoveRefused(root, path, `it is not inside ${root}`);
  }
  return inside.split(sep).filter(Boolean);
}

/** Opens the parent step by step, never through a link. Undefined when a step does not exist. */
async function descend(
  root: FileHandle,
  components: readonly string[],
  rootPath: string,
  path: string,
): Promise<FileHandle | undefined> {
  let folder = root;
  for (const component of components) {
    const next = await openFolder(join(pathOf(folder), component)).catch((error: unknown) => error);
    if (folder !== root) await folder.close();
    if (next instanceof Error) {
      if (errorCode(next) === 'ENOENT') return undefined;
      if (errorCode(next) === 'ELOOP' || errorCode(next) === 'ENOTDIR') {
        throw new RemoveRefused(rootPath, path, `${component} on the way is a link or no folder`);
      }
      throw new FileError('remove', path, next);
    }
    folder = next as FileHandle;
  }
  return folder;
}

function openFolder(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** The path of an open folder that stays right whatever happens to its name. */
function pathOf(folder: FileHandle): string {
  return `/proc/self/fd/${folder.fd}`;
}

async function removeEntry(
  parent: FileHandle,
  name: string,
  shown: string,
  device: number,
  removed: Removed,
): Promise<void> {
  const path = join(pathOf(parent), name);
  try {
    const stat = await lstat(path);
    if (stat.isDirectory()) {
      if (stat.dev !== device) throw new Error('it lies on another disk');
      await emptyFolder(path, shown, device, removed);
      await rmdir(path);
    } else {
      await unlink(path);
    }
    removed.entries++;
    // hard-linked content stays on disk
    if (stat.isDirectory() || stat.nlink === 1) removed.bytes += stat.blocks * 512;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    if (removed.failed.length < mostFailuresKept) removed.failed.push({path: shown, why: whyOf(error)});
  }
}

async function emptyFolder(path: string, shown: string, device: number, removed: Removed): Promise<void> {
  const folder = await openFolder(path);
  try {
    if ((await folder.stat()).dev !== device) throw new Error('it lies on another disk');
    for (const name of await readdir(pathOf(folder))) {
      await removeEntry(folder, name, join(shown, name), device, removed);
    }
  } finally {
    await folder.close();
  }
}
