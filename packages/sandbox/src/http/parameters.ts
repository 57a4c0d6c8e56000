import type {Format} from '../api/answer.ts';
import {invalidParameter} from '../api/answer.ts';
import type {Variable} from './form.ts';

const LISTS = new Set(['records', 'fields', 'forms', 'events', 'arms', 'dags']);

/** The parameters of a request: names are case sensitive, unknown ones are kept and never looked at. */
export class Parameters {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, string[]>();
  readonly #files = new Map<string, NonNullable<Variable['file']>>();

  constructor(variables: Variable[]) {
    for (const {name, value, file} of variables) {
      const bracket = name.indexOf('[');
      if (file !== undefined) this.#files.set(name, file);
      else if (bracket < 0) this.#texts.set(name, value);
      else if (LISTS.has(name.slice(0, bracket))) this.#addTo(name.slice(0, bracket), value);
      // any other name with an index (field[0], record[0]) is no parameter of the API
    }
    for (const name of LISTS) {
      const joined = this.#texts.get(name);
      if (joined === undefined || this.#lists.has(name)) continue;
      for (const entry of joined.split(',')) this.#addTo(name, entry);
    }
  }

  #addTo(name: string, value: string): void {
    const entries = this.#lists.get(name) ?? [];
    const trimmed = value.trim();
    if (trimmed !== '') entries.push(trimmed);
    this.#lists.set(name, entries);
  }

  /** The text of a parameter; '' and absent are the same: not given. */
  text(name: string): string {
    return this.#texts.get(name) ?? '';
  }

  /** Whether the parameter was sent at all, also blank. */
  has(name: string): boolean {
    return this.#texts.has(name);
  }

  /** A list in any of its spellings, or undefined when it is absent or empty. */
  list(name: string): string[] | undefined {
    const entries = this.#lists.get(name);
    return entries === undefined || entries.length === 0 ? undefined : entries;
  }

  /** `true`, `1` and `yes` in any case are true. */
  flag(name: string): boolean {
    return ['true', '1', 'yes'].includes(this.text(name).trim().toLowerCase());
  }

  /**
   * One of the allowed words, the first of which is the default.
   * @throws ApiError 400 for anything else
   */
  oneOf<const T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === '') return allowed[0];
    const found = allowed.find(word => word === value);
    if (found === undefined) throw invalidParameter(name);
    return found;
  }

  file(name: string): NonNullable<Variable['file']> | undefined {
    return this.#files.get(name);
  }

  /** Format of the data. @throws ApiError 400 */
  get format(): Format {
    return this.oneOf('format', ['xml', 'csv', 'json']);
  }

  /** Format of errors and of answers to imports: follows `format` when absent; unknown values mean xml. */
  get returnFormat(): Format {
    const wished = this.text('returnFormat') || this.text('format');
    return wished === 'csv' || wished === 'json' ? wished : 'xml';
  }
}
