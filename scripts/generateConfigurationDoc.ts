import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {configurationPage} from '../packages/lib/src/config/documentation.ts';

/** Writes docs/configuration.md from the schema; with `--check` only says (exit 1) whether it is current. */
const page = join(import.meta.dirname, '../docs/configuration.md');
const wanted = configurationPage();

if (process.argv.includes('--check')) {
  const found = await readFile(page, 'utf8').catch(() => '');
  if (found !== wanted) {
    console.error('docs/configuration.md is stale: run node_modules/.bin/node scripts/generateConfigurationDoc.ts');
    process.exitCode = 1;
  }
} else {
  await writeFile(page, wanted);
}
