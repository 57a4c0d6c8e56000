/** Which row of a project: one per record, event, repeating instrument and instance. */
export interface RowKey {
  /** Value of the record id field. */
  record: string;
  /** Unique event name; longitudinal projects only. */
  event?: string | undefined;
  /** Repeating instrument; absent on base rows and on rows of repeating events. */
  form?: string | undefined;
  /** Whole number from 1; absent on base rows. */
  instance?: number | undefined;
}

/** One exported row. A column that was not asked for is absent, which is not the same as blank. */
export interface Row extends RowKey {
  /** Raw values by column, the record id field among them. */
  values: Record<string, string>;
}

/** One row to import: `undefined` is left out, `null` erases (only with `overwrite`), booleans become `1` and `0`. */
export interface WriteRow extends RowKey {
  values: Record<string, string | number | boolean | null | undefined>;
}

/** Rows by record, in the order of their first appearance. */
export function groupByRecord<T extends RowKey>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.record);
    if (group) group.push(row);
    else groups.set(row.record, [row]);
  }
  return groups;
}

/**
 * The first free instance number of a repeating instrument: 1 + the highest.
 * @param rows all rows of one record (and event), fresh from REDCap; a partial list would overwrite an instance
 */
export function nextInstance(rows: readonly RowKey[], form: string): number {
  let highest = 0;
  for (const row of rows) {
    if (row.form === form && row.instance !== undefined && row.instance > highest) highest = row.instance;
  }
  return highest + 1;
}

/** One text per key, for maps and sets. */
export function keyText(key: RowKey): string {
  return JSON.stringify([key.record, key.event ?? '', key.form ?? '', key.instance ?? '']);
}

/** Record names that differ only in case or outer blanks are one record on most servers. */
export function sameRecordKey(name: string): string {
  return name.trim().toLowerCase();
}
