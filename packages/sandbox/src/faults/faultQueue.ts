import type {DatabaseSync} from 'node:sqlite';
import {transaction} from '../store/database.ts';
import type {Fault, FaultMatch, PacsOperation} from './faultFormat.ts';

/** A REDCap call as faults see it. */
export interface CallFacts {
  content: string;
  action: string;
  import: boolean;
  project: string;
  records: number;
}

/** What the embedded PACS asks before each operation: the fault to act out (`status:A700`), or undefined. */
export interface PacsFaults {
  take(operation: PacsOperation): string | undefined;
}

/** The queued faults of a sandbox folder; they are consumed in order and outlive a restart. */
export class FaultQueue {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  add(fault: Fault): void {
    this.#database
      .prepare('INSERT INTO fault (match, action, times, after) VALUES (?, ?, ?, ?)')
      .run(JSON.stringify(fault.match), fault.do, fault.times ?? null, fault.after ?? 0);
  }

  clear(): void {
    this.#database.exec('DELETE FROM fault');
  }

  list(): Fault[] {
    const rows = this.#database.prepare('SELECT match, action, times, after FROM fault ORDER BY id').all();
    return rows.map(row => ({
      match: JSON.parse(String(row.match)) as FaultMatch,
      do: String(row.action),
      times: row.times === null ? undefined : Number(row.times),
      after: Number(row.after),
    }));
  }

  /** The fault for a REDCap call, used up once. */
  takeForCall(call: CallFacts): string | undefined {
    return this.#take(match => {
      if (match.pacs !== undefined) return false;
      const {moreThanRecords, pacs: _, ...equal} = match;
      if (moreThanRecords !== undefined && call.records <= moreThanRecords) return false;
      return Object.entries(equal).every(([key, value]) => call[key as keyof typeof equal] === value);
    });
  }

  /** The faults of the embedded PACS. */
  get pacs(): PacsFaults {
    return {take: operation => this.#take(match => match.pacs === operation)};
  }

  #take(matches: (match: FaultMatch) => boolean): string | undefined {
    if (this.#database.prepare('SELECT 1 FROM fault LIMIT 1').get() === undefined) return undefined;
    return transaction(this.#database, () => {
      const rows = this.#database.prepare('SELECT id, match, action, times, after FROM fault ORDER BY id').all();
      for (const row of rows) {
        if (!matches(JSON.parse(String(row.match)) as FaultMatch)) continue;
        if (Number(row.after) > 0) {
          this.#database.prepare('UPDATE fault SET after = after - 1 WHERE id = ?').run(row.id ?? 0);
          continue;
        }
        this.#database.prepare('UPDATE fault SET times = times - 1 WHERE id = ?').run(row.id ?? 0);
        this.#database.prepare('DELETE FROM fault WHERE id = ? AND times <= 0').run(row.id ?? 0);
        return String(row.action);
      }
      return undefined;
    });
  }
}
