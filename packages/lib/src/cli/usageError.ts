import {exitCode} from './exitCode.ts';
import {FionaError} from './fionaError.ts';

/** The tool was called in a wrong way. */
export class UsageError extends FionaError {
  readonly exitCode = exitCode.usage;
}
