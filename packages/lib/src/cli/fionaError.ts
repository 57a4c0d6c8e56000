import type {ExitCode} from './exitCode.ts';

/**
 * Root of all typed errors: the message is one sentence for an operator (what failed, on which item, why, what to do)
 * and holds no patient name, id, birth date, accession number or secret. `exitCode` is what the tool ends with
 * when nobody handles the error.
 */
export abstract class FionaError extends Error {
  abstract readonly exitCode: ExitCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
