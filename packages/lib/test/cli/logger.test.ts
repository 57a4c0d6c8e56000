import {mkdirSync, readdirSync, readFileSync, renameSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {createLog, localTime} from '../../src/cli/logger.ts';
import {rotatingFile} from '../../src/cli/rotatingFile.ts';
import {FileError} from '../../src/fs/fileError.ts';
import {smallDisk} from '../fs/smallDisk.ts';
import {tempFolder} from '../fs/tempFolder.ts';

const folder = tempFolder();

describe('createLog', () => {
  it('hides secrets, in whatever form they come', async () => {
    const lines: string[] = [];
    const log = await createLog({tool: 't', format: 'text', sink: {write: text => lines.push(text), close() {}}});
    log.addSecret('pa"ss wort/');
    log.addSecret('abc');
    log.error('url?x=pa%22ss%20wort%2F {"p":"pa\\"ss wort/"} pa"ss wort/ abc');
    expect(lines[0]).toMatch(/ERROR url\?x=\*\*\* \{"p":"\*\*\*"\} \*\*\* abc\n$/);
  });

  it('counts microseconds that grow', async () => {
    const lines: string[] = [];
    const log = await createLog({tool: 't', format: 'text', sink: {write: text => lines.push(text), close() {}}});
    for (let n = 0; n < 200; n++) log.info('x');
    const stamps = lines.map(text => text.slice(0, 26));
    expect([...stamps].sort()).toEqual(stamps);
    expect(new Set(stamps.map(text => text.slice(-3))).size).toBeGreaterThan(10);
  });

  it('shows local time', () => {
    const at = new Date(2026, 10, 3, 4, 5, 6, 78);
    expect(localTime(at.getTime() * 1000 + 9)).toBe('2026-11-03 04:05:06.078009');
  });
});

describe('rotatingFile', () => {
  it('keeps the configured number of files of the configured size', () => {
    const path = join(folder, 'logs/daemon.log');
    const sink = rotatingFile({path, maxBytes: 1000, keep: 3});
    for (let n = 0; n < 100; n++) sink.write(`${String(n).padStart(99, '.')}\n`);
    sink.close();
    expect(readdirSync(join(folder, 'logs')).sort()).toEqual([
      'daemon.log',
      'daemon.log.1',
      'daemon.log.2',
      'daemon.log.3',
    ]);
    const all = ['.3', '.2', '.1', ''].map(suffix => readFileSync(path + suffix, 'utf8')).join('');
    expect(
      all
        .split('\n')
        .filter(Boolean)
        .map(text => Number(text.replaceAll('.', ''))),
    ).toEqual(Array.from({length: 40}, (_, n) => n + 60));
    expect(statSync(path).size).toBeLessThanOrEqual(1000);
  });

  it('goes on with what it finds, and starts anew when the file was moved away', async () => {
    const path = join(folder, 'moved.log');
    rotatingFile({path, maxBytes: 0, keep: 1}).write('before\n');
    const sink = rotatingFile({path, maxBytes: 0, keep: 1});
    sink.write('a\n');
    renameSync(path, `${path}.away`);
    await new Promise(done => setTimeout(done, 1050));
    sink.write('b\n');
    expect(readFileSync(`${path}.away`, 'utf8')).toBe('before\na\n');
    expect(readFileSync(path, 'utf8')).toBe('b\n');
  });

  it('loses lines, not the daemon, when the disk is full', () => {
    const disk = smallDisk(join(folder, 'disk'), 16);
    const path = join(disk, 'x.log');
    const sink = rotatingFile({path, maxBytes: 0, keep: 1});
    for (let n = 0; n < 1000; n++) sink.write(`${'x'.repeat(99)}\n`);
    expect(statSync(path).size).toBeLessThanOrEqual(16384);
    sink.close();
  });

  it('says when it cannot be opened', () => {
    mkdirSync(join(folder, 'isFolder'));
    expect(() => rotatingFile({path: join(folder, 'isFolder'), maxBytes: 0, keep: 0})).toThrow(FileError);
  });
});
