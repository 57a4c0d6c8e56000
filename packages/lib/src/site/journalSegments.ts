import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {errorCode, FileError} from '../fs/fileError.ts';
import {journal} from './layout.ts';

/** First byte of the journal that is not yet dealt with. */
export interface JournalPosition {
  /** Number of the segment, from 1. */
  segment: number;
  offset: number;
}

const segmentName = /^arrivals-(\d{10})\.log$/;

/** Path of a segment of the journal of a data root: `arrivals-<ten digits>.log`. */
export function segmentPath(root: string, segment: number): string {
  return join(journal(root), `arrivals-${String(segment).padStart(10, '0')}.log`);
}

/** Path of the position file. */
export function positionPath(root: string): string {
  return join(journal(root), 'position.json');
}

/**
 * Numbers of the existing segments, ascending; empty when there is no journal yet.
 * @throws FileError
 */
export async function listSegments(root: string): Promise<number[]> {
  const names = await readdir(journal(root)).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', journal(root), error);
  });
  const numbers = names.map(name => Number(segmentName.exec(name)?.[1] ?? 0));
  return numbers.filter(number => number > 0).sort((a, b) => a - b);
}

/**
 * Size of a segment in bytes, undefined when it is gone.
 * @throws FileError
 */
export async function segmentSize(root: string, segment: number): Promise<number | undefined> {
  try {
    return (await stat(segmentPath(root, segment))).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', segmentPath(root, segment), error);
  }
}

/**
 * The saved position, undefined when there is none or it is not readable as one.
 * @throws FileError when the file exists but cannot be read
 */
export async function readPosition(root: string): Promise<JournalPosition | undefined> {
  let text: string;
  try {
    text = await readFile(positionPath(root), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', positionPath(root), error);
  }
  try {
    const {segment, offset} = JSON.parse(text) as Partial<JournalPosition>;
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset)) {
      const position = {segment: segment as number, offset: offset as number};
      if (position.segment >= 1 && position.offset >= 0) return position;
    }
  } catch {
    // as if there were none
  }
  return undefined;
}

/**
 * How long ago the position was saved, in seconds: the age of a backlog.
 * @returns undefined when no position was saved
 */
export async function positionAge(root: string, now: Date): Promise<number | undefined> {
  try {
    const {mtimeMs} = await stat(positionPath(root));
    return Math.max(0, (now.getTime() - mtimeMs) / 1000);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', positionPath(root), error);
  }
}
