import {constants} from 'node:fs';
import {type FileHandle, open, rename, unlink} from 'node:fs/promises';
import {dirname} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Clock, systemClock} from '../cli/clock.ts';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {maskSecrets} from '../cli/secretWords.ts';
import {fsyncFolder, temporaryName} from './atomic.ts';
import {errorCode, FileError} from './fileError.ts';
import {acquireLock} from './lock.ts';

/** Another process keeps the job file locked. */
export class JobFileBusy extends FionaError {
  readonly exitCode = exitCode.tryLater;
  constructor(path: string) {
    super(`${path}: another process keeps it locked, try later`);
  }
}

/**
 * One line of a job file. `raw` is the line as it stands there, a character for each byte, so that lines written back unchanged
 * keep their bytes whatever their encoding.
 */
export interface JobLine {
  raw: string;
  /** The JSON object of the line; undefined when the line is none. */
  job: Record<string, unknown> | undefined;
}

/** A change to the lines that still stand as they were read. */
export interface JobChange {
  before: JobLine;
  /** The new content; undefined takes the line out. */
  after: Record<string, unknown> | undefined;
}

const lockWaitMs = 30_000;
/** How long a writer without lock may still write into the file it opened before the exchange. */
const lateAppendMs = 200;
const largestFile = 256 * 1024 * 1024;

/**
 * The jobs of a JSON-lines file that a web page appends to. Blank lines are left out, and a last line that is still being
 * written. A missing file has no jobs.
 * @throws FileError
 */
export async function readJobLines(path: string): Promise<JobLine[]> {
  const file = await openJobFile(path);
  if (!file) return [];
  try {
    return splitLines((await readAll(file, path)).toString('latin1')).lines;
  } finally {
    await file.close();
  }
}

/**
 * Applies changes to those lines that are still what was read (compare and swap by the whole line), atomically, with owner, group
 * and mode kept. Lines added meanwhile survive, also those of writers that know no lock.
 * @returns how many lines were changed or taken out; 0 leaves the file untouched
 * @throws JobFileBusy, FileError
 */
export async function changeJobLines(path: string, changes: readonly JobChange[]): Promise<number> {
  const lock = await acquireLock(`${path}.lock`, {kind: 'exclusive', waitMs: lockWaitMs});
  if (!lock) throw new JobFileBusy(path);
  try {
    return await exchange(path, changes);
  } finally {
    lock.release();
  }
}

async function exchange(path: string, changes: readonly JobChange[]): Promise<number> {
  const old = await openJobFile(path);
  if (!old) return 0;
  try {
    const bytes = await readAll(old, path);
    const {lines, unfinished} = splitLines(bytes.toString('latin1'));
    const byRaw = new Map(changes.map(change => [change.before.raw, change.after]));
    const changed = lines.filter(({raw}) => byRaw.has(raw)).length;
    if (changed === 0) return 0;
    const kept = lines.flatMap(({raw}) => {
      if (!byRaw.has(raw)) return [raw];
      const after = byRaw.get(raw);
      return after === undefined ? [] : [Buffer.from(JSON.stringify(after), 'utf8').toString('latin1')];
    });
    const text = kept.map(raw => `${raw}\n`).join('') + unfinished;
    await replaceFile(path, Buffer.from(text, 'latin1'), old);
    await sweepLateAppends(path, old, bytes.length);
    return changed;
  } finally {
    await old.close();
  }
}

/** Splits at line ends; what stands behind the last one counts when it is complete JSON, else it is still being written. */
function splitLines(text: string): {lines: JobLine[]; unfinished: string} {
  const raws = text.split('\n');
  const last = raws.pop() ?? '';
  const lines = raws.map(raw => toJobLine(raw.replace(/\r$/, ''))).filter(({raw}) => raw.trim() !== '');
  const lastLine = toJobLine(last.replace(/\r$/, ''));
  if (lastLine.job === undefined) return {lines, unfinished: last.trim() === '' ? '' : last};
  return {lines: [...lines, lastLine], unfinished: ''};
}

function toJobLine(raw: string): JobLine {
  try {
    const job: unknown = JSON.parse(Buffer.from(raw, 'latin1').toString('utf8'));
    const isObject = typeof job === 'object' && job !== null && !Array.isArray(job);
    return {raw, job: isObject ? (job as Record<string, unknown>) : undefined};
  } catch {
    return {raw, job: undefined};
  }
}

async function openJobFile(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isFile() && stat.size <= largestFile) return file;
    await file.close();
    throw new Error(stat.isFile() ? 'it is too large' : 'it is no regular file');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
}

async function readAll(file: FileHandle, path: string): Promise<Buffer> {
  try {
    return await file.readFile();
  } catch (error) {
    throw new FileError('read', path, error);
  }
}

async function replaceFile(path: string, content: Buffer, old: FileHandle): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await takeOverRights(file, old);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await fsyncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error instanceof FileError ? error : new FileError('write', path, error);
  }
}

/** The web page that owns the file must be able to go on writing it. */
async function takeOverRights(file: FileHandle, old: FileHandle): Promise<void> {
  const {uid, gid, mode} = await old.stat();
  const own = await file.stat();
  if (own.gid !== gid) await file.chown(-1, gid).catch(() => {});
  if (own.uid !== uid) await file.chown(uid, -1).catch(() => {});
  const now = await file.stat();
  const ownerCanWrite = now.uid === uid || (mode & 0o002) !== 0 || (now.gid === gid && (mode & 0o020) !== 0);
  if (!ownerCanWrite) {
    throw new Error('its owner would lose the right to write it; give it a common group and mode 0664');
  }
  await file.chmod(mode & 0o7777);
}

/** A writer without lock may have opened the old file just before the exchange: what it appended is carried over. */
async function sweepLateAppends(path: string, old: FileHandle, from: number): Promise<void> {
  await delay(lateAppendMs);
  const {size} = await old.stat();
  if (size <= from) return;
  const late = Buffer.alloc(size - from);
  await old.read(late, 0, late.length, from);
  await appendDurably(path, late);
}

async function appendDurably(path: string, bytes: Buffer, mode = 0o644): Promise<void> {
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, mode);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new FileError('write', path, error);
  }
}

/** Why a job failed for good. */
export interface JobFailure {
  tool: string;
  /** Short code. */
  reason: string;
  /** A sentence for people. */
  detail: string;
}

/**
 * Moves a job that failed for good to `<path>.failed` (JSON lines `{job, tool, reason, detail, at}`). A kill in between leaves the
 * job in the list; the next run finds its failure already noted.
 * @throws JobFileBusy, FileError
 */
export async function failJobLine(
  path: string,
  line: JobLine,
  failure: JobFailure,
  clock: Clock = systemClock,
): Promise<void> {
  const job = line.job ?? {line: Buffer.from(line.raw, 'latin1').toString('utf8')};
  const entry = {
    job,
    tool: failure.tool,
    reason: failure.reason,
    detail: failure.detail,
    at: clock.now().toISOString(),
  };
  const failedPath = `${path}.failed`;
  const earlier = await openJobFile(failedPath);
  let noted = false;
  let cut = false;
  if (earlier) {
    try {
      const text = (await readAll(earlier, failedPath)).toString('utf8');
      cut = text !== '' && !text.endsWith('\n');
      noted = isLastEntry(text, entry);
    } finally {
      await earlier.close();
    }
  }
  if (!noted) {
    const text = maskSecrets(JSON.stringify(entry));
    await appendDurably(failedPath, Buffer.from(`${cut ? '\n' : ''}${text}\n`, 'utf8'), 0o640);
  }
  await changeJobLines(path, [{before: line, after: undefined}]);
}

function isLastEntry(text: string, entry: {job: unknown; tool: string; reason: string}): boolean {
  const last = toJobLine(Buffer.from(text.trimEnd().split('\n').at(-1) ?? '', 'utf8').toString('latin1')).job;
  const expected = maskSecrets(JSON.stringify([entry.job, entry.tool, entry.reason]));
  return last !== undefined && JSON.stringify([last.job, last.tool, last.reason]) === expected;
}
