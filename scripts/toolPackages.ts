import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import glob from 'fast-glob';

/** A package with a command line. */
export interface ToolPackage {
  readonly name: string;
  /** Absolute folder of the package. */
  readonly folder: string;
  /** Where the tool lies below the installation's root: the folder of the package beside its siblings. */
  readonly installedPath: string;
}

/** All tools of the workspace: packages whose `bin` names one command. */
export async function toolPackages(packagesFolder: string): Promise<ToolPackage[]> {
  const files = await glob('**/package.json', {cwd: packagesFolder, ignore: ['**/node_modules/**'], absolute: true});
  const tools: ToolPackage[] = [];
  for (const file of files.sort()) {
    const folder = dirname(file);
    const {bin} = JSON.parse(await readFile(file, 'utf8')) as {bin?: Record<string, string>};
    const name = bin && Object.keys(bin)[0];
    if (name === undefined || !existsSync(join(folder, 'src/main.ts'))) continue;
    const parent = relative(packagesFolder, dirname(folder));
    tools.push({name, folder, installedPath: join(parent === '' ? name : parent, name)});
  }
  return tools;
}
