import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Runs vitest on the arguments and ends with the one line that continuous integration reads. */
const folder = await mkdtemp(join(tmpdir(), 'fiona-test-'));
const report = join(folder, 'report.json');
const vitest = spawn(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {stdio: ['ignore', 'inherit', 'inherit']},
);
const code = await new Promise<number>(resolve => vitest.once('close', exit => resolve(exit ?? 1)));

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}
try {
  const {numPassedTests, numFailedTests} = JSON.parse(await readFile(report, 'utf8')) as Report;
  // A file that cannot even be loaded has no failed test, but is a failure.
  const failed = Math.max(numFailedTests, code === 0 ? 0 : 1);
  console.log(`${numPassedTests} passed, ${failed} failed`);
} catch {
  console.log('0 passed, 1 failed');
} finally {
  await rm(folder, {recursive: true, force: true});
}
process.exitCode = code;
