import {createHash} from 'node:crypto';
import {join} from 'node:path';
import type {Log} from '@fiona/lib/cli/log';
import {FileError} from '@fiona/lib/fs/fileError';
import {JsonFileError, readJsonFile, writeJsonFile} from '@fiona/lib/fs/jsonFile';
import {acquireLock} from '@fiona/lib/fs/lock';
import {ProjectRefused} from './projectRefused.ts';

/** The values that every study of a project must share, or the project falls into two halves. */
export interface UidStyle {
  readonly uidRoot: string;
  readonly uidStyle: string;
  readonly dateIncrement: number;
}

/** `keyCheck`: of style `keyed`, tells one key from another and nothing else. */
type Entry = UidStyle & {readonly since: string; readonly keyCheck?: string};

const file = (stateDir: string): string => join(stateDir, 'uid-styles.json');
const lockWaitMs = 10_000;

/**
 * Refuses a project whose earlier transfers were made with other values.
 * @param key secret of style `keyed`
 * @throws ProjectRefused; FileError when the file is there and cannot be read
 */
export async function checkUidStyle(
  stateDir: string,
  project: string,
  now: UidStyle,
  key: Uint8Array | undefined,
  log: Log,
): Promise<void> {
  const all = await remembered(stateDir, log);
  const before = Object.hasOwn(all, project) ? all[project] : undefined;
  if (before === undefined) return;
  for (const name of ['uidRoot', 'uidStyle', 'dateIncrement'] as const) {
    if (before[name] === now[name]) continue;
    throw new ProjectRefused(
      `ANONYMIZER.projects: project ${project} has been sent with ${name} ${before[name]} since ${before.since}, now it is ` +
        `${now[name]}; a project keeps its values for life, set them back`,
    );
  }
  if (before.keyCheck !== undefined && before.keyCheck !== keyCheck(key)) {
    throw new ProjectRefused(
      `ANONYMIZER.projects: project ${project} has been sent with another key (pseudonymKeyFile) since ${before.since}; ` +
        'a project keeps its key for life, set it back',
    );
  }
}

/**
 * Remembers the values of a project's first successful transfer.
 * @throws FileError
 */
export async function rememberUidStyle(
  stateDir: string,
  project: string,
  {uidRoot, uidStyle, dateIncrement}: UidStyle,
  key: Uint8Array | undefined,
  {now, log}: {readonly now: Date; readonly log: Log},
): Promise<void> {
  if (Object.hasOwn(await remembered(stateDir, log), project)) return;
  const path = file(stateDir);
  const lock = await acquireLock(`${path}.lock`, {kind: 'exclusive', waitMs: lockWaitMs});
  if (lock === undefined) throw new FileError('write', path, new Error('another process keeps it locked'));
  try {
    const all = await remembered(stateDir, log);
    if (Object.hasOwn(all, project)) return;
    const check = keyCheck(key);
    const own: Entry = {uidRoot, uidStyle, dateIncrement, since: now.toISOString(), ...(check && {keyCheck: check})};
    await writeJsonFile(path, Object.fromEntries([...Object.entries(all), [project, own]]), {mode: 0o600});
  } finally {
    lock.release();
  }
}

/** A lost or damaged file is rebuilt by the next transfers: it guards, it decides nothing. */
async function remembered(stateDir: string, log: Log): Promise<Record<string, Entry>> {
  let content: unknown;
  try {
    content = await readJsonFile(file(stateDir));
  } catch (error) {
    if (!(error instanceof JsonFileError)) throw error;
    log.warn(`${error.message}; until it is rebuilt nobody notices that a project's UID style was changed`);
  }
  if (typeof content !== 'object' || content === null) return {};
  return Object.fromEntries(Object.entries(content).filter(([, entry]) => isEntry(entry)));
}

function isEntry(entry: unknown): entry is Entry {
  if (typeof entry !== 'object' || entry === null) return false;
  const {uidRoot, uidStyle, dateIncrement, since} = entry as Partial<Record<keyof Entry, unknown>>;
  const areTexts = [uidRoot, uidStyle, since].every(value => typeof value === 'string');
  return areTexts && Number.isInteger(dateIncrement);
}

/** Nothing of the key can be told from it: 32 bits of the digest of at least 256 secret ones. */
function keyCheck(key: Uint8Array | undefined): string | undefined {
  return key && createHash('sha256').update('uid-styles').update(key).digest('hex').slice(0, 8);
}
