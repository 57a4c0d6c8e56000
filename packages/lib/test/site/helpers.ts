import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach} from 'vitest';
import type {Clock} from '../../src/cli/clock.ts';
import type {Log} from '../../src/cli/log.ts';

const made: string[] = [];

/** An empty data root that goes with the test. */
export function aDataRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'fiona-site-'));
  made.push(root);
  return root;
}

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, {recursive: true, force: true});
});

/** A clock that stands still until it is moved. */
export function aClock(start = '2026-11-23T10:00:00Z'): Clock & {moveTo(time: string): void} {
  let now = new Date(start);
  return {
    now: () => new Date(now),
    monotonic: () => now.getTime(),
    moveTo: time => {
      now = new Date(time);
    },
  };
}

/** A log that remembers. */
export function aLog(): Log & {lines: string[]} {
  const lines: string[] = [];
  const to = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {lines, debug: to('DEBUG'), info: to('INFO'), warn: to('WARN'), error: to('ERROR')};
}
