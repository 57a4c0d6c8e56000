import {writeSync} from 'node:fs';

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes text to standard output (1) or error (2), completely and at once: nothing is lost when the process exits next.
 * A reader that went away (`tool | head`) is no error.
 */
export function writeOut(descriptor: 1 | 2, text: string): void {
  let rest: Uint8Array = Buffer.from(text, 'utf8');
  for (let tries = 0; rest.length > 0 && tries < 2000; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      // a pipe set to non-blocking by its other end: wait for the reader, at most 10 s
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      tries++;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}
