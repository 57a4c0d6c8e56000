import {chmodSync, mkdirSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import type {DatabaseSync} from 'node:sqlite';
import {openSqlite} from './sqlite.ts';

/**
 * One row of `row` is one exported row: the base row of a record and event (instrument '' and instance 0), an instance of
 * a repeating instrument, or an instance of a repeating event (instrument ''). `data` is a JSON object column -> text in
 * SQLite's binary form, from which single columns are read without parsing the rest; blank values are absent, a checked box is `name___code: "1"`. `event` is '' in classic projects.
 * `modified` and `log.ts` are local times as text (`localTime`), compared as text.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS project (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, token TEXT NOT NULL UNIQUE, created TEXT NOT NULL, definition TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY, project INTEGER NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL, sort_key TEXT NOT NULL,
    dag TEXT NOT NULL DEFAULT '', modified TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS record_name ON record (project, name_key);
  CREATE UNIQUE INDEX IF NOT EXISTS record_order ON record (project, sort_key);
  CREATE INDEX IF NOT EXISTS record_modified ON record (project, modified);
  CREATE TABLE IF NOT EXISTS row (
    id INTEGER PRIMARY KEY, record INTEGER NOT NULL, event TEXT NOT NULL, instrument TEXT NOT NULL, instance INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS row_key ON row (record, event, instrument, instance);
  CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY, project INTEGER NOT NULL, ts TEXT NOT NULL, user TEXT NOT NULL, class TEXT NOT NULL,
    action TEXT NOT NULL, details TEXT NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS log_time ON log (project, ts);
  CREATE INDEX IF NOT EXISTS log_record ON log (project, record);
  CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, match TEXT NOT NULL, action TEXT NOT NULL, times INTEGER, after INTEGER NOT NULL
  ) STRICT;
`;

/** Makes a folder and its parents. Node's own `recursive` never returns below /proc. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, {mode: 0o700});
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, {mode: 0o700});
  }
}

/**
 * Opens (and at first use makes) the database of a sandbox folder. Tokens are in it in clear text, because `sandbox site`
 * prints them again: folder 0700, file 0600. Every commit is durable before the answer that reports it (synchronous FULL).
 */
export function openDatabase(folder: string): DatabaseSync {
  makeFolder(resolve(folder));
  const path = join(folder, 'redcap.db');
  const database = openSqlite(path);
  chmodSync(path, 0o600);
  database.exec('PRAGMA busy_timeout = 30000');
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA cache_size = -8000');
  database.exec(SCHEMA);
  return database;
}

/** Runs `work` in one transaction; whatever it throws undoes everything. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
