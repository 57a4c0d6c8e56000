import {createHash} from 'node:crypto';
import {closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {fsyncFolder} from './atomic.ts';
import {errorCode, FileError} from './fileError.ts';
import {readJsonFile, writeJsonFile} from './jsonFile.ts';
import {acquireLock} from './lock.ts';
import {makeFolder} from './makeFolder.ts';

/** A line of a chained log: its number and the SHA-256 (hexadecimal) of its bytes without the line feed. */
export interface ChainLink {
  readonly seq: number;
  readonly hash: string;
}

export interface ChainedLogOptions {
  /** The file is set aside as `<path>.<number of its last line>` before a line would make it larger; default 16 MiB. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 16 * 1024 * 1024;
const lockWaitMs = 30_000;
const fileMode = 0o640;
const lineFeed = 0x0a;
/** What stands in the first line in place of the line before. */
const beginning: ChainLink = {seq: 0, hash: '0'.repeat(64)};

/**
 * Appends one line to a log that shows when it was tampered with: JSON objects, one a line, each with its number `seq` and in
 * `prev` the SHA-256 of the line before, also across files. `<path>.head` remembers the last line, so that lines missing at
 * the end are noticed, too. The line is durable when this returns. Nothing that stands in the log is ever changed: what a killed
 * writer left of a line stays, and the next line says in `torn` how many bytes that are and what their SHA-256 is.
 *
 * When the log ends before the line that the head remembers, somebody took lines away; the new line follows the remembered one, so
 * that the gap stays visible for good.
 * @param facts members of the line
 * @throws FileError; the line may be there all the same, or part of it
 */
export async function appendChained(
  path: string,
  facts: object,
  {maxBytes = defaultMaxBytes}: ChainedLogOptions = {},
): Promise<ChainLink> {
  makeFolder(dirname(path), 0o750);
  const lock = await acquireLock(`${path}.lock`, {kind: 'exclusive', waitMs: lockWaitMs});
  if (lock === undefined) throw new FileError('write', path, new Error('another process keeps it locked'));
  try {
    const end = await endOfLog(path);
    const head = await readHead(path);
    const last = end.last ?? beginning;
    const before = head !== undefined && head.seq >= last.seq ? head : last;
    const torn = end.torn && {torn: {bytes: end.torn.length, sha256: sha256(end.torn)}};
    const seq = before.seq + 1;
    const line = JSON.stringify({seq, prev: before.hash, ...torn, ...facts});
    const link = {seq, hash: sha256(line)};
    if (end.size > 0 && end.isWhole && end.size + line.length > maxBytes) await setAside(path, last.seq);
    await write(path, `${end.isWhole ? '' : '\n'}${line}\n`);
    await writeJsonFile(`${path}.head`, link, {mode: fileMode});
    return link;
  } catch (error) {
    throw error instanceof FileError ? error : new FileError('write', path, error);
  } finally {
    lock.release();
  }
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** How the log ends. */
interface LogEnd {
  /** Bytes of the present file. */
  readonly size: number;
  /** The last line that is one; undefined for an empty log. */
  readonly last: ChainLink | undefined;
  /** What stands behind it and is no line. */
  readonly torn: Buffer | undefined;
  /** False when the last byte of the present file is no line feed. */
  readonly isWhole: boolean;
}

async function endOfLog(path: string): Promise<LogEnd> {
  const present = endOfFile(path);
  if (present?.last !== undefined) return present;
  // killed between setting the full file aside and the first line of the next, or in the middle of that line
  const numbers = (await readdir(dirname(path))).flatMap(name => {
    const number = name.startsWith(`${basename(path)}.`) ? name.slice(basename(path).length + 1) : '';
    return /^\d+$/.test(number) ? [Number(number)] : [];
  });
  const earlier = numbers.length === 0 ? undefined : endOfFile(`${path}.${Math.max(...numbers)}`);
  const {size = 0, torn = earlier?.torn, isWhole = true} = present ?? {};
  return {size, last: earlier?.last, torn, isWhole};
}

const firstLook = 64 * 1024;

/** The end of one file, read from behind; undefined when there is none. */
function endOfFile(path: string): LogEnd | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
  try {
    const {size} = fstatSync(file);
    for (let length = Math.min(size, firstLook); ; length = Math.min(size, length * 4)) {
      const bytes = Buffer.alloc(length);
      const count = readSync(file, bytes, 0, length, size - length);
      const end = lastLineOf(bytes.subarray(0, count), length === size);
      if (end !== undefined) return {size, ...end};
      if (length === size) return {size, last: undefined, torn: tornPart(bytes), isWhole: bytes.at(-1) === lineFeed};
    }
  } finally {
    closeSync(file);
  }
}

/** @param isAll whether the bytes begin with the file: else what stands before the first line feed is part of a line */
function lastLineOf(bytes: Buffer, isAll: boolean): Omit<LogEnd, 'size'> | undefined {
  const isWhole = bytes.length === 0 || bytes.at(-1) === lineFeed;
  let end = isWhole ? bytes.length - 1 : bytes.length;
  while (end > 0) {
    const start = bytes.lastIndexOf(lineFeed, end - 1) + 1;
    if (start === 0 && !isAll) return undefined;
    const last = linkOf(bytes.subarray(start, end));
    if (last !== undefined) return {last, torn: tornPart(bytes.subarray(end + 1)), isWhole};
    end = start - 1;
  }
  return undefined;
}

/** The line feed at its end belongs to whoever wrote the next line. */
function tornPart(bytes: Buffer): Buffer | undefined {
  const torn = bytes.at(-1) === lineFeed ? bytes.subarray(0, -1) : bytes;
  return torn.length === 0 ? undefined : torn;
}

function linkOf(line: Buffer): ChainLink | undefined {
  try {
    const {seq, prev} = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
    const isLink = typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0 && typeof prev === 'string';
    return isLink ? {seq, hash: sha256(line)} : undefined;
  } catch {
    return undefined;
  }
}

async function readHead(path: string): Promise<ChainLink | undefined> {
  // a head that cannot be read is made anew: it only guards the end
  const head = (await readJsonFile(`${path}.head`).catch(() => undefined)) as Partial<ChainLink> | null | undefined;
  const isHead = Number.isSafeInteger(head?.seq) && /^[0-9a-f]{64}$/.test(String(head?.hash));
  return isHead ? (head as ChainLink) : undefined;
}

async function setAside(path: string, lastSeq: number): Promise<void> {
  renameSync(path, `${path}.${lastSeq}`);
  await fsyncFolder(dirname(path));
}

async function write(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text, 'utf8');
  const file = openSync(path, 'a', fileMode);
  let isNew: boolean;
  try {
    isNew = fstatSync(file).size === 0;
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) await fsyncFolder(dirname(path));
}
