import {readdir, unlink} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Clock} from '../cli/clock.ts';
import {errorCode, FileError} from './fileError.ts';
import {readJsonFile} from './jsonFile.ts';
import {makeFolder} from './makeFolder.ts';
import {noteSetAside, setAsidePath} from './reason.ts';

/** Something that can't be processed and stays where it is. */
export interface SetAsideItem {
  /** Which item, unique for the tool: a path below the data root, `<record>/<instrument>/<instance>`. No personal data. */
  readonly key: string;
  /** Short code. */
  readonly reason: string;
  /** One sentence for an operator. */
  readonly detail: string;
  /** What identifies this state of the item (time and size, hash): while it is the same, the item need not be looked at again. */
  readonly version: string;
}

/** What a tool has set aside: it knows what it found earlier and writes only what is new. */
export interface SetAside {
  /** Whether this item was set aside in this very state by an earlier run. */
  has(key: string, version: string): boolean;
  /** Sets an item aside, or again. */
  note(item: SetAsideItem): Promise<void>;
  /** The item is fine by now (or gone): its note is removed. */
  clear(key: string): Promise<void>;
  /** Removes the notes of items that are no more. */
  prune(isThere: (item: string) => boolean): Promise<void>;
  /** How many notes were made or renewed in this run. */
  readonly noted: number;
  /** All that is set aside at present, by `item`. */
  list(): readonly {item: string; reason: string; detail: string}[];
}

interface Note {
  item: string;
  reason: string;
  detail: string;
  version: string;
}

/**
 * Opens the notes of a tool, `<stateDir>/set-aside/<tool>/*.reason.json`. Without a folder there are none; a note that can't be
 * understood counts as none.
 * @param dryRun nothing is written or removed, only counted
 * @throws FileError
 */
export async function openSetAside(
  stateDir: string,
  tool: string,
  {clock, dryRun = false}: {clock: Clock; dryRun?: boolean},
): Promise<SetAside> {
  const notes = await readNotes(dirname(setAsidePath(stateDir, tool, 'x')));
  let noted = 0;
  async function remove(path: string): Promise<void> {
    if (!notes.delete(path) || dryRun) return;
    await unlink(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw new FileError('remove', path, error);
    });
  }
  return {
    get noted() {
      return noted;
    },
    has(key, version) {
      return notes.get(setAsidePath(stateDir, tool, key))?.version === version;
    },
    async note({key, ...facts}) {
      noted++;
      notes.set(setAsidePath(stateDir, tool, key), {item: key, ...facts});
      if (dryRun) return;
      // state of the tools is nobody else's business
      makeFolder(stateDir, 0o700);
      await noteSetAside(stateDir, key, {item: key, tool, ...facts}, clock);
    },
    clear(key) {
      return remove(setAsidePath(stateDir, tool, key));
    },
    async prune(isThere) {
      for (const [path, {item}] of [...notes]) if (!isThere(item)) await remove(path);
    },
    list() {
      return [...notes.values()].map(({item, reason, detail}) => ({item, reason, detail}));
    },
  };
}

async function readNotes(folder: string): Promise<Map<string, Note>> {
  const notes = new Map<string, Note>();
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', folder, error);
  });
  for (const name of names) {
    if (name.startsWith('.') || !name.endsWith('.reason.json')) continue;
    const path = join(folder, name);
    const content = await readJsonFile(path).catch(() => undefined);
    if (isNote(content)) notes.set(path, content);
  }
  return notes;
}

function isNote(content: unknown): content is Note {
  if (typeof content !== 'object' || content === null) return false;
  const {item, reason, detail, version} = content as Record<string, unknown>;
  return [item, reason, detail, version].every(value => typeof value === 'string');
}
