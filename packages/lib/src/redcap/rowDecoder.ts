import type {Row} from './row.ts';

export interface RowShape {
  recordIdField: string;
  longitudinal: boolean;
  /** Whether any instrument or event repeats. */
  repeating: boolean;
  /** Columns the rows must have. */
  columns: readonly string[];
  /** Throws: the answer cannot be trusted; `columns` names those that did not come. */
  refuse(kind: 'malformed' | 'incomplete', message: string, columns?: readonly string[]): never;
}

/**
 * Checks and decodes an exported JSON value: instance numbers as numbers (they come as `1`, `"1"` or `""`), all other values as
 * text.
 * @throws what `refuse` throws
 */
export function decodeRows(value: unknown, shape: RowShape): Row[] {
  if (!Array.isArray(value)) shape.refuse('malformed', 'the answer is not a list of rows');
  const rows: Row[] = [];
  value.forEach((item: unknown, index) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      shape.refuse('malformed', `row ${index} of the answer is no object`);
    }
    if (index === 0) checkColumns(item, shape);
    rows.push(decodeRow(item as Record<string, unknown>, shape, index));
  });
  return rows;
}

function checkColumns(first: object, shape: RowShape): void {
  const keyColumns = [
    shape.recordIdField,
    ...(shape.longitudinal ? ['redcap_event_name'] : []),
    ...(shape.repeating ? ['redcap_repeat_instrument', 'redcap_repeat_instance'] : []),
  ];
  const missingKeys = keyColumns.filter(column => !(column in first));
  if (missingKeys.length > 0) {
    shape.refuse('incomplete', `the answer lacks ${missingKeys.join(', ')}, rows cannot be told apart`, missingKeys);
  }
  const missing = shape.columns.filter(column => !(column in first));
  if (missing.length > 0) {
    const names = missing.slice(0, 10).join(', ');
    shape.refuse(
      'incomplete',
      `the answer lacks ${names}: the token's user may not see it, or the field was removed`,
      missing,
    );
  }
}

function decodeRow(item: Record<string, unknown>, shape: RowShape, index: number): Row {
  const values: Record<string, string> = {};
  for (const column of Object.keys(item)) {
    const cell = item[column];
    if (typeof cell === 'string') values[column] = cell;
    else if (typeof cell === 'number' || typeof cell === 'boolean') values[column] = String(cell);
    else if (cell === null) values[column] = '';
    else shape.refuse('malformed', `row ${index} of the answer holds a structure in ${column}`);
  }
  const record = values[shape.recordIdField];
  if (record === undefined || record === '')
    shape.refuse('incomplete', `row ${index} of the answer has no record name`);
  const event = values.redcap_event_name;
  const form = values.redcap_repeat_instrument;
  const instance = values.redcap_repeat_instance;
  delete values.redcap_event_name;
  delete values.redcap_repeat_instrument;
  delete values.redcap_repeat_instance;
  if (instance !== undefined && instance !== '' && !/^[1-9]\d{0,8}$/.test(instance)) {
    shape.refuse('malformed', `row ${index} of the answer has an instance that is no number`);
  }
  return {
    record,
    ...(event !== undefined && event !== '' && {event}),
    ...(form !== undefined && form !== '' && {form}),
    ...(instance !== undefined && instance !== '' && {instance: Number(instance)}),
    values,
  };
}
