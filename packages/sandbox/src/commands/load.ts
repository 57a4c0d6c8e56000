import {loadProject} from '../project/load.ts';
import {seedOf} from '../store/settings.ts';
import {readJsonInput} from './input.ts';
import {openFolder} from './open.ts';
import {stderrLog} from './stderr.ts';

/**
 * `sandbox load`: adds one project and prints its token. Works while the server runs.
 * @throws LoadError, FolderError
 */
export function load(path: string, options: {dir: string; seed?: string | undefined}): void {
  const value = readJsonInput(path);
  const database = openFolder(options.dir);
  if (options.seed !== undefined) seedOf(database, options.seed);
  const loaded = loadProject(database, value, path);
  for (const key of loaded.ignored) stderrLog.warn(`${path}: the key ${key} is not known and means nothing`);
  database.close();
  process.stdout.write(`${loaded.token}\n`);
}
