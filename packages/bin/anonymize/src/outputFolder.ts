import {linkSync, readdirSync, renameSync, rmSync, unlinkSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {UsageError} from '@fiona/lib/cli/usageError';
import {sameFile} from '@fiona/lib/deid/outputFile';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {makeFolder} from '@fiona/lib/fs/makeFolder';
import {walk} from '@fiona/lib/fs/walk';

/** Files are written here; a kill leaves it behind, and the next run removes it. */
const workName = '.anonymize.partial';
/** The same when everything is in it: its files are to be moved up, by the next run if need be. */
const completeName = '.anonymize.complete';

/**
 * The output folder: a run works in a hidden folder in it, and its files get to their places when all of them are written.
 * The caller holds the lock of the folder.
 */
export class OutputFolder {
  readonly path: string;
  readonly work: string;
  readonly #complete: string;

  private constructor(path: string) {
    this.path = path;
    this.work = join(path, workName);
    this.#complete = join(path, completeName);
  }

  /**
   * Makes the folder, removes or completes what a killed run left in it.
   * @param mayHoldFiles otherwise it must be empty
   * @throws UsageError when it is not empty; FileError
   */
  static async open(path: string, mayHoldFiles: boolean): Promise<OutputFolder> {
    makeFolder(path);
    const folder = new OutputFolder(path);
    await folder.#moveUp();
    rmSync(folder.work, {recursive: true, force: true});
    if (!mayHoldFiles && readdirSync(path).length > 0)
      throw new UsageError('--output: the folder is not empty; choose another one, or --force to add to it');
    makeFolder(folder.work, 0o700);
    return folder;
  }

  /**
   * Gives all files of the work folder their places. A file that is there already stays.
   * @returns files of the work folder whose place has other content
   * @throws FileError
   */
  async publish(): Promise<ReadonlySet<string>> {
    renameSync(this.work, this.#complete);
    const left = await this.#moveUp();
    return new Set(left.map(path => join(this.work, path)));
  }

  /** Removes files of the work folder, given by their paths. */
  drop(paths: readonly string[]): void {
    for (const path of new Set(paths)) rmSync(path, {force: true});
  }

  /** Removes what this run has written. */
  discard(): void {
    rmSync(this.work, {recursive: true, force: true});
  }

  async #moveUp(): Promise<string[]> {
    const left: string[] = [];
    for await (const {path, kind} of walk(this.#complete)) {
      if (kind !== 'file') continue;
      const place = relative(this.#complete, path);
      if (!moveFile(path, join(this.path, place))) left.push(place);
    }
    rmSync(this.#complete, {recursive: true, force: true});
    return left;
  }
}

/** A link fails when the name is taken, a rename would replace what is there. @returns false when other content has the name */
function moveFile(from: string, to: string): boolean {
  try {
    makeFolder(dirname(to), 0o700);
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error instanceof FileError ? error : new FileError('write', to, error);
    if (!sameFile(from, to)) return false;
  }
  unlinkSync(from);
  return true;
}
