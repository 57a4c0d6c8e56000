const dayPattern = /^(\d{4})(\d\d)(\d\d)$/;
const oldDayPattern = /^(\d{4})\.(\d\d)\.(\d\d)$/;
const dateTimePattern = /^(\d{4})(\d\d)?(\d\d)?(\d{2}|\d{4}|\d{6}(?:\.\d{1,6})?)?([+-]\d{4})?$/;
/** Hours to 23, seconds to 60 (PS3.5 6.2): other numbers are no time. */
const timePattern =
  /^(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?|:[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,6})?)?$/;
const agePattern = /^(\d{3})([DWMY])$/;
/** -12 to +14 hours. */
const timezonePattern = /^[+-](?:0\d|1[0-4])[0-5]\d$/;
const daysOfUnit = {D: 1, W: 7, M: 365.25 / 12, Y: 365.25};

/**
 * Moves one DA value (PS3.5 6.2) by whole days in the proleptic Gregorian calendar. The old form `YYYY.MM.DD` is read and
 * written as `YYYYMMDD`.
 * @returns '' for anything that is not one real calendar day, or when the result leaves the years 0001-9999
 */
export function shiftDate(value: string, days: number): string {
  const text = trimmed(value);
  const parts = dayPattern.exec(text) ?? oldDayPattern.exec(text);
  if (parts === null) return '';
  return shiftDay(Number(parts[1]), Number(parts[2]), Number(parts[3]), days);
}

/**
 * Moves the date part of one DT value, cut to its old precision; time, fraction and offset stay as they are.
 * @returns '' for anything that is not a DT of a real calendar day
 */
export function shiftDateTime(value: string, days: number): string {
  const parts = dateTimePattern.exec(trimmed(value));
  if (parts === null) return '';
  const [, year, month, day, time, offset] = parts;
  if (time !== undefined && (day === undefined || !timePattern.test(time))) return '';
  if (offset !== undefined && !timezonePattern.test(offset)) return '';
  const shifted = shiftDay(Number(year), Number(month ?? '01'), Number(day ?? '01'), days);
  if (shifted === '') return '';
  const precision = 4 + (month === undefined ? 0 : 2) + (day === undefined ? 0 : 2);
  return shifted.slice(0, precision) + (time ?? '') + (offset ?? '');
}

/** One TM value as it is, or '' when it is none (`HH[MM[SS[.F]]]`, or the old `HH:MM:SS[.F]`). */
export function keepTime(value: string): string {
  const text = trimmed(value);
  return timePattern.test(text) ? text : '';
}

/** One offset from UTC as it is, or '' when it is none. */
export function keepTimezone(value: string): string {
  const text = trimmed(value);
  return timezonePattern.test(text) ? text : '';
}

/**
 * One AS value; ages of `cap` years and above become the cap (so few people are that old that age alone may tell who it is).
 * @param cap years, or null for no cap
 * @returns '' when the value is no age
 */
export function capAge(value: string, cap: number | null): string {
  const text = trimmed(value);
  const parts = agePattern.exec(text);
  if (parts === null) return '';
  if (cap === null) return text;
  const days = Number(parts[1]) * daysOfUnit[parts[2] as 'D' | 'W' | 'M' | 'Y'];
  return days >= cap * daysOfUnit.Y ? `${String(cap).padStart(3, '0')}Y` : text;
}

/** Applies a rule for one value to each value of a multi-valued element. */
export function eachValue(value: string, rule: (one: string) => string): string {
  return value.includes('\\') ? value.split('\\').map(rule).join('\\') : rule(value);
}

function trimmed(value: string): string {
  return value.replace(/^[ \0]+|[ \0]+$/g, '');
}

function shiftDay(year: number, month: number, day: number, days: number): string {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return '';
  const shifted = dayOfNumber(numberOfDay(year, month, day) + days);
  if (shifted.year < 1 || shifted.year > 9999) return '';
  return `${pad(shifted.year, 4)}${pad(shifted.month, 2)}${pad(shifted.day, 2)}`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1 March of year 0; years begin in March, so that the leap day is the last of its year. */
function numberOfDay(year: number, month: number, day: number): number {
  const shiftedYear = month > 2 ? year : year - 1;
  const monthFromMarch = (month + 9) % 12;
  return (
    365 * shiftedYear +
    Math.floor(shiftedYear / 4) -
    Math.floor(shiftedYear / 100) +
    Math.floor(shiftedYear / 400) +
    Math.floor((153 * monthFromMarch + 2) / 5) +
    day -
    1
  );
}

function dayOfNumber(number: number): {year: number; month: number; day: number} {
  const era = Math.floor(number / 146_097);
  const dayOfEra = number - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
