import {type FSWatcher, watch} from 'node:fs';
import {type FileHandle, open, stat, unlink} from 'node:fs/promises';
import type {Clock} from '../cli/clock.ts';
import type {Log} from '../cli/log.ts';
import {writeFileAtomic} from '../fs/atomic.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {
  type JournalPosition,
  listSegments,
  positionPath,
  readPosition,
  segmentPath,
  segmentSize,
} from './journalSegments.ts';
import {journal} from './layout.ts';
import {ensureFolder, type SiteModes} from './modes.ts';

export interface JournalReaderOptions {
  /** DATADIR. */
  root: string;
  modes: SiteModes;
  clock: Clock;
  log: Log;
}

/** A line of the journal without its line feed, and the position behind it. */
export interface JournalLine {
  text: string;
  next: JournalPosition;
}

/** Lines longer than this cannot be whole: they are handed over in pieces, each of which is a bad line. */
const chunkBytes = 256 * 1024;

/** The reading end of the arrival journal: the index daemon's, nobody else takes lines away. */
export class JournalReader {
  readonly #options: JournalReaderOptions;
  #position: JournalPosition;
  #saved: JournalPosition | undefined;

  private constructor(options: JournalReaderOptions, position: JournalPosition, saved: JournalPosition | undefined) {
    this.#options = options;
    this.#position = position;
    this.#saved = saved;
  }

  /**
   * Opens the journal at the saved position; without one at the oldest segment. The folder is made when missing.
   * @throws FileError
   */
  static async open(options: JournalReaderOptions): Promise<JournalReader> {
    ensureFolder(journal(options.root), options.modes.folders, options.modes);
    const saved = await readPosition(options.root);
    const oldest = (await listSegments(options.root))[0] ?? 1;
    return new JournalReader(options, saved ?? {segment: oldest, offset: 0}, saved);
  }

  /** Behind the last line handed over by {@link read}. */
  get position(): JournalPosition {
    return this.#position;
  }

  /** Behind the last line that was dealt with for good. */
  get savedPosition(): JournalPosition | undefined {
    return this.#saved;
  }

  /**
   * The next complete lines, at most about 256 KiB of them; empty when none wait.
   * @throws FileError
   */
  async read(): Promise<JournalLine[]> {
    // the list first: a segment that has a successor now will not grow any more
    const segments = await listSegments(this.#options.root);
    for (;;) {
      const segment = this.#segmentToRead(segments);
      if (segment === undefined) return [];
      const lines = await readLines(this.#options.root, this.#position);
      if (lines === 'beyond the end') {
        if (this.#stepOver(segments, 'the position lies behind the end of its segment')) continue;
        return [];
      }
      if (lines.length > 0) {
        this.#position = lines.at(-1)?.next ?? this.#position;
        return lines;
      }
      const successor = segments.find(number => number > segment);
      if (successor === undefined) return [];
      // an unfinished last line was never answered
      this.#position = {segment: successor, offset: 0};
    }
  }

  /** The segment of the position; when it is gone the position moves to one that exists. */
  #segmentToRead(segments: readonly number[]): number | undefined {
    const {segment, offset} = this.#position;
    if (segments.length === 0) return undefined;
    if (segments.includes(segment)) return segment;
    const next = segments.find(number => number > segment) ?? segments[0] ?? segment;
    if (offset > 0 || next < segment)
      this.#options.log.warn(`journal: segment ${segment} is gone, going on with ${next}`);
    this.#position = {segment: next, offset: 0};
    return next;
  }

  #stepOver(segments: readonly number[], why: string): boolean {
    const {segment, offset} = this.#position;
    const next = segments.find(number => number > segment);
    // without a successor the segment is read again: twice is harmless, never would not be
    const target = next ?? segment;
    if (next === undefined && offset === 0) return false;
    this.#options.log.warn(`journal: ${why} (${segment}:${offset}), going on at the beginning of segment ${target}`);
    this.#position = {segment: target, offset: 0};
    return true;
  }

  /**
   * Notes durably that everything before the position is dealt with.
   * @throws FileError
   */
  async savePosition(position: JournalPosition): Promise<void> {
    if (position.segment === this.#saved?.segment && position.offset === this.#saved.offset) return;
    const {root, modes, clock} = this.#options;
    const text = JSON.stringify({...position, at: clock.now().toISOString()});
    await writeFileAtomic(positionPath(root), `${text}\n`, {mode: modes.files, gid: modes.gid});
    this.#saved = position;
  }

  /**
   * Calls back whenever something was appended. Watching can fail to be had (too many watchers): look from time to time too.
   * @returns ends the watching
   */
  watch(onChange: () => void): () => void {
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(journal(this.#options.root), (_event, name) => {
        if (name?.startsWith('arrivals-') !== false) onChange();
      });
      watcher.on('error', () => watcher?.close());
    } catch (error) {
      this.#options.log.warn(`journal: cannot watch the folder, looking from time to time: ${String(error)}`);
    }
    return () => watcher?.close();
  }

  /**
   * Removes segments wholly before the saved position whose last change is older than `keepDays`.
   * @returns how many
   */
  async trim(keepDays: number): Promise<number> {
    const saved = this.#saved;
    if (saved === undefined) return 0;
    const oldest = this.#options.clock.now().getTime() - keepDays * 86_400_000;
    let removed = 0;
    for (const segment of await listSegments(this.#options.root)) {
      if (segment >= saved.segment) break;
      const path = segmentPath(this.#options.root, segment);
      if ((await stat(path)).mtimeMs >= oldest) continue;
      await unlink(path);
      removed++;
    }
    return removed;
  }

  /** How many lines wait behind the saved position. */
  async backlog(): Promise<number> {
    return countWaitingLines(this.#options.root);
  }
}

/** How many complete lines wait behind the saved position of a data root. */
export async function countWaitingLines(root: string): Promise<number> {
  let lines = 0;
  for await (const chunk of chunksAfter(root, await readPosition(root))) lines += chunk.length;
  return lines;
}

/** The lines after a position (undefined: all), in pieces, for those who look but take nothing away. */
export async function* chunksAfter(root: string, position: JournalPosition | undefined): AsyncGenerator<JournalLine[]> {
  for (const segment of await listSegments(root)) {
    if (position && segment < position.segment) continue;
    let at: JournalPosition = {segment, offset: segment === position?.segment ? position.offset : 0};
    for (;;) {
      const lines = await readLines(root, at);
      if (lines === 'beyond the end' || lines.length === 0) break;
      yield lines;
      at = lines.at(-1)?.next ?? at;
    }
  }
}

async function readLines(root: string, from: JournalPosition): Promise<JournalLine[] | 'beyond the end'> {
  const size = await segmentSize(root, from.segment);
  if (size === undefined || size === from.offset) return [];
  if (size < from.offset) return 'beyond the end';
  const path = segmentPath(root, from.segment);
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    // trimmed meanwhile
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', path, error);
  }
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - from.offset));
    const {bytesRead} = await file.read(buffer, 0, buffer.length, from.offset);
    return splitLines(buffer.subarray(0, bytesRead), from);
  } catch (error) {
    throw new FileError('read', path, error);
  } finally {
    await file.close();
  }
}

function splitLines(bytes: Buffer, from: JournalPosition): JournalLine[] {
  const lines: JournalLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const text = bytes.toString('utf8', start, end);
    start = end + 1;
    lines.push({text, next: {segment: from.segment, offset: from.offset + start}});
  }
  if (lines.length === 0 && bytes.length === chunkBytes) {
    // garbage without line feeds: a reader that waits for one would wait for ever
    lines.push({
      text: bytes.toString('utf8', 0, 100),
      next: {segment: from.segment, offset: from.offset + bytes.length},
    });
  }
  return lines;
}
