import {statfs} from 'node:fs/promises';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {whyOf} from './fileError.ts';

/** The space of a file system is not known: nothing may be decided on it. */
export class FreeSpaceError extends FionaError {
  readonly exitCode = exitCode.unavailable;
  readonly path: string;

  constructor(path: string, why: string) {
    super(`cannot tell the free space of ${path}: ${why}`);
    this.path = path;
  }
}

export interface Space {
  totalBytes: number;
  /** What an unprivileged account may still write. */
  freeBytes: number;
  /** As `df` shows it: used / (used + available), rounded up. */
  usedPercent: number;
}

/**
 * Space of the file system that holds `path`.
 * @throws FreeSpaceError when the system does not answer or its answer is absurd
 */
export async function spaceOf(path: string): Promise<Space> {
  const answer = await statfs(path).catch((error: unknown) => {
    throw new FreeSpaceError(path, whyOf(error));
  });
  return spaceFrom(path, answer);
}

/**
 * Bytes an unprivileged account may still write to the file system that holds `path`.
 * @throws FreeSpaceError
 */
export async function freeBytes(path: string): Promise<number> {
  return (await spaceOf(path)).freeBytes;
}

/** Space from a statfs answer; exported because an absurd answer cannot be had from a real file system. */
export function spaceFrom(
  path: string,
  {bsize, blocks, bfree, bavail}: {bsize: number; blocks: number; bfree: number; bavail: number},
): Space {
  const used = blocks - bfree;
  if (blocks <= 0 || bavail > blocks || bfree > blocks || used + bavail <= 0) {
    throw new FreeSpaceError(path, `the system answers ${bavail} of ${blocks} blocks free`);
  }
  return {
    totalBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    usedPercent: Math.ceil((100 * used) / (used + bavail)),
  };
}
