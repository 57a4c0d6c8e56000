import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/**
 * A request or a profile that cannot be used: the message names the rule that is broken, never the value. An instance that
 * cannot be de-identified is no error but an outcome (see `outcome.ts`).
 */
export class DeidError extends FionaError {
  readonly exitCode = exitCode.config;
  /** Which option of the request or of the configuration is wrong. */
  readonly option: string;

  constructor(option: string, message: string) {
    super(message);
    this.option = option;
  }
}
