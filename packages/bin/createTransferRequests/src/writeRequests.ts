import type {Log} from '@fiona/lib/cli/log';
import type {Uid} from '@fiona/lib/dicom/uid';
import {makeFolder} from '@fiona/lib/fs/makeFolder';
import {lockStudy} from '@fiona/lib/site/studyLock';
import {isWaiting, type WriteOutcome, writeRequest} from '@fiona/lib/transfers/requestFolder';
import type {Wanted} from './plan.ts';

/** Those of the wanted transfers that have no request waiting yet. @throws FileError */
export async function withoutRequest(folder: string, wanted: readonly Wanted[]): Promise<Wanted[]> {
  const missing: Wanted[] = [];
  for (const one of wanted) if (!(await isWaiting(folder, one.request))) missing.push(one);
  return missing;
}

/**
 * Writes request files. One that asks for something else under the same name is replaced, unless somebody is at work on the study.
 * @param root data root, for the locks of the studies
 * @throws FileError
 */
export async function writeRequests(
  folder: string,
  root: string,
  wanted: readonly Wanted[],
  log: Log,
): Promise<Record<WriteOutcome, number>> {
  const outcomes = {written: 0, waiting: 0, replaced: 0, busy: 0};
  if (wanted.length > 0) makeFolder(folder);
  for (const {request, again} of wanted) {
    const {study, project, instance} = request;
    const outcome = await writeRequest(folder, request, act => whileUnused(root, study, act));
    outcomes[outcome]++;
    if (outcome === 'busy') log.info(`${study} is in work: its request for ${project} is left as it is for now`);
    if (outcome !== 'written' && outcome !== 'replaced') continue;
    if (again) {
      log.info(
        `New image series, send study ${study} again, newest series json: ${localTime(again.newest)} is after last transfer: ${localTime(again.transferred)}`,
      );
    }
    log.info(`Wrote transfer request: ${study} ${project} instance ${instance}`);
  }
  return outcomes;
}

/** Whoever works on a study holds its lock. */
async function whileUnused(root: string, study: Uid, act: () => Promise<void>): Promise<boolean> {
  const lock = await lockStudy(root, study, 'exclusive');
  if (lock === undefined) return false;
  try {
    await act();
    return true;
  } finally {
    lock.release();
  }
}

/** `YYYY-MM-DD HH:MM:SS` of the host. */
function localTime(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
