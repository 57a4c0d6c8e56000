import type {Field} from '../project/dictionary.ts';

export type DateFormat = 'YMD' | 'MDY' | 'DMY';

/** A checked value: what is stored, or why it is refused (the exact text of the API). */
export type Checked = {stored: string} | {problem: string};

export const TOO_LONG = 'The value is too long';
const WRONG_FORMAT = 'The value you provided could not be validated because it does not follow the expected format';
const MAX_BYTES = 65_535;

export const notACategory = (field: string): Checked => ({problem: `The value is not a valid category for ${field}`});

const TIME = String.raw`([01]?\d|2[0-3]):[0-5]\d`;
const NUMBER = String.raw`[-+]?(?:\d+DECIMAL?\d*|DECIMAL\d+)`;

function numberPattern(decimal: string, places?: string): RegExp {
  const mark = decimal === '.' ? '\\.' : ',';
  if (places !== undefined) return new RegExp(`^[-+]?\\d+${mark}\\d{${places}}$`);
  return new RegExp(`^${NUMBER.replaceAll('DECIMAL', mark)}$`);
}

/** Validation types that are checked, beside dates. Types that are not listed accept everything. */
const PATTERNS: Record<string, RegExp> = {
  integer: /^[-+]?\d+$/,
  number: numberPattern('.'),
  number_comma_decimal: numberPattern(','),
  time: new RegExp(`^${TIME}$`),
  time_hh_mm_ss: new RegExp(`^${TIME}:[0-5]\\d$`),
  time_mm_ss: /^[0-5]\d:[0-5]\d$/,
  email: /^[^\s@"(),:;<>[\\\]]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,24}$/,
  phone: /^(?:\+?1[-. ]?)?(?:\(\d{3}\)|\d{3})[-. ]?\d{3}[-. ]?\d{4}$/,
  zipcode: /^\d{5}(?:-\d{4})?$/,
};
for (const places of ['1', '2', '3', '4']) {
  PATTERNS[`number_${places}dp`] = numberPattern('.', places);
  PATTERNS[`number_${places}dp_comma_decimal`] = numberPattern(',', places);
}

const DATE_HINT: Record<DateFormat, string> = {
  YMD: 'Y-M-D',
  MDY: 'M/D/Y format or Y-M-D',
  DMY: 'D/M/Y format or Y-M-D',
};

function dateProblem(format: DateFormat, time: '' | 'H:M' | 'H:M:S'): string {
  const kind = time === '' ? 'date' : 'datetime';
  const wanted = time === '' ? DATE_HINT[format] : DATE_HINT[format].replace(/(M\/D\/Y|D\/M\/Y|Y-M-D)/g, `$1 ${time}`);
  const plural = time === '' ? 'Dates' : 'Datetimes';
  return `Invalid ${kind} format. (NOTE: ${plural} must be imported here only in ${wanted} format, regardless of the specific date format designated for this field.)`;
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const SLASH_DATE = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/;

/** A date of the import format as `YYYY-MM-DD`, or undefined when it is no day of the calendar. */
export function isoDate(text: string, format: DateFormat): string | undefined {
  const iso = ISO_DATE.exec(text);
  const slash = format === 'YMD' ? null : SLASH_DATE.exec(text);
  const match = iso ?? slash;
  if (match === null) return undefined;
  const [first = 0, second = 0, third = 0] = match.slice(1).map(Number);
  const [year, month, day] = iso
    ? [first, second, third]
    : format === 'MDY'
      ? [third, first, second]
      : [third, second, first];
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!real || year < 1000) return undefined;
  return date.toISOString().slice(0, 10);
}

function checkDate(value: string, validation: string, format: DateFormat): Checked {
  const time = validation.startsWith('datetime_seconds') ? 'H:M:S' : validation.startsWith('datetime') ? 'H:M' : '';
  const [day = '', clock = '', ...rest] = value.split(/[ T]/);
  const iso = isoDate(day, format);
  const pattern = {'': /^$/, 'H:M': new RegExp(`^${TIME}$`), 'H:M:S': new RegExp(`^${TIME}:[0-5]\\d$`)}[time];
  if (iso === undefined || rest.length > 0 || !pattern.test(clock)) return {problem: dateProblem(format, time)};
  return {stored: time === '' ? iso : `${iso} ${clock.padStart(time.length === 3 ? 5 : 8, '0')}`};
}

/**
 * Checks one non-blank value against its field (not of checkboxes, files and calculations). Limits of a field (min, max)
 * never refuse a value.
 */
export function checkValue(field: Field, value: string, format: DateFormat): Checked {
  if (Buffer.byteLength(value) > MAX_BYTES) return {problem: TOO_LONG};
  if (field.choices.length > 0 && field.type !== 'checkbox') {
    return field.choices.some(choice => choice.code === value) ? {stored: value} : notACategory(field.name);
  }
  if (field.validation.startsWith('date')) return checkDate(value, field.validation, format);
  const pattern = Object.hasOwn(PATTERNS, field.validation) ? PATTERNS[field.validation] : undefined;
  if (pattern !== undefined && !pattern.test(value)) return {problem: WRONG_FORMAT};
  return {stored: value};
}
