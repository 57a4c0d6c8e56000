import {createHmac, randomBytes} from 'node:crypto';
import type {DatabaseSync} from 'node:sqlite';

/** A value kept with the sandbox folder (ports, seed), or undefined. */
export function readSetting(database: DatabaseSync, key: string): string | undefined {
  const row = database.prepare('SELECT value FROM setting WHERE key = ?').get(key);
  return row === undefined ? undefined : String(row.value);
}

export function writeSetting(database: DatabaseSync, key: string, value: string): void {
  database
    .prepare('INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    .run(key, value);
}

/** The seed of this folder: the one given at its first use, else random. A later, other seed replaces it for new projects. */
export function seedOf(database: DatabaseSync, given?: string): string {
  const kept = readSetting(database, 'seed');
  const seed = given ?? kept ?? randomBytes(16).toString('hex');
  if (seed !== kept) writeSetting(database, 'seed', seed);
  return seed;
}

/** The API token of the n-th project: first 32 hex digits of HMAC-SHA256(seed, n), upper case. */
export function tokenOf(seed: string, projectNumber: number): string {
  return createHmac('sha256', seed).update(String(projectNumber)).digest('hex').slice(0, 32).toUpperCase();
}

/** The next number of a counter that starts at `first` (event ids, group ids); call inside a transaction. */
export function nextNumber(database: DatabaseSync, counter: string, first: number): number {
  const value = Number(readSetting(database, counter) ?? first);
  writeSetting(database, counter, String(value + 1));
  return value;
}
