import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';

/** A project file that cannot be loaded: every problem with its place. */
export class LoadError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly problems: string[];

  constructor(source: string, problems: string[]) {
    const shown = problems.slice(0, 100);
    const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more problems`] : [];
    super([`cannot load ${source}: nothing was stored`, ...shown, ...more].join('\n  '));
    this.problems = problems;
  }
}
