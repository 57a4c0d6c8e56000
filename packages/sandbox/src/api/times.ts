import {localTime} from '../clock.ts';
import type {Parameters} from '../http/parameters.ts';
import {invalidParameter} from './answer.ts';

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * A point in time of a parameter as `YYYY-MM-DD HH:MM:SS`; `YYYY-MM-DD` and `… HH:MM` are filled up, hour 24:00 is the
 * next midnight. Undefined when not given.
 * @throws ApiError 400 when it is no such time
 */
export function timeParameter(parameters: Parameters, name: string): string | undefined {
  const text = parameters.text(name).trim();
  if (text === '') return undefined;
  const match = PATTERN.exec(text);
  if (match === null) throw invalidParameter(name);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(part => Number(part ?? 0));
  const midnight = hour === 24 && minute === 0 && second === 0;
  const date = new Date(year, month - 1, day, hour, minute, second);
  const realDay = new Date(year, month - 1, day).getDate() === day && month >= 1 && month <= 12;
  if (!realDay || (hour > 23 && !midnight) || minute > 59 || second > 59) throw invalidParameter(name);
  return localTime(date);
}
