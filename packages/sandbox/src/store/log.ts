import type {DatabaseSync} from 'node:sqlite';

/** Classes of log entries, as the `logtype` parameter names them. */
export type LogClass = 'export' | 'manage' | 'record_add' | 'record_edit' | 'record_delete';

export interface LogEntry {
  class: LogClass;
  action: string;
  details: string;
  record: string;
}

/** Adds an entry to a project's log. */
export function writeLog(database: DatabaseSync, project: number, time: string, entry: LogEntry): void {
  database
    .prepare('INSERT INTO log (project, ts, user, class, action, details, record) VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(project, time, 'sandbox_user', entry.class, entry.action, entry.details, entry.record);
}

/**
 * Adds the entry of a call that changed nothing. It need not survive a power cut, so it does not wait for the disk:
 * reads stay fast.
 */
export function writeReadLog(database: DatabaseSync, project: number, time: string, entry: LogEntry): void {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    writeLog(database, project, time, entry);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}
