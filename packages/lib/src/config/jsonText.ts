/** Why a text is not JSON: where, and what the writer probably did. */
export interface JsonFault {
  offset: number;
  /** The likely cause: `trailing comma?`. */
  cause: string;
}

/** Where each value of a JSON text begins, by its path (components joined by NUL). */
export type JsonPositions = ReadonlyMap<string, number>;

export interface ScannedJson {
  positions: JsonPositions;
  fault?: JsonFault;
}

/** Key of a path in {@link JsonPositions}. */
export function positionKey(path: readonly (string | number)[]): string {
  return path.join('\0');
}

/** Line and column (both from 1) of an offset. */
export function lineAndColumn(text: string, offset: number): {line: number; column: number} {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return {line: before.split('\n').length, column: offset - lastBreak};
}

const deepest = 200;

class Stop extends Error {
  readonly fault: JsonFault;
  constructor(offset: number, cause: string) {
    super(cause);
    this.fault = {offset, cause};
  }
}

/**
 * Reads a JSON text for people's sake: where everything stands, and at the first fault what is probably wrong.
 * `JSON.parse` stays the judge of validity; this runs only when there is something to report.
 */
export function scanJson(text: string): ScannedJson {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return {positions: scanner.positions};
  } catch (error) {
    if (error instanceof Stop) return {positions: scanner.positions, fault: error.fault};
    throw error;
  }
}

class Scanner {
  readonly positions = new Map<string, number>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value([]);
    this.#blanks();
    if (this.#at < this.#text.length) throw new Stop(this.#at, 'something follows the end, one } too many?');
  }

  #blanks(): void {
    while (/[ \t\r\n]/.test(this.#peek())) this.#at++;
    if (this.#peek() === '/' || this.#peek() === '#') {
      throw new Stop(this.#at, 'comments are not JSON, use a key that begins with _');
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #value(path: string[]): void {
    this.#blanks();
    this.positions.set(positionKey(path), this.#at);
    if (path.length > deepest) throw new Stop(this.#at, 'nested too deeply');
    const first = this.#peek();
    if (first === '{') this.#list(path, '}');
    else if (first === '[') this.#list(path, ']');
    else if (first === '"') this.#string();
    else this.#literal();
  }

  /** An object (up to `}`) or an array (up to `]`). */
  #list(path: string[], end: '}' | ']'): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#blanks();
      if (this.#peek() === end && index === 0) break;
      if (end === '}') this.#member(path);
      else this.#value([...path, String(index)]);
      const afterValue = this.#at;
      this.#blanks();
      if (this.#peek() === end) break;
      this.#comma(end, afterValue);
    }
    this.#at++;
  }

  #comma(end: string, afterValue: number): void {
    const found = this.#peek();
    if (found === '') throw new Stop(this.#at, `the file ends too early, missing ${end}?`);
    if (found === '}' || found === ']') throw new Stop(this.#at, `found ${found}, missing ${end}?`);
    if (found !== ',') throw new Stop(afterValue, 'missing comma?');
    const comma = this.#at++;
    this.#blanks();
    if (this.#peek() === '}' || this.#peek() === ']') throw new Stop(comma, 'trailing comma?');
    if (this.#peek() === ',') throw new Stop(this.#at, 'two commas?');
  }

  #member(path: string[]): void {
    const start = this.#at;
    const found = this.#peek();
    if (found === '') throw new Stop(start, 'the file ends too early, missing }?');
    if (found === "'") throw new Stop(start, 'single quotes, JSON takes double quotes');
    if (found !== '"') throw new Stop(start, 'missing quote around the key?');
    const name = this.#string();
    this.#blanks();
    if (this.#peek() !== ':') throw new Stop(this.#at, 'missing colon or quote?');
    this.#at++;
    this.#value([...path, name]);
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const char = this.#peek();
      if (char === '' || char < ' ') throw new Stop(start, 'missing quote at the end of the text?');
      this.#at++;
      if (char === '"') break;
      if (char === '\\') this.#escape();
    }
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #escape(): void {
    const rest = this.#text.slice(this.#at, this.#at + 5);
    const match = /^(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/.exec(rest);
    if (!match) throw new Stop(this.#at - 1, 'a backslash in a text is written \\\\');
    this.#at += match[0].length;
  }

  #literal(): void {
    const start = this.#at;
    const word = /^[^\s,:{}[\]"]*/.exec(this.#text.slice(start, start + 200))?.[0] ?? '';
    if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) {
      this.#at += word.length;
      return;
    }
    throw new Stop(start, this.#whyNoValue(word));
  }

  #whyNoValue(word: string): string {
    if (word === '') return this.#peek() === '' ? 'the file ends too early, a value is missing' : 'a value is missing';
    if (/^(?:True|False|None|undefined|NaN|-?Infinity)$/.test(word)) return 'write true, false or null, or a number';
    if (word.startsWith("'")) return 'single quotes, JSON takes double quotes';
    if (/^[+-]?[\d.]/.test(word)) return 'no valid number';
    return 'missing quote?';
  }
}
