import {unlink} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {writeFileAtomic} from '../fs/atomic.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {readJsonFile} from '../fs/jsonFile.ts';
import {derivedName} from './derivedName.ts';

/** What is known of the failed attempts of a request that is tried again: content of its hidden sidecar. Times are ISO 8601 UTC. */
export interface Retry {
  /** Attempts so far, from 1. */
  readonly attempts: number;
  /** First and last failed attempt. */
  readonly first: string;
  readonly last: string;
  /** Not to be tried before. */
  readonly next: string;
  /** Short code of the last failure. */
  readonly reason: string;
}

/** Minutes from one attempt to the next; the last figure holds for all further ones. */
const pauseMinutes = [1, 2, 5, 15, 60] as const;

/** The sidecar after one more temporary failure at `now`. */
export function planRetry(earlier: Retry | undefined, reason: string, now: Date): Retry {
  const attempts = (earlier?.attempts ?? 0) + 1;
  const pause = pauseMinutes[Math.min(attempts, pauseMinutes.length) - 1] ?? 60;
  return {
    attempts,
    first: earlier?.first ?? now.toISOString(),
    last: now.toISOString(),
    next: new Date(now.getTime() + pause * 60_000).toISOString(),
    reason,
  };
}

/** Whether the request must be passed over for now. A time further ahead than the longest pause comes from a wrong clock and does not count. */
export function isPaused(retry: Retry, now: Date): boolean {
  const wait = Date.parse(retry.next) - now.getTime();
  return wait > 0 && wait <= 60 * 60_000;
}

/** Whether a temporary failure has lasted so long (from the first attempt) that it becomes final. */
export function isExhausted(retry: Retry, now: Date, hours: number): boolean {
  return now.getTime() - Date.parse(retry.first) >= hours * 3_600_000;
}

/** Sidecar of a request file: hidden, in the same folder. */
export function retryPath(requestPath: string): string {
  return join(dirname(requestPath), derivedName('.', basename(requestPath), '.retry'));
}

/**
 * The sidecar of a request.
 * @returns undefined when there is none, or one that makes no sense (then the request is simply tried)
 * @throws FileError when it can't be read
 */
export async function readRetry(requestPath: string): Promise<Retry | undefined> {
  const content = await readJsonFile(retryPath(requestPath)).catch((error: unknown) => {
    if (error instanceof FileError) throw error;
    return undefined;
  });
  return isRetry(content) ? content : undefined;
}

/** @throws FileError */
export async function writeRetry(requestPath: string, retry: Retry): Promise<void> {
  await writeFileAtomic(retryPath(requestPath), `${JSON.stringify(retry, null, 2)}\n`);
}

/**
 * Removes the sidecar; that there is none is fine.
 * @throws FileError
 */
export async function removeRetry(requestPath: string): Promise<void> {
  const path = retryPath(requestPath);
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw new FileError('remove', path, error);
  });
}

function isRetry(content: unknown): content is Retry {
  if (typeof content !== 'object' || content === null) return false;
  const {attempts, first, last, next, reason} = content as Record<string, unknown>;
  return (
    typeof attempts === 'number' &&
    Number.isSafeInteger(attempts) &&
    attempts > 0 &&
    [first, last, next].every(time => typeof time === 'string' && !Number.isNaN(Date.parse(time))) &&
    typeof reason === 'string'
  );
}
