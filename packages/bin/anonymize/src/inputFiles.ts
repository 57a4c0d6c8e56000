import {statSync} from 'node:fs';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {walk} from '@fiona/lib/fs/walk';

/**
 * The files to work on, in the order of names: every regular file, and links to files; links to folders are not followed.
 * @param input file or folder
 * @throws FileError
 */
export async function inputFiles(input: string): Promise<string[]> {
  if (statSync(input).isFile()) return [input];
  const files: string[] = [];
  for await (const {path, kind} of walk(input)) {
    const isFile = kind === 'file' || (kind === 'link' && statSync(path, {throwIfNoEntry: false})?.isFile() === true);
    if (isFile) files.push(path);
  }
  return files;
}

/** True for a file of which nothing was recognised as DICOM. */
export function isNotDicom(outcome: FileOutcome): boolean {
  return outcome.kind === 'quarantined' && outcome.notDicom === true;
}
