import {lstat} from 'node:fs/promises';
import type {RequestFile} from '@fiona/lib/transfers/requestFolder';
import {type Retry, readRetry} from '@fiona/lib/transfers/retry';

/**
 * The failed attempts at a request. A request that was written after the last of them is another one, whose predecessor somebody took
 * away: it begins anew.
 * @throws FileError
 */
export async function earlierAttempts({path, modified}: RequestFile): Promise<Retry | undefined> {
  const retry = await readRetry(path);
  return retry !== undefined && Date.parse(retry.last) >= modified ? retry : undefined;
}

/** Whether a request file is still the one that was read: nobody removed it or wrote it anew. */
export async function isUnchanged({path, modified}: RequestFile): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && found.mtimeMs === modified;
}
