import {writeTable} from '../formats/table.ts';
import type {Parameters} from '../http/parameters.ts';
import {type Answer, invalidParameter, ok} from './answer.ts';
import type {Context} from './context.ts';
import {timeParameter} from './times.ts';

/** Log classes an entry must have for a `logtype`; undefined = all. Types the sandbox never writes match nothing. */
const CLASSES: Record<string, string[]> = {
  export: ['export'],
  manage: ['manage'],
  user: [],
  record: ['record_add', 'record_edit', 'record_delete'],
  record_add: ['record_add'],
  record_edit: ['record_edit'],
  record_delete: ['record_delete'],
  lock_record: [],
  page_view: [],
};

/** @throws ApiError 400 for an unknown `logtype` */
function classesOf(parameters: Parameters): string[] | undefined {
  const type = parameters.text('logtype');
  if (type === '') return undefined;
  if (!Object.hasOwn(CLASSES, type)) throw invalidParameter('logtype');
  return CLASSES[type];
}

/** `content=log`: entries newest first; both times inclusive, the end to its whole minute. */
export function exportLog({database, parameters, project}: Context): Answer {
  const {format} = parameters;
  const classes = classesOf(parameters);
  const begin = timeParameter(parameters, 'beginTime');
  const end = timeParameter(parameters, 'endTime');
  const conditions = ['project = ?'];
  const values: (string | number)[] = [project.id];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    conditions.push(condition);
    values.push(value);
  };
  add('ts >= ?', begin?.slice(0, 16));
  add('ts <= ?', end && `${end.slice(0, 16)}:59`);
  add('user = ?', parameters.text('user'));
  add('record = ?', parameters.text('record'));
  add('class IN (SELECT value FROM json_each(?))', classes && JSON.stringify(classes));
  const sql = `SELECT ts, user, action, details, record FROM log WHERE ${conditions.join(' AND ')} ORDER BY ts DESC, id DESC`;
  const rows = database.prepare(sql).all(...values);
  const columns = ['timestamp', 'username', 'action', 'details', 'record'];
  return ok(
    format,
    writeTable(
      format,
      {columns},
      rows.map(row => [row.ts, row.user, row.action, row.details, row.record].map(String)),
    ),
  );
}
