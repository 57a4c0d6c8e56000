import {readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {
  isExhausted,
  isPaused,
  planRetry,
  type Retry,
  readRetry,
  removeRetry,
  retryPath,
  writeRetry,
} from '../../src/transfers/retry.ts';
import {temporaryFolder} from './support.ts';

const start = new Date('2024-01-31T10:00:00Z');
const later = (minutes: number) => new Date(start.getTime() + minutes * 60_000);

describe('trying again', () => {
  it('happens after 1, 2, 5, 15, 60, 60 … minutes', () => {
    let retry: Retry | undefined;
    const pauses = [];
    for (let attempt = 1; attempt <= 7; attempt++) {
      retry = planRetry(retry, 'pacs-unreachable', start);
      pauses.push((Date.parse(retry.next) - start.getTime()) / 60_000);
    }
    expect(pauses).toEqual([1, 2, 5, 15, 60, 60, 60]);
    expect(retry?.attempts).toBe(7);
  });

  it('is due when its time has come, or lies so far ahead that a clock was wrong', () => {
    const retry = planRetry(undefined, 'spool-full', start);
    expect(isPaused(retry, start)).toBe(true);
    expect(isPaused(retry, later(1))).toBe(false);
    expect(isPaused(retry, later(-1000))).toBe(false);
  });

  it('ends the given hours after the first attempt', () => {
    const retry = planRetry(planRetry(undefined, 'a', start), 'b', later(60 * 23));
    expect(retry).toMatchObject({first: start.toISOString(), reason: 'b', attempts: 2});
    expect(isExhausted(retry, later(60 * 24 - 1), 24)).toBe(false);
    expect(isExhausted(retry, later(60 * 24), 24)).toBe(true);
  });

  it('is noted in a hidden sidecar; nonsense there counts as none', async () => {
    const folder = temporaryFolder();
    const request = join(folder, '1.2.3_PROJ_P_01_1.json');
    expect(await readRetry(request)).toBeUndefined();
    const retry = planRetry(undefined, 'pacs-unreachable', start);
    await writeRetry(request, retry);
    expect(readdirSync(folder)).toEqual(['.1.2.3_PROJ_P_01_1.json.retry']);
    expect(await readRetry(request)).toEqual(retry);
    for (const nonsense of [
      '',
      '[',
      '{"attempts": "x"}',
      '{"attempts": 1, "first": "?", "last": "?", "next": "?", "reason": ""}',
    ]) {
      writeFileSync(retryPath(request), nonsense);
      expect(await readRetry(request)).toBeUndefined();
    }
    await removeRetry(request);
    await removeRetry(request);
    expect(readdirSync(folder)).toEqual([]);
  });
});
