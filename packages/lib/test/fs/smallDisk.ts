import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync} from 'node:fs';
import {onTestFinished} from 'vitest';

/** A file system of its own of the given size (tmpfs; needs root), unmounted after the test. */
export function smallDisk(folder: string, kilobytes: number): string {
  mkdirSync(folder, {recursive: true});
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, {recursive: true, force: true});
  });
  return folder;
}
