import {isRepeatingForm, type Project} from '../project/project.ts';
import {transaction} from '../store/database.ts';
import {writeLog} from '../store/log.ts';
import type {StoredRecord, StoredRow, Values} from '../store/records.ts';
import {type Answer, ApiError, invalidNames, invalidParameter, plain} from './answer.ts';
import type {Context} from './context.ts';

/** What of the records goes; without any limit all of them. */
interface Scope {
  events: string[] | undefined;
  instrument: string | undefined;
  instance: number | undefined;
}

/**
 * `content=record&action=delete`: whole records, or their rows of an arm, event, instrument or instance. Answers the
 * number of records. One unknown record and nothing is deleted.
 * @throws ApiError 400
 */
export function deleteRecords(context: Context): Answer {
  const {database, parameters, project, records, time} = context;
  const names = parameters.list('records');
  if (names === undefined) throw new ApiError(400, 'No records were provided to delete');
  const scope = readScope(context);
  const count = transaction(database, () => {
    const found = new Map<number, StoredRecord>();
    const unknown: string[] = [];
    for (const name of names) {
      const record = records.find(project, name);
      if (record === undefined) unknown.push(name);
      else found.set(record.id, record);
    }
    if (unknown.length > 0) throw notThere(unknown);
    for (const record of found.values()) deletePart(context, record, scope);
    if (parameters.flag('delete_logging') && isWhole(scope)) {
      const erase = database.prepare(`UPDATE log SET details = '[*DATA REMOVED*]' WHERE project = ? AND record = ?`);
      for (const record of found.values()) erase.run(project.id, record.name);
    }
    for (const record of found.values()) logDeletion(context, record, scope, time);
    return found.size;
  });
  return plain(String(count));
}

function notThere(names: string[]): ApiError {
  const text = 'One or more of the records provided cannot be deleted because they do not exist in the project.';
  return new ApiError(400, `${text} The following records do not exist: ${names.join(', ')}`);
}

const isWhole = (scope: Scope): boolean =>
  scope.events === undefined && scope.instrument === undefined && scope.instance === undefined;

/** @throws ApiError 400 for unknown arms, events, instruments and combinations that make no sense */
function readScope({parameters, project}: Context): Scope {
  const [arm, event, instrument, instance] = ['arm', 'event', 'instrument', 'repeat_instance'].map(name =>
    parameters.text(name).trim(),
  );
  const {events} = project;
  let limited: string[] | undefined;
  if (arm) {
    limited = [...events.values()].filter(({arm_num}) => String(arm_num) === arm).map(entry => entry.unique_event_name);
    if (project.longitudinal ? limited.length === 0 : arm !== '1') throw invalidNames('arm', [arm]);
    if (!project.longitudinal) limited = undefined;
  }
  if (event) {
    if (!events.has(event)) throw invalidNames('event', [event]);
    limited = [event];
  }
  if (instrument) {
    if (!project.dictionary.forms.includes(instrument)) throw invalidNames('instrument', [instrument]);
    if (project.longitudinal && !event) {
      throw new ApiError(
        400,
        'The parameter "event" is required when deleting an instrument of a longitudinal project',
      );
    }
  }
  if (instance && !/^[1-9]\d{0,8}$/.test(instance)) throw invalidParameter('repeat_instance');
  if (instance && !instrument && !event) throw invalidParameter('repeat_instance');
  return {events: limited, instrument: instrument || undefined, instance: instance ? Number(instance) : undefined};
}

function deletePart(context: Context, record: StoredRecord, scope: Scope): void {
  const {records, time} = context;
  if (isWhole(scope)) {
    records.remove(record.id);
    return;
  }
  const rows = records.rowsOf([record]).get(record.id) ?? [];
  const inScope = rows.filter(row => scope.events?.includes(row.event) ?? true);
  if (scope.instrument === undefined) {
    for (const row of inScope)
      if (scope.instance === undefined || row.instance === scope.instance) deleteRow(context, row);
  } else {
    for (const row of inScope) deleteInstrument(context, row, scope.instrument, scope.instance);
    for (const event of new Set(inScope.map(row => row.event))) dropEmptyBase(context, record, event);
  }
  if (!records.removeIfEmpty(record.id)) records.touch(record.id, time);
}

function deleteRow({records}: Context, row: StoredRow): void {
  records.deleteRow(row.record.id, row);
}

/** Takes a form's data out of a row: the row of a repeating instrument as a whole, else the form's cells. */
function deleteInstrument(context: Context, row: StoredRow, form: string, instance: number | undefined): void {
  const {project, records} = context;
  if (instance !== undefined && row.instance !== instance) return;
  if (row.instrument === form) {
    deleteRow(context, row);
  } else if (row.instrument === '' && (row.instance > 0 || !isRepeatingForm(project, form, row.event))) {
    const kept = withoutForm(project, row.values, form);
    if (row.instance > 0 && Object.keys(kept).length === 0) deleteRow(context, row);
    else records.writeRow(row.record.id, row, kept);
  }
}

function withoutForm(project: Project, values: Values, form: string): Values {
  const {columns} = project.dictionary;
  return Object.fromEntries(Object.entries(values).filter(([name]) => columns.get(name)?.field.form !== form));
}

/** When no form holds data in an event any more, its row disappears. */
function dropEmptyBase({records}: Context, record: StoredRecord, event: string): void {
  const rows = (records.rowsOf([record]).get(record.id) ?? []).filter(row => row.event === event);
  const [only] = rows;
  if (rows.length !== 1 || only === undefined || only.instance !== 0) return;
  if (Object.keys(only.values).length === 0) records.deleteRow(record.id, only);
}

function logDeletion({database, project}: Context, record: StoredRecord, scope: Scope, time: string): void {
  if (isWhole(scope)) {
    const details = `${project.dictionary.recordId} = '${record.name}'`;
    const action = `Delete record (API) ${record.name}`;
    writeLog(database, project.id, time, {class: 'record_delete', action, details, record: record.name});
    return;
  }
  const parts = [scope.events?.join(' '), scope.instrument, scope.instance && `instance ${scope.instance}`];
  writeLog(database, project.id, time, {
    class: 'record_edit',
    action: `Update record (API) ${record.name}`,
    details: `Deleted: ${parts.filter(part => part).join(', ')}`,
    record: record.name,
  });
}
