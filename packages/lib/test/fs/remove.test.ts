import {execFileSync} from 'node:child_process';
import {existsSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {FileError} from '../../src/fs/fileError.ts';
import {RemoveRefused, removeInside} from '../../src/fs/remove.ts';
import {smallDisk} from './smallDisk.ts';
import {tempFolder} from './tempFolder.ts';

const folder = tempFolder();
const outside = join(folder, 'outside');
mkdirSync(outside);
writeFileSync(join(outside, 'precious'), 'x');
let number = 0;

function aRoot(): string {
  const root = join(folder, `root-${number++}`);
  mkdirSync(join(root, 'study/series'), {recursive: true});
  writeFileSync(join(root, 'study/a.json'), 'x'.repeat(5000));
  writeFileSync(join(root, 'study/series/1'), 'x');
  return root;
}

describe('removeInside', () => {
  it('removes a tree and counts what it freed', async () => {
    const root = aRoot();
    const removed = await removeInside(root, join(root, 'study'));
    expect(removed).toMatchObject({entries: 4, failed: []});
    expect(removed.bytes).toBeGreaterThanOrEqual(5000);
    expect(readdirSync(root)).toEqual([]);
  });

  it('unlinks links and never follows them', async () => {
    const root = aRoot();
    symlinkSync(outside, join(root, 'study/out'));
    symlinkSync('/nowhere', join(root, 'study/dangling'));
    symlinkSync(outside, join(root, 'direct'));
    await removeInside(root, join(root, 'direct/'));
    await removeInside(root, join(root, 'study'));
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });

  it('takes what is gone for done', async () => {
    const root = aRoot();
    expect(await removeInside(root, join(root, 'nothing/at/all'))).toEqual({entries: 0, bytes: 0, failed: []});
  });

  it.each([
    ['the root itself', (root: string) => root],
    ['the root with a slash', (root: string) => `${root}/`],
    ['a path outside', () => join(outside, 'precious')],
    ['a neighbour with the same beginning', (root: string) => `${root}2/x`],
    ['a path that climbs', (root: string) => `${root}/study/../../outside/precious`],
    ['an empty component', (root: string) => `${root}//study`],
    ['a dot', (root: string) => `${root}/./study`],
    ['a relative path', () => 'study'],
    ['a NUL', (root: string) => `${root}/st\0udy`],
  ])('refuses %s', async (_, path) => {
    const root = aRoot();
    await expect(removeInside(root, path(root))).rejects.toThrow(RemoveRefused);
    expect(readdirSync(root)).toEqual(['study']);
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });

  it('refuses a way that leads through a link', async () => {
    const root = aRoot();
    symlinkSync(outside, join(root, 'way'));
    await expect(removeInside(root, join(root, 'way/precious'))).rejects.toThrow(RemoveRefused);
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });

  it.each(['/', '/home', 'relative/root'])('refuses %s as a root', async root => {
    await expect(removeInside(root, `${root}/x/y`)).rejects.toThrow(RemoveRefused);
  });

  it('says that the root is missing', async () => {
    await expect(removeInside(join(folder, 'none'), join(folder, 'none/x'))).rejects.toThrow(FileError);
  });

  it('keeps what lies on another disk and reports it', async () => {
    const root = aRoot();
    const disk = smallDisk(join(root, 'study/disk'), 64);
    writeFileSync(join(disk, 'f'), 'x');
    const removed = await removeInside(root, join(root, 'study'));
    expect(removed.failed.map(({why}) => why)).toContain('it lies on another disk');
    expect(existsSync(join(disk, 'f'))).toBe(true);
    expect(existsSync(join(root, 'study/a.json'))).toBe(false);
  });

  it('goes on past what cannot be removed', async () => {
    const root = aRoot();
    execFileSync('chattr', ['+i', join(root, 'study/series/1')]);
    try {
      const removed = await removeInside(root, join(root, 'study'));
      expect(removed.failed[0]?.path).toBe(join(root, 'study/series/1'));
      expect(existsSync(join(root, 'study/a.json'))).toBe(false);
    } finally {
      execFileSync('chattr', ['-i', join(root, 'study/series/1')]);
    }
  });

  it('does not count content that has another name', async () => {
    const root = aRoot();
    linkSync(join(root, 'study/a.json'), join(folder, `kept-${number}`));
    expect((await removeInside(root, join(root, 'study/a.json'))).bytes).toBe(0);
  });

  it('never touches anything outside, whatever the path', async () => {
    const root = aRoot();
    const component = fc.constantFrom('..', '.', '', 'study', 'outside', 'precious', 'way', 'x\0', '~', '*');
    symlinkSync(outside, join(root, 'way'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(component, {maxLength: 6}),
        fc.constantFrom(`${root}/`, '', '/', folder),
        async (parts, start) => {
          await removeInside(root, start + parts.join('/')).catch(error => {
            if (!(error instanceof RemoveRefused)) throw error;
          });
          expect(existsSync(join(outside, 'precious'))).toBe(true);
          expect(existsSync(root)).toBe(true);
        },
      ),
      {numRuns: 300},
    );
  });
});
