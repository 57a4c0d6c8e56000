import {hostZoneName} from '../cli/hostZone.ts';

/** Wall-clock parts as one number of milliseconds, as if the zone were UTC. */
type LocalMs = number;

const redcapTime = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})(?::(\d{2}))?$/;

/**
 * REDCap's dates carry no zone. An ambiguous time (the hour repeated in autumn) means the earlier instant, a non-existing one
 * (spring) the first instant after the gap.
 * @param text `YYYY-MM-DD HH:MM` or with seconds
 * @param timeZone IANA name
 * @returns undefined when the text is blank or no such date
 */
export function parseRedcapTime(text: string, timeZone: string): Date | undefined {
  const match = redcapTime.exec(text.trim());
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(part => Number(part ?? 0));
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(local);
  if (
    year < 1000 ||
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return undefined;
  return new Date(instantOf(local, timeZone));
}

/** `YYYY-MM-DD HH:MM` (REDCap's datetime_ymd). */
export function formatRedcapTime(instant: Date, timeZone: string): string {
  return textOf(localOf(instant.getTime(), timeZone)).slice(0, 16);
}

/** `YYYY-MM-DD HH:MM:SS`. */
export function formatRedcapSeconds(instant: Date, timeZone: string): string {
  return textOf(localOf(instant.getTime(), timeZone));
}

/**
 * A text that is not later than the local time of any instant between the two. In the night when clocks go back, local times of
 * the later pass are smaller than those of the earlier one: whoever asks "since 02:50" would miss what was written ten minutes later.
 */
export function earliestRedcapTime(from: Date, until: Date, timeZone: string): string {
  const first = formatRedcapSeconds(from, timeZone);
  let low = from.getTime();
  let high = until.getTime();
  // only a step back within the time asked for matters; longer spans are larger in any case
  if (high <= low || high - low > 24 * hourMs || offsetAt(high, timeZone) >= offsetAt(low, timeZone)) return first;
  const before = offsetAt(low, timeZone);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timeZone) === before) low = middle;
    else high = middle;
  }
  const afterStep = formatRedcapSeconds(new Date(Math.floor(high / 1000) * 1000), timeZone);
  return [first, afterStep].sort()[0] ?? first;
}

const hourMs = 3_600_000;

/** Candidates are the instants by the offsets in force well before and after; the gap is where neither is true. */
function instantOf(local: LocalMs, timeZone: string): number {
  const early = local - offsetAt(local - 24 * hourMs, timeZone);
  const late = local - offsetAt(local + 24 * hourMs, timeZone);
  const fitting = [early, late].filter(instant => localOf(instant, timeZone) === local);
  if (fitting.length > 0) return Math.min(...fitting);
  // the gap ends at the instant the offset changes; it lies between the two candidates
  let low = Math.min(early, late);
  let high = Math.max(early, late);
  const before = offsetAt(low, timeZone);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timeZone) === before) low = middle;
    else high = middle;
  }
  return high;
}

function offsetAt(instant: number, timeZone: string): number {
  return localOf(instant, timeZone) - Math.floor(instant / 1000) * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localOf(instant: number, timeZone: string): LocalMs {
  if (timeZone === 'UTC') return Math.floor(instant / 1000) * 1000;
  // the usual case, without loading Intl
  if (timeZone === hostZoneName()) return hostLocalOf(new Date(instant));
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const {type, value} of format.formatToParts(instant)) parts[type] = Number(value);
  const {year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0} = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function hostLocalOf(date: Date): LocalMs {
  return Date.UTC(
    date.getFullYear(),
    date.getMonth(),
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  );
}

function textOf(local: LocalMs): string {
  return new Date(local).toISOString().slice(0, 19).replace('T', ' ');
}
