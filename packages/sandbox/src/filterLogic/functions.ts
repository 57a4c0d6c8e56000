import {localTime} from '../clock.ts';
import {dateDifference, datePart} from './dates.ts';
import {asNumber, asText, isTrue, type Value} from './values.ts';

interface FilterFunction {
  /** Least and greatest number of arguments. */
  arguments: [number, number];
  apply(values: Value[]): Value;
}

const truth = (value: boolean): Value => (value ? 1 : 0);
const lower = (value: Value | undefined): string => asText(value ?? '').toLowerCase();

/** A function of one number: blank stays blank. */
function numeric(apply: (value: number) => number): FilterFunction {
  return {
    arguments: [1, 1],
    apply([value = '']) {
      const number = asNumber(value);
      const result = number === undefined ? Number.NaN : apply(number);
      return Number.isFinite(result) ? result : '';
    },
  };
}

/** A function of all numbers among its arguments; blanks are left out, nothing at all is a blank. */
function aggregate(apply: (values: number[]) => number): FilterFunction {
  return {
    arguments: [1, 200],
    apply(values) {
      const numbers = values.map(asNumber).filter(number => number !== undefined);
      return numbers.length === 0 ? '' : apply(numbers);
    },
  };
}

function rounding(round: (value: number) => number): FilterFunction {
  return {
    arguments: [1, 2],
    apply([value = '', places = 0]) {
      const number = asNumber(value);
      const digits = asNumber(places) ?? 0;
      if (number === undefined || Math.abs(digits) > 15) return '';
      const factor = 10 ** Math.trunc(digits);
      return (Math.sign(number) * round(Math.abs(number) * factor)) / factor;
    },
  };
}

function search(found: (haystack: string, needle: string) => boolean): FilterFunction {
  return {arguments: [2, 2], apply: ([haystack, needle]) => truth(found(lower(haystack), lower(needle)))};
}

function textOf(apply: (text: string, ...counts: number[]) => string, least: number, greatest: number): FilterFunction {
  return {
    arguments: [least, greatest],
    apply([text = '', ...counts]) {
      return apply(asText(text), ...counts.map(count => Math.max(0, Math.trunc(asNumber(count) ?? 0))));
    },
  };
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** The functions of filter expressions by name. */
export const FUNCTIONS: Record<string, FilterFunction> = {
  abs: numeric(Math.abs),
  sqrt: numeric(Math.sqrt),
  round: rounding(Math.round),
  roundup: rounding(Math.ceil),
  rounddown: rounding(Math.floor),
  sum: aggregate(sum),
  mean: aggregate(values => sum(values) / values.length),
  min: aggregate(values => Math.min(...values)),
  max: aggregate(values => Math.max(...values)),
  if: {arguments: [3, 3], apply: ([condition = '', yes = '', no = '']) => (isTrue(condition) ? yes : no)},
  contains: search((haystack, needle) => haystack.includes(needle)),
  not_contain: search((haystack, needle) => !haystack.includes(needle)),
  starts_with: search((haystack, needle) => haystack.startsWith(needle)),
  ends_with: search((haystack, needle) => haystack.endsWith(needle)),
  find: {arguments: [2, 2], apply: ([needle, haystack]) => lower(haystack).indexOf(lower(needle)) + 1},
  length: {arguments: [1, 1], apply: ([text = '']) => [...asText(text)].length},
  left: textOf((text, count = 0) => text.slice(0, count), 2, 2),
  right: textOf((text, count = 0) => (count === 0 ? '' : text.slice(-count)), 2, 2),
  mid: textOf((text, start = 1, count = 0) => text.slice(Math.max(0, start - 1), Math.max(0, start - 1) + count), 3, 3),
  lower: textOf(text => text.toLowerCase(), 1, 1),
  upper: textOf(text => text.toUpperCase(), 1, 1),
  trim: textOf(text => text.trim(), 1, 1),
  concat: {arguments: [1, 200], apply: values => values.map(asText).join('')},
  concat_ws: {arguments: [2, 200], apply: ([separator = '', ...values]) => values.map(asText).join(asText(separator))},
  isnumber: {arguments: [1, 1], apply: ([value = '']) => truth(asNumber(value) !== undefined)},
  isinteger: {arguments: [1, 1], apply: ([value = '']) => truth(Number.isInteger(asNumber(value)))},
  isblankormissingcode: {arguments: [1, 1], apply: ([value = '']) => truth(value === '')},
  year: {arguments: [1, 1], apply: ([value = '']) => datePart(asText(value), 'year')},
  month: {arguments: [1, 1], apply: ([value = '']) => datePart(asText(value), 'month')},
  day: {arguments: [1, 1], apply: ([value = '']) => datePart(asText(value), 'day')},
  datediff: {
    arguments: [3, 5],
    apply: ([from = '', to = '', unit = '', ...options]) =>
      dateDifference(moment(from), moment(to), asText(unit), options.map(asText)),
  },
};

/** `today` and `now` in the place of a date. */
function moment(value: Value): string {
  const word = asText(value).trim().toLowerCase();
  if (word === 'today') return localTime().slice(0, 10);
  return word === 'now' ? localTime() : asText(value);
}
