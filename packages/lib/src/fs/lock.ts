import {type BigIntStats, chmodSync, linkSync, lstatSync, renameSync, unlinkSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {DatabaseSync} from 'node:sqlite';
import {setTimeout as delay} from 'node:timers/promises';
import {temporaryName} from './atomic.ts';
import {errorCode, FileError} from './fileError.ts';
import {removeHolderNote, writeHolderNote} from './lockHolder.ts';
import {makeFolder} from './makeFolder.ts';

/**
 * Kernel locks without a native module: SQLite's own file locks on a file that stays empty. The kernel releases them when
 * the process dies, whatever the way. The existence of a lock file means nothing.
 *
 * Never open a lock file with `node:fs`: closing any descriptor of it drops the locks of the whole process (POSIX).
 */
export interface Lock {
  readonly path: string;
  readonly kind: 'exclusive' | 'shared';
  /** Gives the lock back; harmless when called twice. */
  release(): void;
}

export interface LockOptions {
  kind: 'exclusive' | 'shared';
  /** How long to wait for a busy lock; default 0 (a few quick tries only). */
  waitMs?: number | undefined;
  /** Name for the holder note `<path>.json` beside an exclusive lock; without it no note is written. */
  tool?: string | undefined;
  /** Mode of a lock file that has to be created, whatever the umask; default 0o644. */
  mode?: number | undefined;
  /** Ends the waiting; the answer is then undefined. */
  signal?: AbortSignal | undefined;
}

/**
 * Two takers that try in the same microsecond disturb each other (both pass through SQLite's shared state) and both
 * see "busy"; a few tries within this time make sure that one of them wins.
 */
const collisionMs = 30;
const longestPauseMs = 100;

/**
 * Takes a lock on `path`, which is created (with its folder) when missing. A file that is no lock file of ours, left by an
 * older script, is renamed to `<path>.old`.
 * @returns undefined when the lock is busy until the end of `waitMs`
 * @throws FileError when the file cannot be used as a lock
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock | undefined> {
  const deadline = performance.now() + Math.max(options.waitMs ?? 0, collisionMs);
  for (let pause = 1; ; pause = Math.min(pause * 1.7, longestPauseMs)) {
    const outcome = tryLock(path, options);
    if (outcome !== 'busy' && outcome !== 'moved') {
      if (options.kind === 'exclusive' && options.tool !== undefined) writeHolderNote(path, options.tool);
      return outcome;
    }
    const left = deadline - performance.now();
    if (left <= 0 || options.signal?.aborted) return undefined;
    if (outcome === 'busy') {
      await delay(Math.min(left, pause * (0.5 + Math.random())), undefined, {
        ...(options.signal && {signal: options.signal}),
      }).catch(() => {});
    }
  }
}

/** One try. `moved`: somebody removed or replaced the file meanwhile, start over. */
function tryLock(path: string, options: LockOptions): Lock | 'busy' | 'moved' {
  const before = lockFileIdentity(path, options.mode ?? 0o644);
  let database: DatabaseSync | undefined;
  try {
    database = new (sqlite().DatabaseSync)(path);
    // a read transaction holds the shared lock, BEGIN EXCLUSIVE the exclusive one; neither writes to the file.
    // The journal in memory: else kill -9 leaves a journal file beside each lock
    database.exec('PRAGMA journal_mode=MEMORY');
    database.exec(options.kind === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    database?.close();
    return failedTry(path, before, error);
  }
  // the lock is on an inode; it is worth nothing when the path leads to another file by now
  if (!sameFile(before, statLockFile(path))) {
    database.close();
    return 'moved';
  }
  return heldLock(path, options, database);
}

/** Keeps what is held from the garbage collector, which would close it: a caller may drop a lock it holds for life. */
const allHeld = new Set<DatabaseSync>();

function heldLock(path: string, options: LockOptions, database: DatabaseSync): Lock {
  let held = true;
  allHeld.add(database);
  return {
    path,
    kind: options.kind,
    release() {
      if (!held) return;
      held = false;
      // first the note, then the lock: afterwards the note may be the next holder's
      if (options.kind === 'exclusive' && options.tool !== undefined) removeHolderNote(path);
      allHeld.delete(database);
      database.close();
    },
  };
}

const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;

function failedTry(path: string, before: BigIntStats, error: unknown): 'busy' | 'moved' {
  const result = (error as {errcode?: number}).errcode;
  // the low byte is the primary result code
  const primary = result === undefined ? undefined : result & 0xff;
  if (primary === sqliteBusy) return 'busy';
  const now = statLockFile(path);
  if (!sameFile(before, now)) return 'moved';
  if (primary === sqliteNotADatabase) {
    renameSync(path, `${path}.old`);
    return 'moved';
  }
  if (primary === sqliteReadOnly || primary === sqliteCannotOpen) {
    throw new FileError('lock', path, Object.assign(new Error('no permission'), {code: 'EACCES'}));
  }
  throw new FileError('lock', path, error);
}

/** The lock file's identity, after creating it when missing. */
function lockFileIdentity(path: string, mode: number): BigIntStats {
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const found = statLockFile(path);
      if (found?.isFile()) return found;
      if (found) throw new Error('it is no regular file');
      createLockFile(path, mode);
    }
    throw new Error('it vanishes again and again');
  } catch (error) {
    throw new FileError('lock', path, error instanceof FileError ? error.cause : error);
  }
}

/** Creates the empty file under another name first, so that no descriptor of the lock file itself is ever closed here. */
function createLockFile(path: string, mode: number): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, '', {flag: 'wx', mode});
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFolder(dirname(path));
    return;
  }
  try {
    chmodSync(temporary, mode);
    linkSync(temporary, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function statLockFile(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, {bigint: true});
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Inode numbers are used again at once, hence the birth time. */
function sameFile(a: BigIntStats, b: BigIntStats | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino && a.birthtimeNs === b.birthtimeNs;
}

let sqliteModule: typeof import('node:sqlite') | undefined;

/** `node:sqlite` without its one-time ExperimentalWarning (Node 22), which would reach every cron mail. */
function sqlite(): typeof import('node:sqlite') {
  if (sqliteModule) return sqliteModule;
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    sqliteModule = process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
  return sqliteModule;
}
