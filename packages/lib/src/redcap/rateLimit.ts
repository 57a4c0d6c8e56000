import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Clock} from '../cli/clock.ts';
import {FileError} from '../fs/fileError.ts';
import {acquireLock} from '../fs/lock.ts';
import {makeFolder} from '../fs/makeFolder.ts';
import {replaceFile} from '../fs/replaceFile.ts';

/** A token bucket as it lies on disk, shared by all processes of the host. */
export interface Bucket {
  /** Requests that may be sent now; below 0: that many are promised to processes that wait. */
  tokens: number;
  /** Wall clock, ms. */
  at: number;
}

/** Takes one request out of the bucket, which refills evenly. @returns the bucket after it and how long to wait, in ms */
export function takeToken(
  bucket: Bucket | undefined,
  perMinute: number,
  now: number,
): {bucket: Bucket; waitMs: number} {
  const elapsed = bucket === undefined ? 0 : Math.min(Math.max(0, now - bucket.at), 60_000);
  const tokens = bucket === undefined ? perMinute : Math.min(perMinute, bucket.tokens + (elapsed * perMinute) / 60_000);
  const left = tokens - 1;
  return {bucket: {tokens: left, at: now}, waitMs: left >= 0 ? 0 : Math.ceil((-left * 60_000) / perMinute)};
}

/**
 * Reserves one request of the host's share (`<stateDir>/redcap-rate.json`, under its kernel lock).
 * @returns ms to wait before the request may be sent
 * @throws FileError when the state folder cannot be written: an unknown number of requests could get the address banned
 */
export async function reserveRequest(
  stateDir: string,
  perMinute: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<number> {
  const path = join(stateDir, 'redcap-rate.json');
  makeFolder(stateDir, 0o700);
  const lock = await acquireLock(`${path}.lock`, {kind: 'exclusive', waitMs: 10_000, signal});
  if (lock === undefined) {
    if (signal?.aborted) return 0;
    throw new FileError('lock', path, new Error('it is held for more than 10 seconds'));
  }
  try {
    const {bucket, waitMs} = takeToken(readBucket(path), perMinute, clock.now().getTime());
    // not made durable: after a power cut the bucket is full, which is true enough
    replaceFile(path, JSON.stringify(bucket), 0o600);
    return waitMs;
  } catch (error) {
    throw new FileError('write', path, error);
  } finally {
    lock.release();
  }
}

function readBucket(path: string): Bucket | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Bucket> | null;
    if (typeof value?.tokens !== 'number' || typeof value.at !== 'number') return undefined;
    return Number.isFinite(value.tokens) && Number.isFinite(value.at)
      ? {tokens: value.tokens, at: value.at}
      : undefined;
  } catch {
    return undefined;
  }
}

const pauseMs = 15 * 60_000;

/** Until when all tools of the host keep away from REDCap, after it banned us; undefined when they need not. */
export function pausedUntil(stateDir: string, clock: Clock): Date | undefined {
  try {
    const value = JSON.parse(readFileSync(join(stateDir, 'redcap-paused.json'), 'utf8')) as {until?: unknown} | null;
    const until = Date.parse(String(value?.until));
    const left = until - clock.now().getTime();
    // a marker from the future of a clock that was set back must not stop us for ever
    return left > 0 && left <= pauseMs ? new Date(until) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes every tool of the host pause for 15 minutes. @throws FileError */
export function pauseAll(stateDir: string, reason: string, clock: Clock): Date {
  const path = join(stateDir, 'redcap-paused.json');
  const until = new Date(clock.now().getTime() + pauseMs);
  try {
    makeFolder(stateDir, 0o700);
    replaceFile(path, `${JSON.stringify({until: until.toISOString(), reason})}\n`, 0o600);
  } catch (error) {
    throw new FileError('write', path, error);
  }
  return until;
}
