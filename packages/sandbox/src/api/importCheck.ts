import type {Column} from '../project/dictionary.ts';
import {
  eventLabel,
  firstEvent,
  isDesignated,
  isRepeatingEvent,
  isRepeatingForm,
  type Project,
} from '../project/project.ts';
import {isRecordName} from '../store/recordName.ts';
import {ApiError} from './answer.ts';
import type {SentRow} from './importDecode.ts';
import {checkValue, type DateFormat, notACategory} from './values.ts';

/** A row that may be stored as it is. */
export interface CheckedRow {
  /** Trimmed record name as sent. */
  record: string;
  event: string;
  instrument: string;
  instance: number | 'new';
  /** Group as sent; undefined when the column was not there. */
  group: string | undefined;
  /** Values to store, '' for blank cells; boxes hold '1', '0' or ''. */
  values: {column: Column; value: string}[];
}

/** One line of an error: `"record","field","value","message"`. */
function line(record: string, field: string, value: string, message: string): string {
  return [record, field, value, message].map(cell => `"${cell.replaceAll('"', '""')}"`).join(',');
}

function refuse(lines: string[]): void {
  if (lines.length > 0) throw new ApiError(400, lines.join('\n'));
}

/**
 * Checks all rows: record names, then events, then every value. All problems of a stage are reported at once.
 * @throws ApiError 400
 */
export function checkRows(
  project: Project,
  rows: SentRow[],
  columns: Map<string, Column>,
  dateFormat: DateFormat,
): CheckedRow[] {
  const {recordId} = project.dictionary;
  const names = rows.map(row => (row.get(recordId) ?? '').trim());
  refuse(
    names.flatMap(name => {
      if (isRecordName(name)) return [];
      return [line(name, recordId, name, name === '' ? 'The record name is missing' : 'The record name is not valid')];
    }),
  );
  checkEvents(project, rows);
  const problems: string[] = [];
  const checked = rows.map((row, index) =>
    new RowCheck(project, names[index] ?? '', row, problems).check(columns, dateFormat),
  );
  refuse(problems);
  return checked;
}

function checkEvents(project: Project, rows: SentRow[]): void {
  const sent = new Set(rows.map(row => row.get('redcap_event_name') ?? ''));
  const invalid = [...sent].filter(event => event !== '' && !project.events.has(event));
  if (invalid.length === 0) return;
  throw new ApiError(400, `The following values of redcap_event_name are invalid: ${invalid.join(', ')}`);
}

const NOT_AN_INSTRUMENT =
  'redcap_repeat_instrument must be the unique form name of a Repeating Instrument. It currently does not match the unique form name of any Repeating Instruments.  Please fix this in the data import file and try again.';
const NO_INSTANCE_HERE =
  'redcap_repeat_instance cannot have a value since this instrument or event is not a repeating instrument or repeating event, respectively.  The redcap_repeat_instance field must be left blank for this row of data.';

class RowCheck {
  readonly #project: Project;
  readonly #row: SentRow;
  readonly #record: string;
  readonly #problems: string[];
  readonly #event: string;
  readonly #instrument: string;
  readonly #repeatingEvent: boolean;

  constructor(project: Project, record: string, row: SentRow, problems: string[]) {
    this.#project = project;
    this.#row = row;
    this.#record = record;
    this.#problems = problems;
    this.#event = row.get('redcap_event_name') || firstEvent(project);
    this.#instrument = row.get('redcap_repeat_instrument') ?? '';
    this.#repeatingEvent = isRepeatingEvent(project, this.#event);
  }

  #problem(field: string, value: string, message: string): void {
    const record = this.#project.longitudinal ? `${this.#record} (${this.#event})` : this.#record;
    this.#problems.push(line(record, field, value, message));
  }

  check(columns: Map<string, Column>, dateFormat: DateFormat): CheckedRow {
    const before = this.#problems.length;
    const instance = this.#checkInstance();
    const group = this.#checkGroup();
    const values: CheckedRow['values'] = [];
    // a wrong key makes every statement about the row's fields doubtful
    if (this.#problems.length === before) {
      for (const [name, sent] of this.#row) {
        const column = columns.get(name);
        if (column === undefined || isIgnored(column)) continue;
        const value = this.#checkCell(column, sent, dateFormat);
        if (value !== undefined) values.push({column, value});
      }
    }
    return {record: this.#record, event: this.#event, instrument: this.#instrument, instance, group, values};
  }

  #checkInstance(): number | 'new' {
    const field = 'redcap_repeat_instance';
    const sent = (this.#row.get(field) ?? '').trim();
    const repeating = this.#instrument !== '' && isRepeatingForm(this.#project, this.#instrument, this.#event);
    if (this.#instrument !== '' && !repeating) {
      this.#problem('redcap_repeat_instrument', this.#instrument, NOT_AN_INSTRUMENT);
      return 0;
    }
    if (!repeating && !this.#repeatingEvent) {
      if (sent !== '') this.#problem(field, sent, NO_INSTANCE_HERE);
      return 0;
    }
    if (sent === 'new') return 'new';
    if (sent === '') this.#problem(field, sent, 'redcap_repeat_instance is required');
    else if (!/^[1-9]\d{0,8}$/.test(sent)) {
      this.#problem(field, sent, 'redcap_repeat_instance must be a whole number of at least 1, or new');
    }
    return Number(sent);
  }

  #checkGroup(): string | undefined {
    const field = 'redcap_data_access_group';
    const sent = this.#row.get(field);
    if (sent === undefined || sent === '') return sent;
    const known = this.#project.definition.groups.some(group => group.unique_group_name === sent);
    if (!known) this.#problem(field, sent, `The value is not a valid category for ${field}`);
    return sent;
  }

  /** The value to store, or undefined when the cell was refused or must be left alone. */
  #checkCell(column: Column, sent: string, dateFormat: DateFormat): string | undefined {
    const place = this.#placeProblem(column);
    if (place !== undefined) {
      if (sent !== '') this.#problem(column.name, sent, place);
      return undefined;
    }
    if (sent === '') return '';
    const checked =
      column.choice === undefined
        ? checkValue(column.field, sent, dateFormat)
        : sent === '0' || sent === '1'
          ? {stored: sent}
          : notACategory(column.name);
    if ('stored' in checked) return checked.stored;
    this.#problem(column.name, sent, checked.problem);
    return undefined;
  }

  /** Why the field has no place in this row, or undefined when it has one. */
  #placeProblem(column: Column): string | undefined {
    const {form} = column.field;
    const name = column.name;
    if (!isDesignated(this.#project, form, this.#event)) {
      const label = eventLabel(this.#project, this.#event);
      return `This field ('${name}') exists on an instrument that is not designated for the event named '${label}'. You are not allowed to import data for this field into this event.`;
    }
    if (this.#instrument !== '') {
      if (form === this.#instrument) return undefined;
      return `This field ('${name}') does not exist on the Repeating Instrument named '${this.#instrument}'.  You are not allowed to import data for this field into this repeating instrument.`;
    }
    if (this.#repeatingEvent || !isRepeatingForm(this.#project, form, this.#event)) return undefined;
    return `This field ('${name}') exists on a Repeating Instrument named '${form}'. However, the fields 'redcap_repeat_instance' and/or 'redcap_repeat_instrument' for this row of data have no value, which are both required for importing data into a Repeating Instrument.  You are not allowed to import data for this field into a non-repeating instrument.`;
  }
}

/** Files and calculated values in the data are accepted and ignored. */
function isIgnored({field}: Column): boolean {
  return field.type === 'file' || field.type === 'calc';
}
