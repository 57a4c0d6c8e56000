import type {DatabaseSync} from 'node:sqlite';

/**
 * Opens an SQLite file. Older Node versions announce node:sqlite as experimental on stderr at its first use; the sandbox
 * speaks on stderr only when it has something to say, so that one warning is held back.
 */
export function openSqlite(path: string): DatabaseSync {
  const emitWarning = process.emitWarning;
  process.emitWarning = (() => {}) as typeof process.emitWarning;
  try {
    const {DatabaseSync: Database} = process.getBuiltinModule('node:sqlite');
    return new Database(path);
  } finally {
    process.emitWarning = emitWarning;
  }
}
