import {renameSync, rmSync, writeFileSync} from 'node:fs';
import {temporaryName} from './atomic.ts';

/**
 * Replaces a small file so that readers see the old or the whole new content. Not durable: for notes that a power cut may take. A failure
 * leaves neither a changed nor a temporary file.
 * @throws the error of the file system
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, text, {flag: 'wx', mode});
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  }
}
