import {readFileSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import {FileError} from '../fs/fileError.ts';
import {makeFolder} from '../fs/makeFolder.ts';
import {replaceFile} from '../fs/replaceFile.ts';
import {commandLineOf, isAlive, ownIdentity, type ProcessIdentity} from './processIdentity.ts';

/** Content of a pid file: a process that can be told from a later one with the same pid. */
export interface PidNote extends ProcessIdentity {
  commandLine: string[];
  /** ISO 8601 UTC. */
  since: string;
}

/**
 * What a pid file says.
 * - `own`: written by us
 * - `plain`: a bare number, as older tools wrote it
 * - `unreadable`: anything else, an empty file among it
 */
export type PidFile =
  | {kind: 'missing'}
  | {kind: 'unreadable'}
  | {kind: 'plain'; pid: number}
  | {kind: 'own'; note: PidNote};

/** Reads a pid file; whatever it holds is a hint, never proof that the process lives. */
export function readPidFile(path: string): PidFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return {kind: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable'};
  }
  if (/^[1-9]\d{0,9}$/.test(text)) return {kind: 'plain', pid: Number(text)};
  try {
    const note = JSON.parse(text) as Partial<PidNote> | null;
    const {pid, startTime, commandLine, since} = note ?? {};
    if (!Number.isSafeInteger(pid) || typeof pid !== 'number' || pid <= 0 || typeof startTime !== 'string') {
      return {kind: 'unreadable'};
    }
    if (!Array.isArray(commandLine) || !commandLine.every(word => typeof word === 'string'))
      return {kind: 'unreadable'};
    return {kind: 'own', note: {pid, startTime, commandLine, since: String(since)}};
  } catch {
    return {kind: 'unreadable'};
  }
}

/**
 * Writes the pid file of this process, atomically.
 * @throws FileError
 */
export function writePidFile(path: string): void {
  const note: PidNote = {
    ...ownIdentity(),
    commandLine: commandLineOf(process.pid) ?? [],
    since: new Date().toISOString(),
  };
  makeFolder(dirname(path));
  try {
    replaceFile(path, `${JSON.stringify(note)}\n`, 0o644);
  } catch (error) {
    throw new FileError('write', path, error);
  }
}

/** Removes a pid file, unless it names a living process other than `pid`. */
export function removePidFile(path: string, pid: number): void {
  const found = readPidFile(path);
  if (found.kind === 'own' && found.note.pid !== pid && isNoted(found.note)) return;
  try {
    rmSync(path, {force: true});
  } catch {
    // a stale pid file is recognised as such
  }
}

/** Whether the noted process is alive: same pid, same start time, same command line. */
export function isNoted(note: PidNote): boolean {
  if (!isAlive(note)) return false;
  const commandLine = commandLineOf(note.pid);
  return commandLine !== undefined && commandLine.join('\0') === note.commandLine.join('\0');
}
