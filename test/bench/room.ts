import {statfsSync} from 'node:fs';
import {showBytes} from './memory.ts';
import type {Workspace} from './workspace.ts';

/** What an instance of so many bytes needs when it is received and written once more, with room to spare. */
export const neededBytes = (instanceBytes: number): number => instanceBytes * 3;

/** Why something must be skipped: the disk is too small. Undefined when there is room. */
export function noRoomFor(workspace: Workspace, bytes: number): string | undefined {
  const {bavail, bsize} = statfsSync(workspace.dir);
  const free = bavail * bsize;
  return free >= bytes ? undefined : `skipped: ${showBytes(free)} free in ${workspace.dir}, ${showBytes(bytes)} needed`;
}
