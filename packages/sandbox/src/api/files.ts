import {firstEvent, formBelongs, isRepeatingEvent, isRepeatingForm, type RowKey} from '../project/project.ts';
import {transaction} from '../store/database.ts';
import {writeLog, writeReadLog} from '../store/log.ts';
import type {FileValue, StoredRecord, Values} from '../store/records.ts';
import {type Answer, ApiError, invalidNames, invalidParameter, PLAIN} from './answer.ts';
import type {Context} from './context.ts';

/** The cell a file call is about. */
interface Place {
  record: StoredRecord;
  field: string;
  key: RowKey;
  values: Values;
}

/** @throws ApiError 400 when record, field, event or instance do not name a file cell of the project */
function placeOf({parameters, project, records}: Context): Place {
  const field = parameters.text('field');
  const known = project.dictionary.fields.get(field);
  if (known === undefined) throw invalidNames('field', [field]);
  if (known.type !== 'file') throw new ApiError(400, `The field '${field}' is not a 'file' field`);
  const event = parameters.text('event') || firstEvent(project);
  if (event !== '' && !project.events.has(event)) throw invalidNames('event', [event]);
  const sentInstance = parameters.text('repeat_instance');
  if (sentInstance !== '' && !/^[1-9]\d{0,8}$/.test(sentInstance)) throw invalidParameter('repeat_instance');
  const repeatingForm = isRepeatingForm(project, known.form, event);
  const repeats = repeatingForm || isRepeatingEvent(project, event);
  const key = {event, instrument: repeatingForm ? known.form : '', instance: repeats ? Number(sentInstance || 1) : 0};
  if (!formBelongs(project, known.form, key)) throw invalidNames('event', [event]);
  const name = parameters.text('record').trim();
  const record = records.find(project, name);
  if (record === undefined) throw new ApiError(400, `The record '${name}' does not exist`);
  return {record, field, key, values: records.readRow(record.id, key) ?? {}};
}

function storedFile({values, field, record}: Place): FileValue {
  const value = values[field];
  if (typeof value === 'object') return value;
  throw new ApiError(400, `There is no file to download for this record: record '${record.name}', field '${field}'`);
}

/** `content=file&action=export`: the bytes; the content type carries the name. @throws ApiError 400 */
export function exportFile(context: Context): Answer {
  const place = placeOf(context);
  const file = storedFile(place);
  const row = context.database.prepare('SELECT type, bytes FROM document WHERE id = ?').get(file.document);
  const bytes = row?.bytes;
  writeReadLog(context.database, context.project.id, context.time, {
    class: 'export',
    action: `Download uploaded document (API) ${place.record.name}`,
    details: place.field,
    record: place.record.name,
  });
  const name = file.name.replace(/["\\\r\n]/g, '_');
  return {
    status: 200,
    contentType: `${String(row?.type ?? 'application/octet-stream')}; name="${encodeHeader(name)}";charset=UTF-8`,
    body: bytes instanceof Uint8Array ? Buffer.from(bytes) : Buffer.alloc(0),
  };
}

/** Header values are latin1 on the wire: UTF-8 bytes are sent as they are. */
function encodeHeader(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** `content=file&action=import`: a new document in the place of the old one. @throws ApiError 400 */
export function importFile(context: Context): Answer {
  const {database, parameters, project, records, time} = context;
  const file = parameters.file('file');
  if (file === undefined) throw new ApiError(400, 'No valid file was uploaded');
  transaction(database, () => {
    const place = placeOf(context);
    dropDocument(context, place);
    const type = /^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type : 'application/octet-stream';
    const result = database
      .prepare('INSERT INTO document (project, name, type, bytes) VALUES (?, ?, ?, ?)')
      .run(project.id, file.name, type, file.bytes);
    place.values[place.field] = {document: Number(result.lastInsertRowid), name: file.name};
    records.writeRow(place.record.id, place.key, place.values);
    finish(context, place, `${place.field} = '${file.name}'`, time);
  });
  return {status: 200, contentType: PLAIN, body: ''};
}

/** `content=file&action=delete`. @throws ApiError 400 */
export function deleteFile(context: Context): Answer {
  transaction(context.database, () => {
    const place = placeOf(context);
    storedFile(place);
    dropDocument(context, place);
    delete place.values[place.field];
    context.records.writeRow(place.record.id, place.key, place.values);
    finish(context, place, `${place.field} = ''`, context.time);
  });
  return {status: 200, contentType: PLAIN, body: ''};
}

function dropDocument({database}: Context, {values, field}: Place): void {
  const old = values[field];
  if (typeof old === 'object') database.prepare('DELETE FROM document WHERE id = ?').run(old.document);
}

function finish({database, project, records}: Context, {record}: Place, details: string, time: string): void {
  records.touch(record.id, time);
  const action = `Update record (API) ${record.name}`;
  writeLog(database, project.id, time, {class: 'record_edit', action, details, record: record.name});
}
