import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {FileError} from '../../src/fs/fileError.ts';
import {acquireLock} from '../../src/fs/lock.ts';
import {readHolder} from '../../src/fs/lockHolder.ts';
import {startChild} from './childScript.ts';
import {tempFolder} from './tempFolder.ts';

const folder = tempFolder();
let number = 0;
const aLockFile = () => join(folder, `case-${number++}`, 'x.lock');

async function holder(path: string, kind: 'exclusive' | 'shared') {
  const child = startChild('fs/lockTaker.child.ts', [path, kind]);
  expect(await child.line()).toBe('held');
  return child;
}

describe('acquireLock', () => {
  it('lets many share and one alone have it, between processes', async () => {
    const path = aLockFile();
    const reader = await holder(path, 'shared');
    const second = await acquireLock(path, {kind: 'shared'});
    expect(second).toBeDefined();
    expect(await acquireLock(path, {kind: 'exclusive'})).toBeUndefined();
    second?.release();
    await reader.kill();
    const alone = await acquireLock(path, {kind: 'exclusive'});
    expect(alone).toBeDefined();
    expect(await acquireLock(path, {kind: 'shared'})).toBeUndefined();
    expect(await acquireLock(path, {kind: 'exclusive'})).toBeUndefined();
    alone?.release();
    alone?.release();
    (await acquireLock(path, {kind: 'exclusive'}))?.release();
  });

  it.each(['exclusive', 'shared'] as const)(
    'is free again after kill -9 of a holder (%s), with nothing left behind',
    async kind => {
      const path = aLockFile();
      const child = await holder(path, kind);
      expect(await acquireLock(path, {kind: 'exclusive'})).toBeUndefined();
      await child.kill();
      const lock = await acquireLock(path, {kind: 'exclusive'});
      expect(lock).toBeDefined();
      lock?.release();
      expect(readdirSync(join(path, '..')).filter(name => name !== 'x.lock' && name !== 'x.lock.json')).toEqual([]);
      expect(statSync(path).size).toBe(0);
    },
  );

  it('excludes 6 processes that fight for it, and starves none', async () => {
    const path = aLockFile();
    const children = Array.from({length: 6}, () =>
      startChild('fs/lockTaker.child.ts', [path, 'exclusive', '20000', '15']),
    );
    for (const child of children) expect(await child.ended()).toMatchObject({code: 0, stdout: 'done\n'});
  });

  it('gives the lock to one of two that start in the same moment', async () => {
    for (let round = 0; round < 40; round++) {
      const path = aLockFile();
      const [a, b] = await Promise.all([
        acquireLock(path, {kind: 'exclusive'}),
        acquireLock(path, {kind: 'exclusive'}),
      ]);
      expect([a, b].filter(lock => lock !== undefined)).toHaveLength(1);
      a?.release();
      b?.release();
    }
  });

  it('waits for a busy lock, not longer than told, and not after an abort', async () => {
    const path = aLockFile();
    const first = await acquireLock(path, {kind: 'exclusive'});
    const waiting = acquireLock(path, {kind: 'exclusive', waitMs: 10_000});
    first?.release();
    const second = await waiting;
    expect(second).toBeDefined();
    const before = performance.now();
    expect(await acquireLock(path, {kind: 'exclusive', waitMs: 150})).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThan(140);
    expect(await acquireLock(path, {kind: 'shared', waitMs: 60_000, signal: AbortSignal.timeout(20)})).toBeUndefined();
    second?.release();
  });

  it('does not hold what was removed or replaced meanwhile', async () => {
    const path = aLockFile();
    const old = await acquireLock(path, {kind: 'exclusive'});
    rmSync(path);
    const fresh = await acquireLock(path, {kind: 'exclusive'});
    expect(fresh).toBeDefined();
    expect(await acquireLock(path, {kind: 'shared'})).toBeUndefined();
    old?.release();
    expect(await acquireLock(path, {kind: 'shared'})).toBeUndefined();
    fresh?.release();
  });

  it('moves a file that an older script left aside', async () => {
    const path = aLockFile();
    mkdirSync(join(path, '..'));
    writeFileSync(path, '12345\n');
    const lock = await acquireLock(path, {kind: 'exclusive'});
    expect(lock).toBeDefined();
    expect(readFileSync(`${path}.old`, 'utf8')).toBe('12345\n');
    expect(await acquireLock(path, {kind: 'exclusive'})).toBeUndefined();
    lock?.release();
  });

  it('notes the holder while it holds, and only living ones count', async () => {
    const path = aLockFile();
    const child = await holder(path, 'exclusive');
    expect(readHolder(path)).toMatchObject({pid: child.process.pid, tool: 'lockTaker'});
    await child.kill();
    expect(readHolder(path)).toBeUndefined();
    const lock = await acquireLock(path, {kind: 'exclusive', tool: 'me'});
    expect(readHolder(path)).toMatchObject({pid: process.pid, tool: 'me'});
    lock?.release();
    expect(readdirSync(join(path, '..'))).toEqual(['x.lock']);
    writeFileSync(`${path}.json`, '{"pid": "x"');
    expect(readHolder(path)).toBeUndefined();
  });

  it('makes lock files that others may lock, whatever the umask', async () => {
    const path = aLockFile();
    const umask = process.umask(0o077);
    (await acquireLock(path, {kind: 'shared', mode: 0o666}))?.release();
    process.umask(umask);
    expect(statSync(path).mode & 0o777).toBe(0o666);
  });

  it('refuses folders, pipes and links in place of a lock file, without hanging', async () => {
    const path = aLockFile();
    mkdirSync(path, {recursive: true});
    await expect(acquireLock(path, {kind: 'exclusive'})).rejects.toThrow(FileError);
    const link = join(path, 'link');
    writeFileSync(join(path, 'real'), '');
    symlinkSync(join(path, 'real'), link);
    await expect(acquireLock(link, {kind: 'exclusive'})).rejects.toThrow(/cannot lock .*link/);
    const pipe = join(path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(acquireLock(pipe, {kind: 'shared'})).rejects.toThrow(FileError);
  });

  it('says so when the folder can not be written', async () => {
    await expect(acquireLock('/proc/nothing/x.lock', {kind: 'exclusive'})).rejects.toThrow(
      /cannot lock \/proc\/nothing/,
    );
  });

  it('prints no warning', async () => {
    const path = aLockFile();
    const child = startChild('fs/lockTaker.child.ts', [path, 'exclusive', '0', '1']);
    expect(await child.ended()).toEqual({code: 0, stdout: 'done\n', stderr: ''});
  });

  it('survives a lock file that is renamed away while others take it', async () => {
    const path = aLockFile();
    const held = await Promise.all(
      Array.from({length: 50}, async (_, index) => {
        if (index === 10) renameSync(path, `${path}.away`);
        const lock = await acquireLock(path, {kind: 'shared', waitMs: 2000});
        const exclusive = await acquireLock(path, {kind: 'exclusive'});
        expect(exclusive).toBeUndefined();
        return lock;
      }),
    );
    for (const lock of held) lock?.release();
    (await acquireLock(path, {kind: 'exclusive'}))?.release();
  });
});
