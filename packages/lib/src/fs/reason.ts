import {dirname, join} from 'node:path';
import type {Clock} from '../cli/clock.ts';
import {systemClock} from '../cli/clock.ts';
import {readJsonFile, writeJsonFile} from './jsonFile.ts';
import {makeFolder} from './makeFolder.ts';

/** Why an item was set aside: the content of every `.reason.json`. Holds no personal data. */
export interface Reason {
  /** Which item: a file name, a UID, `<record>/<instrument>/<instance>`. */
  item: string;
  /** The tool that set it aside. */
  tool: string;
  /** A short code, the same for the same cause. */
  reason: string;
  /** One sentence for an operator. */
  detail: string;
  /** When it was last seen; default now. */
  at?: Date;
  /** Further facts: `tag`, `offset`, `version`… */
  [fact: string]: unknown;
}

/**
 * Writes a `.reason.json` (mode 0640, atomic, times in ISO 8601 UTC).
 * @throws FileError
 */
export async function writeReason(path: string, reason: Reason, clock: Clock = systemClock): Promise<void> {
  const {item, tool, reason: code, detail, at, ...facts} = reason;
  const note = {item, tool, reason: code, detail, at: (at ?? clock.now()).toISOString(), ...facts};
  await writeJsonFile(path, note, {mode: 0o640});
}

/** Where a tool notes an item that it must leave in place: `<stateDir>/set-aside/<tool>/<key>.reason.json`. */
export function setAsidePath(stateDir: string, tool: string, key: string): string {
  return join(stateDir, 'set-aside', tool, `${key.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 240)}.reason.json`);
}

/**
 * Notes an item that belongs to somebody else and therefore stays where it is. `since` is kept from an earlier note.
 * @returns the path of the note
 * @throws FileError
 */
export async function noteSetAside(
  stateDir: string,
  key: string,
  reason: Reason,
  clock: Clock = systemClock,
): Promise<string> {
  const path = setAsidePath(stateDir, reason.tool, key);
  makeFolder(dirname(path), 0o750);
  const earlier = await readJsonFile(path).catch(() => undefined);
  const since = isRecord(earlier) && typeof earlier.since === 'string' ? earlier.since : clock.now().toISOString();
  await writeReason(path, {...reason, since}, clock);
  return path;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
