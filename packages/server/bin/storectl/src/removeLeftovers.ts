import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '@fiona/lib/cli/clock';
import {removeStaleTemporaries} from '@fiona/lib/fs/atomic';
import {archiveRoot} from '@fiona/lib/site/layout';

const dayMs = 86_400_000;
/** A receiver that was killed is started again within minutes; older folders hold no leftovers of it. */
const lookBackMs = 7 * dayMs;

/**
 * Removes what a killed receiver left half-written in the archive: temporary files of processes that are gone. Their senders never got
 * a success for them.
 */
export async function removeLeftovers(root: string, clock: Clock): Promise<void> {
  const archive = archiveRoot(root);
  for (const name of await readdir(archive).catch(() => [])) {
    const folder = join(archive, name);
    const changed = (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
    if (clock.now().getTime() - changed < lookBackMs) await removeStaleTemporaries(folder);
  }
}
