import {encodeText} from './form.ts';
import type {Limits} from './options.ts';
import {type Dictionary, exportColumns, type Field, parseChoices} from './projectInfo.ts';
import type {Rejected} from './redcap.ts';
import {keyText, sameRecordKey, type WriteRow} from './row.ts';

/** All rows of one record, ready to be sent: they go together or not at all. */
export interface RecordImport {
  /** As the caller spelled it. */
  record: string;
  rows: number;
  /** JSON objects separated by commas, form-encoded. */
  encoded: string;
}

/** Rows made ready for import. */
export interface ImportPlan {
  records: RecordImport[];
  /** Records with a value that the dictionary does not know: not sent. */
  rejected: Rejected[];
  /** Columns the project does not have, or that cannot be imported. Nothing may be sent while there are any. */
  unknownColumns: string[];
}

/**
 * Checks and encodes rows for import.
 * @throws TypeError on a mistake of the caller: no record name, an instance that is no whole number from 1, one key twice with
 * different values
 */
export function planImport(rows: readonly WriteRow[], dictionary: Dictionary, overwrite: boolean): ImportPlan {
  const columns = importColumns(dictionary.fields);
  const recordIdField = dictionary.fields[0]?.name ?? '';
  const unknown = new Set<string>();
  const byKey = new Map<string, string>();
  const groups = new Map<string, {record: string; rows: string[]; reasons: Rejected['reasons']}>();
  for (const row of rows) {
    checkKey(row);
    const values = importValues(row, overwrite);
    delete values[recordIdField];
    for (const column of Object.keys(values)) if (!columns.has(column)) unknown.add(column);
    const object = {[recordIdField]: row.record, ...keyColumns(row), ...values};
    const json = JSON.stringify(object);
    const key = keyText({...row, record: sameRecordKey(row.record)});
    const before = byKey.get(key);
    if (before === json) continue;
    if (before !== undefined)
      throw new TypeError(`two different rows to import for one key (${row.form ?? 'base row'})`);
    byKey.set(key, json);
    const name = sameRecordKey(row.record);
    const group = groups.get(name) ?? {record: row.record, rows: [], reasons: []};
    groups.set(name, group);
    group.rows.push(encodeText(json));
    group.reasons.push(...unknownCodes(values, columns));
  }
  const records: RecordImport[] = [];
  const rejected: Rejected[] = [];
  for (const {record, rows: encoded, reasons} of groups.values()) {
    if (reasons.length > 0) rejected.push({record, kind: 'rejected', reasons});
    else records.push({record, rows: encoded.length, encoded: encoded.join(encodedComma)});
  }
  return {records, rejected, unknownColumns: [...unknown].sort()};
}

const encodedComma = encodeText(',');

/** The `data` variable of one import, form-encoded. */
export function importData(batch: readonly RecordImport[]): string {
  return `data=${encodeText('[')}${batch.map(record => record.encoded).join(encodedComma)}${encodeText(']')}`;
}

/** Fills imports up to both limits; a record that is larger alone goes alone. */
export function planBatches(records: readonly RecordImport[], {importRows, importBytes}: Limits): RecordImport[][] {
  const batches: RecordImport[][] = [];
  let batch: RecordImport[] = [];
  let rows = 0;
  let bytes = 0;
  for (const record of records) {
    // encoded text is ASCII
    const more = record.encoded.length + encodedComma.length;
    if (batch.length > 0 && (rows + record.rows > importRows || bytes + more > importBytes - 1000)) {
      batches.push(batch);
      batch = [];
      rows = 0;
      bytes = 0;
    }
    batch.push(record);
    rows += record.rows;
    bytes += more;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

function checkKey(row: WriteRow): void {
  if (row.record.trim() === '') throw new TypeError('a row to import has no record name');
  if (row.instance !== undefined && !(Number.isSafeInteger(row.instance) && row.instance >= 1)) {
    throw new TypeError(`a row to import has the instance ${row.instance}`);
  }
  if (row.form !== undefined && row.instance === undefined)
    throw new TypeError(`a row to import for ${row.form} has no instance`);
}

function keyColumns(row: WriteRow): Record<string, string | number> {
  return {
    ...(row.event !== undefined && {redcap_event_name: row.event}),
    ...((row.form !== undefined || row.instance !== undefined) && {
      redcap_repeat_instrument: row.form ?? '',
      redcap_repeat_instance: row.instance ?? '',
    }),
  };
}

/** Values as REDCap stores them: text with LF, no NUL; a blank only where it may erase. */
export function importValues(row: WriteRow, overwrite: boolean): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [column, value] of Object.entries(row.values)) {
    if (value === undefined || (value === null && !overwrite)) continue;
    if (value === null) values[column] = '';
    else if (typeof value === 'boolean') values[column] = value ? '1' : '0';
    else values[column] = String(value).replaceAll('\r\n', '\n').replaceAll('\0', '');
  }
  return values;
}

/** Column -> codes it may hold; undefined: any text. Calculated and file fields cannot be imported. */
function importColumns(fields: readonly Field[]): Map<string, ReadonlySet<string> | undefined> {
  const columns = new Map<string, ReadonlySet<string> | undefined>();
  const status = new Set(['0', '1', '2']);
  const twoStates = new Set(['0', '1']);
  for (const field of fields) {
    columns.set(`${field.form}_complete`, status);
    if (field.type === 'calc' || field.type === 'file') continue;
    const codes =
      field.type === 'dropdown' || field.type === 'radio'
        ? new Set(parseChoices(field.choices).keys())
        : field.type === 'checkbox' || field.type === 'yesno' || field.type === 'truefalse'
          ? twoStates
          : undefined;
    for (const column of exportColumns(field)) columns.set(column, codes);
  }
  return columns;
}

function unknownCodes(
  values: Record<string, string>,
  columns: ReadonlyMap<string, ReadonlySet<string> | undefined>,
): Rejected['reasons'] {
  const reasons: Rejected['reasons'] = [];
  for (const [field, value] of Object.entries(values)) {
    const codes = columns.get(field);
    if (codes && value !== '' && !codes.has(value))
      reasons.push({field, message: `The value is not a valid category for ${field}`});
  }
  return reasons;
}
