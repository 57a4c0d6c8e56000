import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/** What can be wrong with a request file, as it stands in a `.reason.json`. */
export type RequestProblem = 'not-json' | 'invalid-field';

/** A transfer request that can't be carried out as it is written. The message names the key, never its value. */
export class TransferRequestError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly problem: RequestProblem;
  /** The key at fault, for `invalid-field`. */
  readonly field: string | undefined;

  constructor(problem: RequestProblem, message: string, field?: string) {
    super(message);
    this.problem = problem;
    this.field = field;
  }
}
