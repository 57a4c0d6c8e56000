import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {FileError, whyOf} from '../../src/fs/fileError.ts';
import {FreeSpaceError, freeBytes, spaceFrom, spaceOf} from '../../src/fs/freeSpace.ts';
import {JsonFileError, readJsonFile, writeJsonFile} from '../../src/fs/jsonFile.ts';
import {makeFolder} from '../../src/fs/makeFolder.ts';
import {noteSetAside, setAsidePath, writeReason} from '../../src/fs/reason.ts';
import {walk} from '../../src/fs/walk.ts';
import {smallDisk} from './smallDisk.ts';
import {tempFolder} from './tempFolder.ts';

const folder = tempFolder();
const at = (iso: string) => ({now: () => new Date(iso), monotonic: () => 0});

describe('readJsonFile', () => {
  it('reads what writeJsonFile wrote, and a byte order mark', async () => {
    const path = join(folder, 'a.json');
    await writeJsonFile(path, {a: ['ø']});
    expect(readFileSync(path, 'utf8')).toBe('{\n  "a": [\n    "ø"\n  ]\n}\n');
    expect(await readJsonFile(path)).toEqual({a: ['ø']});
    writeFileSync(path, '\uFEFF{"b":1}');
    expect(await readJsonFile(path)).toEqual({b: 1});
  });

  it('is undefined without a file, and tells what is no JSON without quoting it', async () => {
    expect(await readJsonFile(join(folder, 'none'))).toBeUndefined();
    const path = join(folder, 'bad.json');
    writeFileSync(path, '{"PatientName": "Doe');
    const error = await readJsonFile(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(JsonFileError);
    expect(String(error)).not.toContain('Doe');
    writeFileSync(path, '');
    await expect(readJsonFile(path)).rejects.toThrow('is empty, expected JSON');
    await expect(readJsonFile(folder)).rejects.toThrow('is no regular file');
    writeFileSync(path, '[1,2,3]');
    await expect(readJsonFile(path, {maxBytes: 3})).rejects.toThrow('is larger than 3 bytes');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(readJsonFile(join(folder, 'pipe'))).rejects.toThrow('is no regular file');
  });
});

describe('reasons', () => {
  it('have the five members, times in UTC, mode 0640', async () => {
    const path = join(folder, 'x.reason.json');
    await writeReason(path, {item: 'i', tool: 't', reason: 'r', detail: 'd', offset: 12}, at('2026-11-23T10:00:00Z'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      item: 'i',
      tool: 't',
      reason: 'r',
      detail: 'd',
      at: '2026-11-23T10:00:00.000Z',
      offset: 12,
    });
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('of things set aside keep since when, and make a safe name of any key', async () => {
    const reason = {item: 'i', tool: 'test', reason: 'r', detail: 'd'};
    const path = await noteSetAside(folder, '../../a b/é', reason, at('2026-01-01T00:00:00Z'));
    expect(path).toBe(join(folder, 'set-aside/test/.._.._a_b__.reason.json'));
    await noteSetAside(folder, '../../a b/é', reason, at('2026-01-02T00:00:00Z'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      since: '2026-01-01T00:00:00.000Z',
      at: '2026-01-02T00:00:00.000Z',
    });
    expect(setAsidePath('/s', 't', 'x'.repeat(500)).split('/').at(-1)?.length).toBeLessThan(256);
  });
});

describe('space', () => {
  it('is what df says', async () => {
    const disk = smallDisk(join(folder, 'disk'), 1000);
    writeFileSync(join(disk, 'f'), Buffer.alloc(300_000));
    const df = execFileSync('df', ['-B1', '--output=avail,pcent', disk], {encoding: 'utf8'})
      .split('\n')[1]
      ?.trim()
      .split(/\s+/);
    expect(await spaceOf(disk)).toMatchObject({
      freeBytes: Number(df?.[0]),
      usedPercent: Number(df?.[1]?.replace('%', '')),
    });
    expect(await freeBytes(disk)).toBe(Number(df?.[0]));
  });

  it('is not known when the system gives no sensible answer', async () => {
    await expect(freeBytes(join(folder, 'none'))).rejects.toThrow(FreeSpaceError);
    expect(() => spaceFrom('/x', {bsize: 4096, blocks: 0, bfree: 0, bavail: 0})).toThrow(FreeSpaceError);
    expect(() => spaceFrom('/x', {bsize: 4096, blocks: 10, bfree: 5, bavail: 11})).toThrow(FreeSpaceError);
    expect(spaceFrom('/x', {bsize: 1, blocks: 1000, bfree: 199, bavail: 199}).usedPercent).toBe(81);
  });
});

describe('makeFolder', () => {
  it('makes parents, is content with what exists, and returns where nothing can be made', () => {
    makeFolder(join(folder, 'm/n/o'));
    makeFolder(join(folder, 'm/n/o'));
    makeFolder('/');
    expect(() => makeFolder('/proc/none/x/y')).toThrow(FileError);
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file/x'))).toThrow(FileError);
    expect(() => makeFolder(join(folder, 'file'))).toThrow(FileError);
  });
});

describe('walk', () => {
  it('lists everything in order and follows no link', async () => {
    const root = join(folder, 'tree');
    mkdirSync(join(root, 'b/c'), {recursive: true});
    writeFileSync(join(root, 'a'), '');
    writeFileSync(join(root, 'b/c/d'), '');
    symlinkSync(folder, join(root, 'b/loop'));
    const seen = await Array.fromAsync(
      walk(root),
      ({path, kind, depth}) => `${path.slice(root.length)} ${kind} ${depth}`,
    );
    expect(seen).toEqual(['/a file 1', '/b folder 1', '/b/c folder 2', '/b/c/d file 3', '/b/loop link 2']);
    expect((await Array.fromAsync(walk(root, {maxDepth: 1}))).length).toBe(2);
    expect((await Array.fromAsync(walk(root, {enter: () => false}))).length).toBe(2);
    expect(await Array.fromAsync(walk(join(root, 'none')))).toEqual([]);
    await expect(Array.fromAsync(walk(join(root, 'a')))).rejects.toThrow(FileError);
  });
});

describe('whyOf', () => {
  it('speaks to an operator', () => {
    expect(whyOf(Object.assign(new Error(), {code: 'EROFS'}))).toBe('the file system is mounted read-only (EROFS)');
    expect(whyOf('text')).toBe('text');
  });
});
