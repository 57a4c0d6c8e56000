import {join} from 'node:path';
import {readJsonFile, writeJsonFile} from '@fiona/lib/fs/jsonFile';
import {ProjectRefused} from './projectRefused.ts';

/** The values that every study of a project must share, or the project falls into two halves. */
export interface UidStyle {
  readonly uidRoot: string;
  readonly uidStyle: string;
  readonly dateIncrement: number;
}

type Remembered = Record<string, UidStyle & {readonly since: string}>;

const file = (stateDir: string): string => join(stateDir, 'uid-styles.json');

/**
 * Refuses a project whose earlier transfers were made with other values.
 * @throws ProjectRefused
 */
export async function checkUidStyle(stateDir: string, project: string, now: UidStyle): Promise<void> {
  const all = await remembered(stateDir);
  const before = Object.hasOwn(all, project) ? all[project] : undefined;
  if (before === undefined) return;
  for (const key of ['uidRoot', 'uidStyle', 'dateIncrement'] as const) {
    if (before[key] === now[key]) continue;
    throw new ProjectRefused(
      `ANONYMIZER.projects: project ${project} has been sent with ${key} ${before[key]} since ${before.since}, now it is ` +
        `${now[key]}; a project keeps its values for life, set them back`,
    );
  }
}

/** Remembers the values of a project's first successful transfer. @throws FileError */
export async function rememberUidStyle(stateDir: string, project: string, style: UidStyle, now: Date): Promise<void> {
  const all = await remembered(stateDir);
  if (Object.hasOwn(all, project)) return;
  const {uidRoot, uidStyle, dateIncrement} = style;
  const own = {uidRoot, uidStyle, dateIncrement, since: now.toISOString()};
  const entries = [...Object.entries(all), [project, own] as const];
  await writeJsonFile(file(stateDir), Object.fromEntries(entries), {mode: 0o600});
}

/** A lost or damaged file is rebuilt by the next transfers: it guards, it decides nothing. */
async function remembered(stateDir: string): Promise<Remembered> {
  const content = await readJsonFile(file(stateDir)).catch(() => undefined);
  if (typeof content !== 'object' || content === null) return {};
  return Object.fromEntries(Object.entries(content).filter(([, entry]) => isEntry(entry))) as Remembered;
}

function isEntry(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && 'uidRoot' in entry && 'uidStyle' in entry;
}
