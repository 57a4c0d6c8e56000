import {execFileSync} from 'node:child_process';
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {readPosition} from '@fiona/lib/site/journalSegments';
import {describe, expect, it} from 'vitest';
import {Gateway, until} from './gateway.ts';
import {summariesOf} from './helpers.ts';
import {store} from './instances.ts';

/** Fills what is left of a file system, byte by byte in the end. */
function fill(path: string): void {
  for (let bytes = 1 << 20; bytes >= 1; bytes /= 2) {
    for (let tries = 0; tries < 8; tries++) {
      try {
        writeFileSync(path, Buffer.alloc(bytes), {flag: 'a'});
      } catch {
        break;
      }
    }
  }
}

describe('a full disk', () => {
  it('makes the daemon wait; when there is room again nothing is missing', async () => {
    const gateway = new Gateway();
    // a file system of its own needs root
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', gateway.root]);
    try {
      await indexOnFullDisk(gateway);
    } finally {
      await gateway.end();
      execFileSync('umount', ['-l', gateway.root]);
    }
  });
});

async function indexOnFullDisk(gateway: Gateway): Promise<void> {
  const files = Array.from({length: 20}, (_, number) =>
    store(gateway.root, {SOPInstanceUID: ['UI', `1.2.3.1.${number}`]}),
  );
  await gateway.announce(files);
  fill(join(gateway.root, 'filler'));
  gateway.serve();
  await until(() => gateway.log().includes('the disk is full'));
  expect(await readPosition(gateway.root)).toBeUndefined();
  expect(summariesOf(gateway.root)).toEqual({});
  rmSync(join(gateway.root, 'filler'));
  await gateway.journalDone();
  expect(Object.values(summariesOf(gateway.root))[0]?.NumFiles).toBe('20');
  expect(gateway.log()).not.toContain('not indexed');
}
