import {parseArgs} from 'node:util';
import {runCorpus} from './corpus/run.ts';

/**
 * De-identifies a generated corpus, says what is left of what was planted, and scores what had to be done with it: `node test/deid/runCorpus.ts --seed 1 --count 10000`.
 * Exit code 1 when anything is left, set aside without need, or not as required.
 */
const {values} = parseArgs({options: {seed: {type: 'string', default: '1'}, count: {type: 'string', default: '200'}}});
const start = performance.now();
const report = await runCorpus(Number(values.seed), Number(values.count));
const seconds = ((performance.now() - start) / 1000).toFixed(1);
const shown = 40;

for (const {instance, leak} of report.leaks.slice(0, shown))
  console.log(`LEAK ${instance}: ${leak.kind}, ${leak.view}, at ${leak.offset}: ${JSON.stringify(leak.text)}`);
for (const line of report.unexpected.slice(0, shown)) console.log(`UNEXPECTED ${line}`);
for (const line of report.score.failures.slice(0, shown)) console.log(`NOT AS REQUIRED ${line}`);
for (const line of report.score.lines()) console.log(line);
const planted = [...report.planted].toSorted(([a], [b]) => a - b).map(([row, count]) => `${row}: ${count}`);
console.log(`planted per row: ${planted.join(', ')}`);
for (const [reason, count] of [...report.setAside].toSorted(([, a], [, b]) => b - a))
  console.log(`set aside ${reason}: ${count} (${((100 * count) / report.instances).toFixed(2)} %)`);
console.log(
  `${report.instances} instances, ${report.written} written, ${report.instances - report.written} set aside, ` +
    `${report.leaks.length} leaks, ${report.unexpected.length} unexpected, ${seconds} s`,
);
process.exitCode = report.leaks.length + report.unexpected.length + report.score.failures.length === 0 ? 0 : 1;
