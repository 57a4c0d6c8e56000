import type {Value} from './values.ts';

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const OTHER = /^(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** Days of a year and of a month as the original's datediff counts them. */
const SECONDS: Record<string, number> = {
  y: 365.2425 * 86400,
  M: 30.44 * 86400,
  d: 86400,
  h: 3600,
  m: 60,
  s: 1,
};

function seconds(text: string, format: string): number | undefined {
  const iso = ISO.exec(text.trim());
  const other = OTHER.exec(text.trim());
  const parts = iso ?? other;
  if (parts === null) return undefined;
  const [first = 0, second = 0, third = 0, hour = 0, minute = 0, rest = 0] = parts
    .slice(1)
    .map(part => Number(part ?? 0));
  const dayFirst = format === 'dmy';
  const [year, month, day] = iso ? [first, second, third] : dayFirst ? [third, second, first] : [third, first, second];
  return Date.UTC(year, month - 1, day, hour, minute, rest) / 1000;
}

/**
 * Difference of two dates in a unit (`y M d h m s`); absolute unless an option is `true`; an option `mdy` or `dmy` says how
 * dates that are not ISO are written. Blank when a date or the unit is not known.
 */
export function dateDifference(from: string, to: string, unit: string, options: string[]): Value {
  const format = options.find(option => ['ymd', 'mdy', 'dmy'].includes(option.toLowerCase()))?.toLowerCase() ?? 'ymd';
  const signed = options.some(option => option.toLowerCase() === 'true' || option === '1');
  const length = SECONDS[unit];
  const start = seconds(from, format);
  const end = seconds(to, format);
  if (length === undefined || start === undefined || end === undefined) return '';
  const difference = (end - start) / length;
  return signed ? difference : Math.abs(difference);
}

/** Year, month or day of a stored date as a number; blank for anything else. */
export function datePart(text: string, part: 'year' | 'month' | 'day'): Value {
  const match = ISO.exec(text.trim());
  if (match === null) return '';
  return Number(match[{year: 1, month: 2, day: 3}[part]]);
}
