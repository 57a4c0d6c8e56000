import {readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import {archiveRoot} from '@fiona/lib/site/layout';

const dayMs = 86_400_000;
/** A receiver that was killed is started again within minutes; older folders hold no leftovers of it. */
const lookBackMs = 7 * dayMs;
/** What a file being received is called, see the archive's sink. */
const temporaryName = /^\..+\.tmp$/;
const ageMs = 60_000;

/** Removes what a killed receiver left half-written in the archive. Their senders never got a success for them. */
export async function removeLeftovers(root: string, clock: Clock, log: Log): Promise<void> {
  const now = clock.now().getTime();
  const archive = archiveRoot(root);
  let removed = 0;
  for (const name of await readdir(archive).catch(() => [])) {
    const folder = join(archive, name);
    const changed = (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
    if (now - changed > lookBackMs) continue;
    for (const file of (await readdir(folder).catch(() => [])).filter(each => temporaryName.test(each))) {
      const path = join(folder, file);
      const age = now - ((await stat(path).catch(() => undefined))?.mtimeMs ?? now);
      if (age < ageMs) continue;
      await rm(path, {force: true});
      removed += 1;
    }
  }
  if (removed > 0) log.info(`removed ${removed} half-received files of an earlier run`);
}
