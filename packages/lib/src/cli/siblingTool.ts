import {realpathSync} from 'node:fs';
import {dirname, join} from 'node:path';

/**
 * The command that runs another of our tools, found from where this one lies, installed or as sources.
 * @param place of the tool, seen from the folder in which this one is installed: `storectl`, `../bin/processSingleFile3`
 */
export function siblingTool(place: string, ...args: string[]): [program: string, ...args: string[]] {
  return [process.execPath, ...process.execArgv, siblingPath(realpathSync(process.argv[1] ?? ''), place), ...args];
}

const sourceOfTool = '/src/main.ts';

/** Exported for tests. */
export function siblingPath(own: string, place: string): string {
  if (!own.endsWith(sourceOfTool)) return join(dirname(own), place);
  return join(dirname(own.slice(0, -sourceOfTool.length)), place, sourceOfTool);
}
