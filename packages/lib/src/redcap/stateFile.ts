import {dirname} from 'node:path';
import {writeFileAtomic} from '../fs/atomic.ts';
import {readJsonFile} from '../fs/jsonFile.ts';
import {makeFolder} from '../fs/makeFolder.ts';

const mostBytes = 512 * 1024 * 1024;

/**
 * What a tool remembered of its last run. It only spares work: missing or unreadable means starting from nothing.
 * @param check gives the typed state, or undefined when the content is of another version or shape
 */
export async function readState<T>(path: string, check: (value: unknown) => T | undefined): Promise<T | undefined> {
  const value = await readJsonFile(path, {maxBytes: mostBytes}).catch(() => undefined);
  return value === undefined ? undefined : check(value);
}

/** Replaces the state, atomically and durably, readable by the own account only. @throws FileError */
export async function writeState(path: string, value: unknown): Promise<void> {
  makeFolder(dirname(path), 0o700);
  await writeFileAtomic(path, `${JSON.stringify(value)}\n`, {mode: 0o600});
}
