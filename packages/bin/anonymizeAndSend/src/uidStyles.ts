import {join} from 'node:path';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {readJsonFile, writeJsonFile} from '@fiona/lib/fs/jsonFile';

/** The values that every study of a project must share, or the project falls into two halves. */
export interface UidStyle {
  readonly uidRoot: string;
  readonly uidStyle: string;
  readonly dateIncrement: number;
}

/** A project that has data already is configured with other values now. */
export class UidStyleChanged extends FionaError {
  readonly exitCode = exitCode.config;
}

type Remembered = Record<string, UidStyle & {readonly since: string}>;

const file = (stateDir: string): string => join(stateDir, 'uid-styles.json');

/**
 * Refuses a project whose earlier transfers were made with other values.
 * @throws UidStyleChanged
 */
export async function checkUidStyle(stateDir: string, project: string, now: UidStyle): Promise<void> {
  const before = (await remembered(stateDir))[project];
  if (before === undefined) return;
  for (const key of ['uidRoot', 'uidStyle', 'dateIncrement'] as const) {
    if (before[key] === now[key]) continue;
    throw new UidStyleChanged(
      `ANONYMIZER: project ${project} has been sent with ${key} ${before[key]} since ${before.since}, now it is ${now[key]}; ` +
        'a project keeps its values for life: set them back',
    );
  }
}

/** Remembers the values of a project's first successful transfer. */
export async function rememberUidStyle(stateDir: string, project: string, style: UidStyle, now: Date): Promise<void> {
  const all = await remembered(stateDir);
  if (all[project] !== undefined) return;
  const {uidRoot, uidStyle, dateIncrement} = style;
  const own = {uidRoot, uidStyle, dateIncrement, since: now.toISOString()};
  await writeJsonFile(file(stateDir), {...all, [project]: own}, {mode: 0o600});
}

/** A lost or damaged file is rebuilt by the next transfers: it guards, it decides nothing. */
async function remembered(stateDir: string): Promise<Remembered> {
  const content = await readJsonFile(file(stateDir)).catch(() => undefined);
  return typeof content === 'object' && content !== null ? (content as Remembered) : {};
}
