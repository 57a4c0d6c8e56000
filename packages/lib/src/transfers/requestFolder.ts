import type {Stats} from 'node:fs';
import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {writeFileAtomic} from '../fs/atomic.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {readTextFile} from '../fs/jsonFile.ts';
import {formatRequest, parseRequest, requestFileName, sameTransfer, type TransferRequest} from './request.ts';
import {TransferRequestError} from './requestError.ts';

/** A request file as it lies in the folder, its content not yet read. */
export interface RequestFile {
  readonly path: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** A request holds a few hundred bytes; older tools wrote whole rows. */
const longestRequest = 1024 * 1024;

/**
 * The waiting requests: regular files `*.json`, never hidden ones, by modification time and name.
 * @returns the empty list when there is no such folder
 * @throws FileError
 */
export async function listRequests(folder: string, order: 'oldest' | 'newest' = 'oldest'): Promise<RequestFile[]> {
  const files: RequestFile[] = [];
  for (const name of await namesIn(folder)) {
    if (name.startsWith('.') || !name.endsWith('.json')) continue;
    const path = join(folder, name);
    const stat = await statOf(path);
    if (stat?.isFile()) files.push({path, name, modified: stat.mtimeMs});
  }
  const sign = order === 'oldest' ? 1 : -1;
  return files.sort((a, b) => sign * (a.modified - b.modified) || (a.name < b.name ? -1 : 1));
}

/**
 * Reads one request file.
 * @returns undefined when it is gone
 * @throws TransferRequestError, JsonFileError (no regular file, far too large), FileError
 */
export async function readRequest(path: string): Promise<TransferRequest | undefined> {
  const text = await readTextFile(path, {maxBytes: longestRequest});
  return text === undefined ? undefined : parseRequest(text);
}

/** What became of a request that was to be written. */
export type WriteOutcome =
  /** There was none of this name. */
  | 'written'
  /** One that asks for the same waits already; it was not touched, it may be in work. */
  | 'waiting'
  /** One with other content was replaced. */
  | 'replaced'
  /** One with other content is in work: nothing was done. */
  | 'busy';

/**
 * Writes a request, unless one for the same transfer waits already. One that asks for something else under the same name is
 * replaced while nobody is at work on the study.
 * @param whileUnused carries out an act while it is certain that nobody works on the study, or answers false without doing so
 * @throws FileError
 */
export async function writeRequest(
  folder: string,
  request: TransferRequest,
  whileUnused: (act: () => Promise<void>) => Promise<boolean>,
): Promise<WriteOutcome> {
  const path = join(folder, requestFileName(request));
  const write = () => writeFileAtomic(path, formatRequest(request));
  if ((await statOf(path)) === undefined) {
    await write();
    return 'written';
  }
  if (await asksForTheSame(path, request)) return 'waiting';
  return (await whileUnused(write)) ? 'replaced' : 'busy';
}

/** Whether {@link writeRequest} would find a request for the same transfer. */
export async function isWaiting(folder: string, request: TransferRequest): Promise<boolean> {
  const path = join(folder, requestFileName(request));
  return (await statOf(path)) !== undefined && (await asksForTheSame(path, request));
}

/** Byte for byte the same counts too: what can't be carried out need not be written again every minute. */
async function asksForTheSame(path: string, request: TransferRequest): Promise<boolean> {
  const text = await readTextFile(path, {maxBytes: longestRequest});
  if (text === undefined) return false;
  if (text === formatRequest(request)) return true;
  try {
    return sameTransfer(parseRequest(text), request);
  } catch (error) {
    if (error instanceof TransferRequestError) return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', folder, error);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
}
