import {closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {FileError} from '../fs/fileError.ts';
import {makeFolder} from '../fs/makeFolder.ts';

/** Where log lines go. */
export interface LineSink {
  write(line: string): void;
  close(): void;
}

export interface RotatingFileOptions {
  path: string;
  /** Size at which the file becomes `<path>.1`; 0 = never. */
  maxBytes: number;
  /** How many old files stay: `<path>.1` (youngest) … `<path>.<keep>`. */
  keep: number;
}

const lookEveryMs = 1000;

/**
 * A log file that is rotated by size. One writer. A file moved or removed by somebody else (logrotate) is made anew within
 * a second. Trouble with the disk loses lines, never ends the daemon.
 * @throws FileError when the file cannot be opened at first
 */
export function rotatingFile({path, maxBytes, keep}: RotatingFileOptions): LineSink {
  makeFolder(dirname(path));
  let descriptor = openLog(path);
  let size = fstatSync(descriptor).size;
  let lastLook = performance.now();

  function reopen(): void {
    const next = openSync(path, 'a', 0o644);
    closeSync(descriptor);
    descriptor = next;
    size = fstatSync(descriptor).size;
  }

  function rotate(): void {
    rmSync(`${path}.${keep}`, {force: true});
    for (let n = keep - 1; n >= 1; n--) renameIfThere(`${path}.${n}`, `${path}.${n + 1}`);
    if (keep > 0) renameIfThere(path, `${path}.1`);
    else rmSync(path, {force: true});
    reopen();
  }

  function lookForMove(): void {
    if (performance.now() - lastLook < lookEveryMs) return;
    lastLook = performance.now();
    const own = fstatSync(descriptor);
    const named = statSync(path, {throwIfNoEntry: false});
    if (named?.ino !== own.ino || named.dev !== own.dev) reopen();
  }

  return {
    write(line) {
      try {
        lookForMove();
        const bytes = Buffer.from(line, 'utf8');
        if (maxBytes > 0 && size > 0 && size + bytes.length > maxBytes) rotate();
        size += writeSync(descriptor, bytes);
      } catch {
        // a full disk must not stop reception; the next line tries again
      }
    },
    close: () => closeSync(descriptor),
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o644);
  } catch (error) {
    throw new FileError('write', path, error);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
