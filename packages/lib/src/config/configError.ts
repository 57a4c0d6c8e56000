import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/**
 * The configuration does not allow this run. `problems` holds one line per problem, all of them at once:
 * `<file>:<line>: <key>: found <value>, expected <what>`. Never holds a secret.
 */
export class ConfigError extends FionaError {
  readonly exitCode = exitCode.config;
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[]) {
    const all = typeof problems === 'string' ? [problems] : problems;
    super(all.join('\n'));
    this.problems = all;
  }
}
