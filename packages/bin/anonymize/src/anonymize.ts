import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import type {AnonymizeOptions} from './options.ts';
import {writeAnonymized} from './writeAnonymized.ts';

/** Does what the command line asks for. */
export async function anonymize(run: Run<AnonymizeOptions>): Promise<Outcome> {
  return writeAnonymized(run);
}
