import {constants} from 'node:fs';
import {copyFile, lstat, open, rename, unlink} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {fsyncFolder, temporaryName, writeFileAtomic} from '../fs/atomic.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {makeFolder} from '../fs/makeFolder.ts';
import {type Reason, writeReason} from '../fs/reason.ts';
import {derivedName} from './derivedName.ts';
import {removeRetry} from './retry.ts';

/** Name of the request a file holds: an operator may have a failed one, `<request>_fail.log`, carried out again from where it lies. */
export function requestNameOf(path: string): string {
  return basename(path).replace(/(?<=\.json)_fail\.log$/, '');
}

/**
 * Puts the file of a transfer that is done (PACS and REDCap have confirmed) into the folder of the done ones, content unchanged:
 * `<request>_ok_<YYYY-MM-DD_HH:MM>.log`, a second one of the same minute `….2.log`. The de-identification report lies beside it.
 * @param at end of the transfer; the name shows it in the host's local time
 * @returns the new path; undefined when the request file is gone (somebody removed it meanwhile)
 * @throws FileError
 */
export async function moveToDone(
  requestPath: string,
  {folder, at, report}: {folder: string; at: Date; report?: object | undefined},
): Promise<string | undefined> {
  makeFolder(folder);
  await writeReport(folder, requestPath, report);
  const stem = `_ok_${localMinute(at)}`;
  for (let copy = 1; ; copy++) {
    const end = copy === 1 ? `${stem}.log` : `${stem}.${copy}.log`;
    const target = join(folder, derivedName('', requestNameOf(requestPath), end));
    if (await exists(target)) continue;
    const moved = await move(requestPath, target);
    await removeRetry(requestPath);
    return moved ? target : undefined;
  }
}

/**
 * Puts the file of a transfer that failed for good into the folder of the failed ones, content unchanged: `<request>_fail.log`, with
 * `<request>_fail_messages.log`, `<request>_fail.log.reason.json` and, when there is one, the report. Earlier ones of the
 * same request are replaced. The notes are there before the request is gone from its folder.
 * @param messages what is to be known of the failure, a JSON object
 * @param reason why, for the `.reason.json`; `item` is the request's name
 * @returns the new path; undefined when the request file is gone (the notes are written all the same)
 * @throws FileError
 */
export async function moveToFailed(
  requestPath: string,
  {
    folder,
    messages,
    reason,
    report,
  }: {folder: string; messages: object; reason: Omit<Reason, 'item'>; report?: object | undefined},
): Promise<string | undefined> {
  makeFolder(folder);
  const name = requestNameOf(requestPath);
  const target = join(folder, derivedName('', name, '_fail.log'));
  await writeReport(folder, requestPath, report);
  await writeFileAtomic(join(folder, derivedName('', name, '_fail_messages.log')), JSON.stringify(messages, null, 2));
  await writeReason(join(folder, derivedName('', name, '_fail.log.reason.json')), asReason(name, reason));
  const moved = await move(requestPath, target);
  await removeRetry(requestPath);
  return moved ? target : undefined;
}

function asReason(item: string, reason: Omit<Reason, 'item'>): Reason {
  const {tool, reason: code, detail, ...facts} = reason as Reason;
  return {...facts, item, tool, reason: code, detail};
}

async function writeReport(folder: string, requestPath: string, report: object | undefined): Promise<void> {
  if (report === undefined) return;
  const path = join(folder, derivedName('', requestNameOf(requestPath), '_deid.json'));
  await writeFileAtomic(path, `${JSON.stringify(report, null, 2)}\n`, {mode: 0o640});
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new FileError('read', path, error);
  }
}

/** Rename, durable; between file systems copy, fsync, rename and unlink. False when the source is gone. */
async function move(source: string, target: string): Promise<boolean> {
  try {
    await rename(source, target).catch(async (error: unknown) => {
      if (errorCode(error) !== 'EXDEV') throw error;
      await moveAcross(source, target);
    });
    await fsyncFolder(dirname(target));
    if (dirname(source) !== dirname(target)) await fsyncFolder(dirname(source));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && !(await exists(source))) return false;
    throw error instanceof FileError ? error : new FileError('move', source, error);
  }
}

async function moveAcross(source: string, target: string): Promise<void> {
  const temporary = temporaryName(target);
  try {
    await copyFile(source, temporary, constants.COPYFILE_EXCL);
    const copy = await open(temporary, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await fsyncFolder(dirname(target));
  await unlink(source);
}

/** `YYYY-MM-DD_HH:MM` of the host's local time. */
function localMinute(at: Date): string {
  const [year, month, day] = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  return `${year}-${two(month)}-${two(day)}_${two(at.getHours())}:${two(at.getMinutes())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
