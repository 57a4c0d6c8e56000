import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {inspect} from './inspect.ts';
import type {AnonymizeOptions} from './options.ts';
import {showProfile} from './showProfile.ts';
import {writeAnonymized} from './writeAnonymized.ts';

/** Does what the command line asks for. */
export async function anonymize(run: Run<AnonymizeOptions>): Promise<Outcome> {
  const {exportanon, profile, inspect: inspected} = run.options;
  if (profile || exportanon !== undefined) return showProfile(run);
  return inspected === undefined ? writeAnonymized(run) : inspect(run, inspected);
}
