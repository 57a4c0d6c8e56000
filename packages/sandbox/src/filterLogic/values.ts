/** What an expression yields: text, or a number; true and false are 1 and 0, '' is blank. */
export type Value = string | number;

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*$/;

/** The value as a number, or undefined when it is blank or text. */
export function asNumber(value: Value): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return NUMBER.test(value) ? Number(value) : undefined;
}

/** Everything is true but blank and zero. */
export function isTrue(value: Value): boolean {
  return value !== '' && value !== '0' && value !== 0;
}

export function asText(value: Value): string {
  return String(value);
}

/**
 * Compares as numbers when both sides are numeric, else as text, case-sensitive. Blank equals blank; nothing is smaller or
 * larger than a blank.
 */
export function compare(operator: string, left: Value, right: Value): boolean {
  const leftNumber = asNumber(left);
  const rightNumber = asNumber(right);
  const numeric = leftNumber !== undefined && rightNumber !== undefined;
  const a = numeric ? leftNumber : asText(left);
  const b = numeric ? rightNumber : asText(right);
  switch (operator) {
    case '=':
      return a === b;
    case '<>':
    case '!=':
      return a !== b;
  }
  if (left === '' || right === '') return false;
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

/** Arithmetic; a blank or a text on either side, and a division by zero, give a blank. */
export function calculate(operator: string, left: Value, right: Value): Value {
  const a = asNumber(left);
  const b = asNumber(right);
  if (a === undefined || b === undefined) return '';
  const result = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b;
  return Number.isFinite(result) ? result : '';
}
