import {closeSync, openSync, readSync} from 'node:fs';
import {enabledFlag} from './layout.ts';

/**
 * Whether the operator has switched the services of this data root on: they are off while the first byte of
 * `<DATADIR>/config/enabled` is `0`. A missing, unreadable or empty file means on.
 */
export function servicesEnabled(root: string): boolean {
  try {
    const file = openSync(enabledFlag(root), 'r');
    try {
      const first = Buffer.alloc(1);
      return readSync(file, first, 0, 1, 0) === 0 || first.toString('latin1') !== '0';
    } finally {
      closeSync(file);
    }
  } catch {
    return true;
  }
}
