import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/** A pattern that is not valid in the accepted dialect. The message quotes the pattern (never a subject). */
export class PatternError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly source: string;
  /** Character of the pattern where the trouble is, from 0. */
  readonly offset: number;
  readonly reason: string;

  constructor(source: string, offset: number, reason: string) {
    super(`invalid pattern ${JSON.stringify(source)} at character ${offset + 1}: ${reason}`);
    this.source = source;
    this.offset = offset;
    this.reason = reason;
  }
}

/** A valid pattern whose evaluation took longer than its limit. */
export class PatternTooSlow extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly source: string;
  readonly limitMs: number;

  constructor(source: string, limitMs: number) {
    super(`pattern ${JSON.stringify(source)} needs more than ${limitMs} ms, simplify it`);
    this.source = source;
    this.limitMs = limitMs;
  }
}
