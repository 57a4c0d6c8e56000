import {closeSync, constants, fstatSync, openSync, readFileSync, type Stats} from 'node:fs';
import {open} from 'node:fs/promises';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {type AtomicOptions, writeFileAtomic} from './atomic.ts';
import {errorCode, FileError} from './fileError.ts';

/** A JSON file with content that is not JSON, or too large to be what it should be. */
export class JsonFileError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly path: string;

  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
    this.path = path;
  }
}

const defaultMaxBytes = 64 * 1024 * 1024;

/**
 * Reads a JSON file (UTF-8, byte order mark tolerated). The value is unchecked.
 * @returns undefined when there is no such file
 * @throws JsonFileError when the content is not JSON (the message does not quote it) or larger than `maxBytes`
 * @throws FileError when the file cannot be read
 */
export async function readJsonFile(path: string, options: {maxBytes?: number} = {}): Promise<unknown> {
  const text = await readTextFile(path, options);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new JsonFileError(path, text.trim() === '' ? 'is empty, expected JSON' : 'is not JSON');
  }
}

/**
 * Reads a regular file as UTF-8 text without byte order mark; refuses what is larger than `maxBytes` (64 MiB).
 * @returns undefined when there is no such file
 * @throws JsonFileError, FileError
 */
export async function readTextFile(path: string, options: {maxBytes?: number} = {}): Promise<string | undefined> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  try {
    // non-blocking: a named pipe in place of the file must not hang the tool
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      demandSmallFile(path, await file.stat(), maxBytes);
      return withoutMark(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error instanceof FionaError ? error : new FileError('read', path, error);
  }
}

/**
 * {@link readTextFile} without the thread pool, whose start costs several milliseconds: for what every run reads first.
 * @throws JsonFileError, FileError
 */
export function readTextFileSync(path: string, options: {maxBytes?: number} = {}): string | undefined {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      demandSmallFile(path, fstatSync(descriptor), options.maxBytes ?? defaultMaxBytes);
      return withoutMark(readFileSync(descriptor, 'utf8'));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error instanceof FionaError ? error : new FileError('read', path, error);
  }
}

function demandSmallFile(path: string, stat: Stats, maxBytes: number): void {
  if (!stat.isFile()) throw new JsonFileError(path, 'is no regular file');
  if (stat.size > maxBytes) throw new JsonFileError(path, `is larger than ${maxBytes} bytes`);
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * Writes a value as JSON, atomically, indented by 2, with a newline at the end.
 * @throws FileError
 */
export async function writeJsonFile(path: string, value: unknown, options: AtomicOptions = {}): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, options);
}
