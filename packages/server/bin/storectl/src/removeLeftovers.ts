import {readdir, stat, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '@fiona/lib/cli/clock';
import {archiveRoot} from '@fiona/lib/site/layout';
import {isLeftover} from './temporaries.ts';

const dayMs = 86_400_000;
/** A receiver that was killed is started again within minutes; older folders hold no leftovers of it. */
const lookBackMs = 7 * dayMs;

/**
 * Removes what a killed receiver left half-written in the archive. Its senders never got a success for it. To be called by the receiver, which
 * is the only one that writes there.
 * @returns how many were removed
 */
export async function removeLeftovers(root: string, clock: Clock): Promise<number> {
  const archive = archiveRoot(root);
  const studies = await readdir(archive).catch(() => []);
  let removed = await removeIn(archive, studies);
  for (const name of studies) {
    const folder = join(archive, name);
    const changed = (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
    if (clock.now().getTime() - changed >= lookBackMs) continue;
    removed += await removeIn(folder, await readdir(folder).catch(() => []));
  }
  return removed;
}

async function removeIn(folder: string, names: readonly string[]): Promise<number> {
  let removed = 0;
  for (const name of names.filter(isLeftover)) {
    await unlink(join(folder, name)).then(
      () => removed++,
      () => {},
    );
  }
  return removed;
}
