/** What a condition finds or compares with. `text` is the form patterns are searched in. */
export type Value =
  | {kind: 'missing'}
  | {kind: 'empty'}
  | {kind: 'text'; text: string}
  | {kind: 'number'; text: string; number: number}
  | {kind: 'bytes'; bytes: Uint8Array}
  | {kind: 'list'; text: string; items: readonly Scalar[]};

export type Scalar = {kind: 'text'; text: string} | {kind: 'number'; text: string; number: number};

export const missing: Value = {kind: 'missing'};
export const empty: Value = {kind: 'empty'};

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** The number a text says in decimal digits, surrounding blanks allowed; undefined for everything else (`0x10`, `nan`, empty). */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return decimal.test(trimmed) ? Number(trimmed) : undefined;
}

/** A text as a value: empty, number-like texts stay texts. */
export function textValue(text: string): Value {
  return text === '' ? empty : {kind: 'text', text};
}

/** A list value with its text form: texts quoted, numbers bare, as in `['ORIGINAL', 'PRIMARY']` and `[0, 256]`. */
export function listValue(items: readonly Scalar[]): Value {
  const parts = items.map(item => (item.kind === 'text' ? quoted(item.text) : item.text));
  return {kind: 'list', text: `[${parts.join(', ')}]`, items};
}

/** A text in quotes, single ones unless it holds single and no double ones: as the older daemon printed lists. */
export function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  if (text.includes("'") && !text.includes('"')) return `"${escaped}"`;
  return `'${escaped.replaceAll("'", "\\'")}'`;
}

/** The text a pattern is searched in: empty for what is missing or empty. */
export function textForm(value: Value): string {
  switch (value.kind) {
    case 'missing':
    case 'empty':
      return '';
    case 'bytes':
      return Buffer.from(value.bytes).toString('utf8').replace(/\0+$/, '');
    default:
      return value.text;
  }
}

/** The number of a single value, undefined when it is none (lists never are). */
export function numberOf(value: Value): number | undefined {
  if (value.kind === 'number') return value.number;
  return value.kind === 'text' ? parseNumber(value.text) : undefined;
}

/** The numbers of a number or of a list of nothing but numbers. */
export function numbersOf(value: Value): number[] | undefined {
  if (value.kind !== 'list') {
    const single = numberOf(value);
    return single === undefined ? undefined : [single];
  }
  const numbers = value.items.map(numberOf).filter(number => number !== undefined);
  return numbers.length === value.items.length && numbers.length > 0 ? numbers : undefined;
}

/**
 * One of several values, counted from 0. A single value has itself at 0; out of range is missing.
 */
export function valueAt(value: Value, index: number): Value {
  if (value.kind === 'list') return value.items[index] ?? missing;
  return index === 0 ? value : missing;
}

/** The value of a key of a series summary. */
export function seriesValue(value: unknown): Value {
  if (value === undefined || value === null) return missing;
  if (typeof value === 'string') return textValue(value);
  if (typeof value === 'number') return {kind: 'number', text: String(value), number: value};
  if (Array.isArray(value)) return listValue(value.map(item => scalarOf(item)));
  return {kind: 'text', text: printed(value)};
}

function scalarOf(item: unknown): Scalar {
  if (typeof item === 'number') return {kind: 'number', text: String(item), number: item};
  return {kind: 'text', text: typeof item === 'string' ? item : printed(item)};
}

/** Objects as `{'AETitleCaller': 'MR1', …}`, keys sorted. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? quoted(value) : String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${quoted(key)}: ${printed(member)}`).join(', ')}}`;
}
