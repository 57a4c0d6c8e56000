import type {StoredRow} from '../store/records.ts';

/** Turns the visible, filtered rows of one record into table rows. */
export interface RowTable {
  columns: string[];
  /** Names of the stored columns that are shown. */
  stored: string[];
  labels?: string[] | undefined;
  cellsOf(row: StoredRow): string[][];
}
