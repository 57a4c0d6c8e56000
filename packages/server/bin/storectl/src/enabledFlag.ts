import {open} from 'node:fs/promises';
import {join} from 'node:path';

/**
 * Whether the operator has switched the services of this data root on: they are off while the first byte of
 * `<DATADIR>/config/enabled` is `0`. A missing, unreadable or empty file means on.
 */
export async function isEnabled(dataDir: string): Promise<boolean> {
  try {
    await using file = await open(join(dataDir, 'config/enabled'));
    const {bytesRead, buffer} = await file.read(Buffer.alloc(1), 0, 1, 0);
    return bytesRead === 0 || buffer[0] !== '0'.charCodeAt(0);
  } catch {
    return true;
  }
}
