import {FilterError} from './filterError.ts';

export type Token =
  | {kind: 'number'; value: number}
  | {kind: 'text'; value: string}
  | {kind: 'reference'; name: string; code: string | undefined}
  | {kind: 'word'; value: string}
  | {kind: 'symbol'; value: string};

export const MAX_LENGTH = 10_000;

const PATTERNS = {
  blank: /\s+/y,
  number: /(?:\d+\.?\d*|\.\d+)/y,
  text: /"([^"]*)"|'([^']*)'/y,
  reference: /\[\s*([A-Za-z0-9_-]+)\s*(?:\(\s*([^()[\]]*?)\s*\)\s*)?\]/y,
  word: /[A-Za-z_][A-Za-z0-9_]*/y,
  symbol: /<=|>=|<>|!=|[=<>!()+\-*/,]/y,
};

/**
 * Cuts a filter expression into tokens; each character is looked at a bounded number of times.
 * @throws FilterError
 */
export function tokenize(expression: string): Token[] {
  if (expression.length > MAX_LENGTH) throw new FilterError(`it is longer than ${MAX_LENGTH} characters`);
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(expression);
    if (found !== null) position += found[0].length;
    return found;
  };
  while (position < expression.length) {
    if (match(PATTERNS.blank)) continue;
    const token = nextToken(match);
    if (token === undefined) throw new FilterError(`character ${position + 1} is not understood`);
    tokens.push(token);
  }
  return tokens;
}

function nextToken(match: (pattern: RegExp) => RegExpExecArray | null): Token | undefined {
  const number = match(PATTERNS.number);
  if (number) return {kind: 'number', value: Number(number[0])};
  const text = match(PATTERNS.text);
  if (text) return {kind: 'text', value: text[1] ?? text[2] ?? ''};
  const reference = match(PATTERNS.reference);
  if (reference) return {kind: 'reference', name: reference[1] ?? '', code: reference[2]};
  const word = match(PATTERNS.word);
  if (word) return {kind: 'word', value: word[0].toLowerCase()};
  const symbol = match(PATTERNS.symbol);
  return symbol ? {kind: 'symbol', value: symbol[0]} : undefined;
}
