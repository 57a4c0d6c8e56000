import {appendFileSync, chmodSync, createReadStream, renameSync, statSync} from 'node:fs';
import {createInterface} from 'node:readline';
import type {Clock} from '@fiona/lib/cli/clock';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {failedInstances, temp} from '@fiona/lib/site/layout';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';

const rotatedAtBytes = 64 * 1024 * 1024;

/** `site/temp/failed.jsonl`: announced files that could not be indexed, one JSON line each. The files stay where they are. */
export class Failures {
  readonly #root: string;
  readonly #modes: SiteModes;
  readonly #clock: Clock;
  /** Since the start of the daemon. */
  count = 0;

  constructor(root: string, modes: SiteModes, clock: Clock) {
    this.#root = root;
    this.#modes = modes;
    this.#clock = clock;
  }

  /**
   * Notes one failure.
   * @throws FileError
   */
  add(message: string, error: string): void {
    const path = failedInstances(this.#root);
    ensureFolder(temp(this.#root), this.#modes.folders, this.#modes);
    try {
      this.#rotate(path);
      appendFileSync(path, `${JSON.stringify({time: this.#clock.now().toISOString(), message, error})}\n`);
      this.count++;
    } catch (cause) {
      throw new FileError('write', path, cause);
    }
  }

  #rotate(path: string): void {
    try {
      if (statSync(path).size >= rotatedAtBytes) renameSync(path, `${path}.1`);
      else return;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    appendFileSync(path, '');
    chmodSync(path, this.#modes.files);
  }
}

/** The messages that failed since a time, from the note and its predecessor. Lines that are none of ours are left out. */
export async function failedSince(root: string, since: Date): Promise<Set<string>> {
  const messages = new Set<string>();
  for (const path of [`${failedInstances(root)}.1`, failedInstances(root)]) {
    try {
      for await (const line of createInterface({input: createReadStream(path, 'utf8')})) {
        const entry = parseEntry(line);
        if (entry && new Date(entry.time) >= since) messages.add(entry.message);
      }
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw new FileError('read', path, error);
    }
  }
  return messages;
}

function parseEntry(line: string): {time: string; message: string} | undefined {
  try {
    const {time, message} = JSON.parse(line) as Record<string, unknown>;
    return typeof time === 'string' && typeof message === 'string' ? {time, message} : undefined;
  } catch {
    return undefined;
  }
}
