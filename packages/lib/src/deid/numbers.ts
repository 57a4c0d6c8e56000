const maxDecimalString = 16;
const maxIntegerString = 12;
/** Whole numbers of so many digits may be an id; shorter ones are numbers like any other. */
export const shortestNumericId = 6;

/** What a DS or IS value holds. `long` = numbers, among them a whole one of six digits or more, which may be an id. */
export type NumberText = 'numbers' | 'long' | 'invalid';

/**
 * Whether bytes are the text of numbers: DS (decimals, 16 characters each) or IS (whole numbers, 12 characters each), separated by backslashes,
 * blanks around them, empty values allowed (PS3.5 6.2). Works on bytes: geometry is the bulk of what changes from slice to slice.
 */
export function classifyNumberText(bytes: Buffer, start: number, end: number, vr: 'DS' | 'IS'): NumberText {
  let result: NumberText = 'numbers';
  let from = start;
  for (let at = start; at <= end; at++) {
    if (at < end && bytes[at] !== 0x5c) continue;
    const one = classifyOne(bytes, from, at, vr);
    if (one === 'invalid') return 'invalid';
    if (one === 'long') result = 'long';
    from = at + 1;
  }
  return result;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isSign(byte: number | undefined): boolean {
  return byte === 0x2b || byte === 0x2d;
}

function classifyOne(bytes: Buffer, start: number, end: number, vr: 'DS' | 'IS'): NumberText {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from])) from++;
  while (from < to && isBlank(bytes[to - 1])) to--;
  if (from === to) return 'numbers';
  if (to - from > (vr === 'DS' ? maxDecimalString : maxIntegerString)) return 'invalid';
  if (isSign(bytes[from])) from++;
  const whole = skipDigits(bytes, from, to);
  const wholeDigits = whole - from;
  let at = whole;
  let digits = wholeDigits;
  if (vr === 'DS' && bytes[at] === 0x2e && at < to) {
    const fraction = skipDigits(bytes, at + 1, to);
    digits += fraction - at - 1;
    at = fraction;
  }
  if (digits === 0) return 'invalid';
  if (vr === 'DS' && at < to && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const exponent = isSign(bytes[at + 1]) ? at + 2 : at + 1;
    const behind = skipDigits(bytes, exponent, to);
    if (behind === exponent) return 'invalid';
    at = behind;
  }
  if (at !== to) return 'invalid';
  return at === whole && wholeDigits >= shortestNumericId ? 'long' : 'numbers';
}

function skipDigits(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at])) at++;
  return at;
}
