import {chmodSync, chownSync, closeSync, openSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import {fsyncFolder} from '@fiona/lib/fs/atomic';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {arrived} from '@fiona/lib/site/layout';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';
import type {Image} from './image.ts';
import type {Message} from './message.ts';

/** Fields are cut so that name and UIDs always fit in a file name. */
const longestField = 40;

/** Name of the arrival marker: five fields joined by blanks, none of them empty. */
export function markerName(
  message: Pick<Message, 'caller' | 'called' | 'callerAddress'>,
  image: Pick<Image, 'study' | 'series'>,
): string {
  const fields = [message.caller, message.called, message.callerAddress].map(markerField);
  return [...fields, image.study, image.series].join(' ');
}

function markerField(text: string): string {
  let field = text.replaceAll(/[/\s\0-\x1f\x7f]/g, '');
  while (Buffer.byteLength(field) > longestField) field = field.slice(0, -1);
  return field.toWellFormed() || 'unknown';
}

/**
 * Makes arrival markers, or sets their time to now. Called last, when links and summaries are durable.
 * @throws FileError
 */
export async function touchMarkers(root: string, names: Iterable<string>, modes: SiteModes, now: Date): Promise<void> {
  const folder = arrived(root);
  ensureFolder(folder, modes.folders, modes);
  for (const name of names) {
    const path = join(folder, name);
    try {
      touch(path, modes, now);
    } catch (error) {
      throw new FileError('touch', path, error);
    }
  }
  await fsyncFolder(folder);
}

function touch(path: string, modes: SiteModes, now: Date): void {
  try {
    closeSync(openSync(path, 'wx'));
    if (modes.gid !== undefined) chownSync(path, -1, modes.gid);
    chmodSync(path, modes.files);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    utimesSync(path, now, now);
  }
}
