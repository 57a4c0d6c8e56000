import {PatternError} from './patternError.ts';
import type {ClassItem} from './syntax.ts';

const controlEscapes: Record<string, number> = {a: 7, f: 12, n: 10, r: 13, t: 9, v: 11};

/** A place in the text of a pattern, and what stands there. */
export class Cursor {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** @throws PatternError */
  fail(reason: string, offset = this.at): never {
    throw new PatternError(this.source, offset, reason);
  }

  /** The next character as code point, consumed. */
  character(): number {
    const codePoint = this.source.codePointAt(this.at);
    if (codePoint === undefined) this.fail('ends too early');
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  /** `\d \D \w \W \s \S`, or undefined with nothing consumed. */
  category(): ClassItem | undefined {
    const letter = this.source[this.at + 1];
    if (this.source[this.at] !== '\\' || letter === undefined || !/[dDwWsS]/.test(letter)) return undefined;
    this.at += 2;
    const lower = letter.toLowerCase() as 'd' | 'w' | 's';
    return {category: lower, negated: letter !== lower};
  }

  /** The code point of an escape that means one character, in a class or outside. */
  escapedCharacter(): number {
    const start = this.at;
    const rest = this.source.slice(start + 1, start + 10);
    const digits =
      /^x([0-9a-fA-F]{2})/.exec(rest) ?? /^u([0-9a-fA-F]{4})/.exec(rest) ?? /^U([0-9a-fA-F]{8})/.exec(rest);
    if (digits) {
      this.at += 1 + digits[0].length;
      const codePoint = Number.parseInt(digits[1] ?? '', 16);
      if (codePoint > 0x10ffff) this.fail('no such character', start);
      return codePoint;
    }
    const octal = /^(0[0-7]{0,2}|[1-3][0-7]{2})/.exec(rest)?.[0];
    if (octal !== undefined) {
      this.at += 1 + octal.length;
      return Number.parseInt(octal, 8);
    }
    this.at++;
    const letter = rest[0] ?? '';
    const control = controlEscapes[letter];
    if (control !== undefined) {
      this.at++;
      return control;
    }
    if (/[A-Za-z0-9]/.test(letter)) this.fail(`bad escape \\${letter}`, start);
    return this.character();
  }

  /** Whether this text comes next. */
  sees(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** Consumes this text if it comes next. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }
}
