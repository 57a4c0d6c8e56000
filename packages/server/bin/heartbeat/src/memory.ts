import {readFileSync} from 'node:fs';
import {replaceFile} from '@fiona/lib/fs/replaceFile';

/** What one run leaves for the next. */
export interface Memory {
  /** What it made of the receiver, in a word. */
  readonly state: string | undefined;
  /** The receiver that was seen. */
  readonly pid: number | undefined;
  /** When that state was first seen, and when it was last told. */
  readonly since: Date | undefined;
  readonly toldAt: Date | undefined;
  readonly restarts: readonly Date[];
  /** A restart was begun and not finished: the receiver may be gone without having left a trace. */
  readonly restarting: boolean;
}

const nothing: Memory = {
  state: undefined,
  pid: undefined,
  since: undefined,
  toldAt: undefined,
  restarts: [],
  restarting: false,
};

/** What the run before noted; nothing when there was none or its note is damaged. */
export function readMemory(path: string): Memory {
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null;
    if (note === null) return nothing;
    const restarts = Array.isArray(note.restarts) ? note.restarts : [];
    return {
      state: typeof note.state === 'string' ? note.state : undefined,
      pid: typeof note.pid === 'number' ? note.pid : undefined,
      since: dateOf(note.since),
      toldAt: dateOf(note.toldAt),
      restarts: restarts.map(dateOf).filter(date => date !== undefined),
      restarting: note.restarting === true,
    };
  } catch {
    return nothing;
  }
}

/** @throws the error of the file system */
export function writeMemory(path: string, memory: Memory): void {
  replaceFile(path, `${JSON.stringify(memory)}\n`, 0o644);
}

function dateOf(value: unknown): Date | undefined {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
