import type {EventInfo, Field, ProjectInfo} from './projectInfo.ts';
import type {Row, WriteRow} from './row.ts';

/** What to export. Without `records`, `since` and `filter` the whole project, checked against the list of its names. */
export interface Query {
  /** Field names; a checkbox by its base name brings its `___n` columns. The record id field comes by itself. */
  fields?: readonly string[] | undefined;
  /** All fields of these instruments. */
  forms?: readonly string[] | undefined;
  /** Only these records; an empty list gives no rows and makes no request. A name without rows does not exist. */
  records?: readonly string[] | undefined;
  events?: readonly string[] | undefined;
  /** Only records created or changed since; all requested rows of such a record come. */
  since?: Date | undefined;
  until?: Date | undefined;
  /** A filterLogic made with the helpers of `filter.ts`; the caller filters again. */
  filter?: string | undefined;
  /** A named record that does not come is an error (`incomplete`). */
  mustExist?: boolean | undefined;
  /** Keeps the rows of this repeating instrument only; `''` keeps the base rows only. */
  onlyForm?: string | undefined;
}

/** A record that was not stored, and why; the reasons hold no values. */
export interface Rejected {
  record: string;
  /** `rejected`: REDCap refused it; `incomplete`: it did not confirm it, or holds other values than were sent. */
  kind: 'rejected' | 'incomplete';
  reasons: {field?: string; message: string}[];
}

/** How rows are stored. */
export interface WriteOptions {
  /** Blanks erase what is stored; without it they are ignored. */
  overwrite?: boolean;
  /** `ids` (default): the server names what it stored; `values`: the fields are read back and compared as well. */
  verify?: 'ids' | 'values';
}

/** What became of the records of a write. */
export interface Written {
  /** Confirmed record names, as they were given. */
  written: string[];
  rejected: Rejected[];
}

/** Which part of the records is deleted; nothing given: all of them. */
export interface RemoveOptions {
  arm?: string;
  event?: string;
  /** Only this instrument's data. */
  form?: string;
  /** Only this instance. */
  instance?: number;
}

/** A file of a file field. */
export interface FilePlace {
  record: string;
  field: string;
  event?: string;
  instance?: number;
}

/** One line of the project's log. */
export interface LogEntry {
  /** In the zone of REDCap's dates, to the minute or second. */
  timestamp: string;
  user: string;
  action: string;
  /** Free text with patients' data: never to be logged. */
  details: string;
  record: string;
}

/** One REDCap project. Every method throws `RedcapError` when REDCap did not answer properly: an error is never an empty list. */
export interface Redcap {
  /** How messages call it. */
  readonly name: string;
  /** First 16 hex digits of the SHA-256 of URL and token. */
  readonly identity: string;
  /** Zone of REDCap's dates. */
  readonly timeZone: string;
  /** Requests made so far. */
  readonly requests: number;
  /** How far the server's clock is ahead of ours, ms, by the last answer. */
  readonly clockOffsetMs: number | undefined;
  read(query: Query): Promise<Row[]>;
  /** Like `read`, a chunk of records at a time; all rows of a record are in one chunk. */
  readChunks(query: Query): AsyncIterable<Row[]>;
  /** Names of all records, in REDCap's order. */
  names(): Promise<string[]>;
  /** Stores rows with explicit names and instances. All rows of a record are stored together or not at all. */
  write(rows: readonly WriteRow[], options?: WriteOptions): Promise<Written>;
  /** Stores new instances of a repeating instrument under free numbers, safe against other writers of this host. @returns the rows with their numbers */
  append(rows: readonly WriteRow[]): Promise<WriteRow[]>;
  /** @returns how many records were touched */
  remove(names: readonly string[], options?: RemoveOptions): Promise<number>;
  project(): Promise<ProjectInfo>;
  /** The data dictionary in its order; cached for a day. */
  metadata(): Promise<Field[]>;
  events(): Promise<EventInfo[]>;
  forms(): Promise<{name: string; label: string}[]>;
  /** Which instruments are used in which events. */
  mapping(): Promise<{event: string; form: string; arm: number}[]>;
  /** Repeating instruments; a blank form means a repeating event. */
  repeating(): Promise<{event: string; form: string}[]>;
  fieldNames(): Promise<{field: string; choice: string; column: string}[]>;
  /** A name nobody uses yet; nothing is reserved. */
  nextName(): Promise<string>;
  version(): Promise<string>;
  log(range: {from: Date; to?: Date; record?: string}): Promise<LogEntry[]>;
  readonly file: {
    get(place: FilePlace): Promise<{name: string; bytes: Buffer}>;
    put(place: FilePlace, name: string, bytes: Buffer): Promise<void>;
    remove(place: FilePlace): Promise<void>;
  };
  /** The dictionary proved to be outdated. */
  forgetMetadata(): Promise<void>;
  close(): void;
}
