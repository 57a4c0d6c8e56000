import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/** One stored instance, as the receiver announces it: who sent it to whom, and where it lies. */
export interface ArrivalLine {
  /** Calling AE title. */
  caller: string;
  /** Called AE title; decides the routing later. */
  called: string;
  /** Address of the sender, may be a host name. */
  callerAddress: string;
  /** Absolute folder. */
  directory: string;
  filename: string;
}

/** A line that is no announcement, or an announcement that does not fit in a line. */
export class ArrivalLineError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly reason: string;

  constructor(reason: string) {
    super(`arrival line: ${reason}`);
    this.reason = reason;
  }
}

/** A line with its line feed stays below what a named pipe takes in one piece. */
export const longestLineBytes = 4095;

/** Replaces what would break a line in an AE title or address: commas, quotes, backslashes, control characters become `_`. */
export function cleanField(text: string): string {
  return text.replaceAll(/[,"'\\\0-\x1f\x7f-\x9f\u2028\u2029]/g, '_').toWellFormed();
}

/**
 * The five comma-separated fields without line feed. AE titles and address are cleaned.
 * @throws ArrivalLineError when folder or file name hold a comma or line break, or the line is too long
 */
export function formatArrivalLine(line: ArrivalLine): string {
  for (const path of [line.directory, line.filename]) {
    if (/[,\r\n\0]/.test(path))
      throw new ArrivalLineError('a path with a comma, line break or NUL cannot be announced');
  }
  const fields = [cleanField(line.caller), cleanField(line.called), cleanField(line.callerAddress)];
  const text = [...fields, line.directory, line.filename].join(',');
  if (Buffer.byteLength(text) >= longestLineBytes) throw new ArrivalLineError(`more than ${longestLineBytes} bytes`);
  return text;
}

/**
 * Takes a line (without its line feed) apart. Fields may be empty and are returned as they are.
 * @throws ArrivalLineError when there are not exactly five fields
 */
export function parseArrivalLine(text: string): ArrivalLine {
  const fields = text.split(',');
  const [caller, called, callerAddress, directory, filename] = fields;
  if (
    fields.length !== 5 ||
    caller === undefined ||
    called === undefined ||
    callerAddress === undefined ||
    directory === undefined ||
    filename === undefined
  ) {
    throw new ArrivalLineError(`${fields.length} fields instead of 5`);
  }
  return {caller, called, callerAddress, directory, filename};
}
