import {keyText, type Row, sameRecordKey} from './row.ts';

/** What the rows of one export must look like. */
export interface RowShape {
  recordIdField: string;
  longitudinal: boolean;
  /** Whether any instrument or event repeats. */
  repeating: boolean;
  /** Columns the rows must have. */
  columns: readonly string[];
  /** Names of the records that were asked for; empty: any. */
  asked: readonly string[];
}

/** The rows, or why the answer cannot be trusted. */
export type Decoded = {kind: 'ok'; value: Row[]} | {kind: 'malformed' | 'incomplete'; message: string};

/** Why the answer cannot be trusted; does not leave this file. */
class Refusal extends Error {
  readonly kind: 'malformed' | 'incomplete';

  constructor(kind: 'malformed' | 'incomplete', message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Checks and decodes an exported JSON value: instance numbers as numbers (they come as `1`, `"1"` or `""`), all other values as
 * text. `incomplete`: rows or columns are kept from us; `malformed`: this is no export.
 */
export function decodeRows(value: unknown, shape: RowShape): Decoded {
  try {
    if (!Array.isArray(value)) throw new Refusal('malformed', 'the answer is not a list of rows');
    const items = value.map(asObject);
    if (items[0]) checkColumns(items[0], shape);
    const rows = items.map((item, index) => decodeRow(item, shape, index));
    checkRecords(rows, shape.asked);
    checkKeys(rows);
    return {kind: 'ok', value: rows};
  } catch (error) {
    if (error instanceof Refusal) return {kind: error.kind, message: error.message};
    throw error;
  }
}

function asObject(item: unknown, index: number): Record<string, unknown> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new Refusal('malformed', `row ${index} of the answer is no object`);
  }
  return item as Record<string, unknown>;
}

function checkColumns(first: object, shape: RowShape): void {
  const keyColumns = [
    shape.recordIdField,
    ...(shape.longitudinal ? ['redcap_event_name'] : []),
    ...(shape.repeating ? ['redcap_repeat_instrument', 'redcap_repeat_instance'] : []),
  ];
  const missingKeys = keyColumns.filter(column => !(column in first));
  if (missingKeys.length > 0) {
    throw new Refusal('incomplete', `the answer lacks ${missingKeys.join(', ')}, rows cannot be told apart`);
  }
  const missing = shape.columns.filter(column => !(column in first));
  if (missing.length > 0) {
    const names = missing.slice(0, 10).join(', ');
    const why = "the token's user may not see it, or the field was removed";
    throw new Refusal('incomplete', `the answer lacks ${names}: ${why}`);
  }
}

function decodeRow(item: Record<string, unknown>, shape: RowShape, index: number): Row {
  const values: Record<string, string> = {};
  const keys = {redcap_event_name: '', redcap_repeat_instrument: '', redcap_repeat_instance: ''};
  for (const column of Object.keys(item)) {
    const text = cellText(item[column]);
    if (text === undefined) throw new Refusal('malformed', `row ${index} of the answer holds a structure in ${column}`);
    if (Object.hasOwn(keys, column)) keys[column as keyof typeof keys] = text;
    else values[column] = text;
  }
  const record = values[shape.recordIdField];
  if (!record) throw new Refusal('incomplete', `row ${index} of the answer has no record name`);
  const row: Row = {record, values};
  if (keys.redcap_event_name !== '') row.event = keys.redcap_event_name;
  if (keys.redcap_repeat_instrument !== '') row.form = keys.redcap_repeat_instrument;
  if (keys.redcap_repeat_instance !== '') {
    row.instance = Number(keys.redcap_repeat_instance);
    if (!Number.isSafeInteger(row.instance) || row.instance < 1) {
      throw new Refusal('malformed', `row ${index} of the answer has an instance that is no number`);
    }
  }
  return row;
}

function cellText(cell: unknown): string | undefined {
  if (typeof cell === 'string') return cell;
  if (cell === null) return '';
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : undefined;
}

function checkRecords(rows: readonly Row[], asked: readonly string[]): void {
  if (asked.length === 0 || rows.length === 0) return;
  const names = new Set(asked.map(sameRecordKey));
  if (rows.every(row => names.has(sameRecordKey(row.record)))) return;
  if (rows.every(row => /^[0-9a-f]{32,}$/i.test(row.record))) {
    throw new Refusal('incomplete', "record names are hashed: the token's user may see no identifiers");
  }
  throw new Refusal('incomplete', 'the answer holds records that were not asked for');
}

function checkKeys(rows: readonly Row[]): void {
  const seen = new Set<string>();
  for (const row of rows) seen.add(keyText(row));
  if (seen.size < rows.length) throw new Refusal('malformed', 'the answer holds a row twice');
}
