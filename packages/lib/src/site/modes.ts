import {chmodSync, chownSync, existsSync, mkdirSync, readFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {ConfigError} from '../config/configError.ts';
import {errorCode, FileError} from '../fs/fileError.ts';

/** Rights of what is made below `site/`. */
export interface SiteModes {
  /** Folders such as `site/raw`. */
  folders: number;
  /** Folders of a series, a participant, a report. */
  leafFolders: number;
  files: number;
  /** Group of all of them; undefined = that of the process. */
  gid?: number | undefined;
}

/** The rights the older scripts gave: everybody may read and write. */
export const compatibleModes: SiteModes = {folders: 0o777, leafFolders: 0o1777, files: 0o666};

/**
 * The number of a group of this host.
 * @returns undefined when there is no such group
 */
export function groupId(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [group, , gid] = line.split(':');
    if (group === name && gid !== undefined) return Number(gid);
  }
  return undefined;
}

/**
 * Makes a folder (and what is missing above it, with the mode of folders) whatever the umask. What exists is left as it is.
 * @param mode `modes.folders` or `modes.leafFolders`
 * @returns whether the folder was made
 * @throws FileError
 */
export function ensureFolder(path: string, mode: number, modes: SiteModes): boolean {
  // asked for each image, and nearly always there: an error would cost more than the look
  if (existsSync(path)) return false;
  try {
    mkdirSync(path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (errorCode(error) !== 'ENOENT') throw new FileError('make', path, error);
    ensureFolder(dirname(path), modes.folders, modes);
    return ensureFolder(path, mode, modes);
  }
  try {
    // owner first: chown takes away setgid bits
    if (modes.gid !== undefined) chownSync(path, -1, modes.gid);
    chmodSync(path, mode);
  } catch (error) {
    throw new FileError('set the mode of', path, error);
  }
  return true;
}

/**
 * The rights a configuration asks for (`PATHS.modes`).
 * @throws ConfigError when its group does not exist on this host
 */
export function siteModes(configured: {
  folders: number;
  leafFolders: number;
  files: number;
  group?: string | undefined;
}): SiteModes {
  const {folders, leafFolders, files, group} = configured;
  if (group === undefined) return {folders, leafFolders, files};
  const gid = groupId(group);
  if (gid === undefined) {
    throw new ConfigError(`PATHS.modes.group: found ${JSON.stringify(group)}, expected a group of this host`);
  }
  return {folders, leafFolders, files, gid};
}
