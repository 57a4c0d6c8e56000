import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {exitCode} from '../../src/cli/exitCode.ts';
import {temporaryName, writeFileAtomic} from '../../src/fs/atomic.ts';
import {FileError} from '../../src/fs/fileError.ts';
import {replaceFile} from '../../src/fs/replaceFile.ts';
import {startChild} from './childScript.ts';
import {smallDisk} from './smallDisk.ts';
import {tempFolder} from './tempFolder.ts';

const folder = tempFolder();

describe('writeFileAtomic', () => {
  it('replaces the content and leaves nothing else', async () => {
    const path = join(folder, 'a', 'f');
    mkdirSync(join(folder, 'a'));
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Buffer.from('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'a'))).toEqual(['f']);
  });

  it('sets mode and group whatever the umask', async () => {
    const path = join(folder, 'modes');
    const umask = process.umask(0o077);
    await writeFileAtomic(path, '', {mode: 0o666, gid: 33});
    process.umask(umask);
    expect(statSync(path)).toMatchObject({gid: 33});
    expect(statSync(path).mode & 0o7777).toBe(0o666);
  });

  it('keeps the old content and no temporary file when the disk is full', async () => {
    const disk = smallDisk(join(folder, 'disk'), 64);
    const path = join(disk, 'f');
    await writeFileAtomic(path, 'old');
    const error = await writeFileAtomic(path, Buffer.alloc(200_000)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({code: 'ENOSPC', exitCode: exitCode.cannotWrite, path});
    expect(String(error)).toContain('the disk is full');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(disk)).toEqual(['f']);
  });

  it('says which folder is missing or not writable', async () => {
    await expect(writeFileAtomic(join(folder, 'nope/f'), '')).rejects.toThrow(/cannot write .*nope\/f: no such file/);
    await expect(writeFileAtomic('/proc/f', '')).rejects.toThrow(FileError);
    mkdirSync(join(folder, 'isFolder'));
    await expect(writeFileAtomic(join(folder, 'isFolder'), 'x')).rejects.toThrow(FileError);
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  it('shows readers the old or the new content, never a part, also under kill -9', async () => {
    const path = join(folder, 'contested');
    writeFileSync(path, 'x'.repeat(100_000));
    for (let round = 0; round < 5; round++) {
      const child = startChild('fs/rewriter.child.ts', [path]);
      await child.line();
      for (let look = 0; look < 30; look++) {
        const text = readFileSync(path, 'utf8');
        expect(text.length).toBe(100_000);
        expect(new Set(text).size).toBe(1);
      }
      await child.kill();
    }
    expect(readFileSync(path, 'utf8')).toHaveLength(100_000);
  });
});

describe('temporaryName', () => {
  it('is hidden, beside its target, and never too long', () => {
    expect(temporaryName('/a/b')).toMatch(/^\/a\/\.b\..*\.tmp$/);
    const long = `${'é'.repeat(127)}x`;
    const name = temporaryName(join(folder, long)).split('/').at(-1) ?? '';
    expect(Buffer.byteLength(name)).toBeLessThan(256);
    expect(new Set(Array.from({length: 1000}, () => temporaryName('/a/b'))).size).toBe(1000);
  });

  it('serves a name of 255 bytes', async () => {
    const path = join(folder, 'n'.repeat(255));
    await writeFileAtomic(path, 'x');
    expect(existsSync(path)).toBe(true);
    chmodSync(path, 0o600);
  });
});

describe('replaceFile', () => {
  it('keeps the old content and no temporary file when the disk is full', () => {
    const disk = smallDisk(join(folder, 'disk2'), 64);
    const path = join(disk, 'note');
    replaceFile(path, 'old', 0o600);
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    expect(() => replaceFile(path, 'x'.repeat(200_000), 0o600)).toThrow('ENOSPC');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(disk)).toEqual(['note']);
  });
});
