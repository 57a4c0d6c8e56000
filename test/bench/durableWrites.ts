import {closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import type {Workspace} from './workspace.ts';

/**
 * What the disk alone takes of a receiver that answers one sender after the instance is durable: content, name and journal line of each
 * file, one after the other, nothing received.
 * @returns seconds a file
 */
export function secondsOfDurableFile(workspace: Workspace, bytes: number, count = 100): number {
  const dir = workspace.path('durable');
  mkdirSync(dir);
  const [folder, journal] = [openSync(dir, 'r'), openSync(join(dir, 'journal'), 'a')];
  const content = Buffer.alloc(bytes, 1);
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const temporary = join(dir, `.${index}.tmp`);
    const file = openSync(temporary, 'wx');
    writeSync(file, content);
    fdatasyncSync(file);
    closeSync(file);
    renameSync(temporary, join(dir, String(index)));
    fsyncSync(folder);
    writeSync(journal, `${'x'.repeat(150)}\n`);
    fdatasyncSync(journal);
  }
  const seconds = (performance.now() - start) / 1000 / count;
  for (const descriptor of [folder, journal]) closeSync(descriptor);
  workspace.remove(dir);
  return seconds;
}
