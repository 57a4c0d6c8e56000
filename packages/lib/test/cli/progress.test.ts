import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {progressLine} from '../../src/cli/progress.ts';

const child = join(import.meta.dirname, 'progress.child.ts');

describe('a progress bar', () => {
  it('grows from empty to full', () => {
    expect(progressLine('send', 0, 10)).toBe(`send [${' '.repeat(30)}] 0/10`);
    expect(progressLine('send', 5, 10)).toBe(`send [${'='.repeat(15)}${' '.repeat(15)}] 5/10`);
    expect(progressLine('send', 12, 10)).toBe(`send [${'='.repeat(30)}] 12/10`);
    expect(progressLine('send', 0, 0)).toBe(`send [${'='.repeat(30)}] 0/0`);
  });

  it('shows on a terminal after two seconds, and is wiped away at the end', () => {
    const {stdout} = spawnSync('script', ['-qfec', `${process.execPath} ${child}`, '/dev/null'], {encoding: 'utf8'});
    expect(stdout).toMatch(/send \[=+ *\] (8|9)\d\/100/);
    expect(stdout.endsWith('\r\x1b[2K')).toBe(true);
  });

  it('writes nothing where standard error is no terminal', () => {
    const {stdout, stderr} = spawnSync(process.execPath, [child], {encoding: 'utf8'});
    expect([stdout, stderr]).toEqual(['', '']);
  });
});
