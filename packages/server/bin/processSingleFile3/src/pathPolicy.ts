import {lstatSync, realpathSync} from 'node:fs';
import {basename, dirname} from 'node:path';
import {errorCode} from '@fiona/lib/fs/fileError';
import {archiveRoot, studyOfArchiveFolder} from '@fiona/lib/site/layout';
import type {Message} from './message.ts';
import {NotIndexed} from './notIndexed.ts';

/**
 * Which announced files may be indexed: regular files whose real path lies below the data root, those of the journal below its
 * archive. One for a batch: it remembers real paths of folders.
 */
export class PathPolicy {
  readonly #root: string;
  readonly #allowOutside: boolean;
  readonly #folders = new Map<string, string>();

  /** @param allowOutside messages of the pipe may name files outside the data root (`INDEX.allowOutside`) */
  constructor(root: string, allowOutside: boolean) {
    this.#root = root;
    this.#allowOutside = allowOutside;
  }

  /**
   * Checks the file of a message.
   * @throws NotIndexed
   */
  check({path, origin}: Message): void {
    const folder = this.#realFolder(path, origin);
    let real = `${folder}/${basename(path)}`;
    try {
      let stat = lstatSync(real);
      if (stat.isSymbolicLink()) {
        real = realpathSync.native(real);
        stat = lstatSync(real);
      }
      if (!stat.isFile()) throw new NotIndexed('not-a-file', 'it is no regular file');
    } catch (error) {
      throw error instanceof NotIndexed ? error : unreadable(error);
    }
    this.#mustBeInside(real, origin);
  }

  #realFolder(path: string, origin: Message['origin']): string {
    const folder = dirname(path);
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    try {
      const real = realpathSync.native(folder);
      this.#folders.set(folder, real);
      return real;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && isArchived(folder, this.#root)) {
        throw new NotIndexed('study-deleted', 'its study was deleted since');
      }
      if (errorCode(error) === 'ENOENT' && origin === 'journal') {
        throw new NotIndexed('outside', 'its folder is none of the archive');
      }
      throw unreadable(error);
    }
  }

  #mustBeInside(real: string, origin: Message['origin']): void {
    const announcedByReceiver = origin === 'journal' || origin === 'reconcile';
    if (!announcedByReceiver && this.#allowOutside) return;
    const limit = announcedByReceiver ? archiveRoot(this.#root) : this.#root;
    if (!real.startsWith(`${this.#realOf(limit)}/`)) throw new NotIndexed('outside', `it lies outside ${limit}`);
  }

  #realOf(limit: string): string {
    const known = this.#folders.get(limit);
    if (known !== undefined) return known;
    let real = limit;
    try {
      real = realpathSync.native(limit);
    } catch (error) {
      throw unreadable(error);
    }
    this.#folders.set(limit, real);
    return real;
  }
}

function isArchived(folder: string, root: string): boolean {
  return dirname(folder) === archiveRoot(root) && studyOfArchiveFolder(basename(folder)) !== undefined;
}

function unreadable(error: unknown): NotIndexed {
  if (errorCode(error) === 'ENOENT') return new NotIndexed('missing', 'there is no such file');
  return new NotIndexed('unreadable', `it cannot be looked at (${errorCode(error) ?? String(error)})`);
}
