import {parseArgs} from 'node:util';
import {Deidentifier} from '@fiona/lib/deid/engine';
import {makeInstance} from './corpus/corpus.ts';
import {damaged} from './corpus/damage.ts';
import {Random} from './corpus/random.ts';
import {process as become, corpusRequest} from './corpus/run.ts';

/**
 * De-identifies damaged instances of the corpus: `node test/deid/fuzzCorpus.ts --seed 1 --count 100000`. Each must end in an outcome
 * within two seconds; exit code 1 otherwise. What is still found in what is written is only shown: a damage may take the one element away
 * by which a name or an id was known.
 */
const {values} = parseArgs({options: {seed: {type: 'string', default: '1'}, count: {type: 'string', default: '5000'}}});
const [seed, count] = [Number(values.seed), Number(values.count)];
const damagesOfOne = 20;
const longest = 2000;
const mostShown = 60;

const deidentifier = await Deidentifier.create(corpusRequest);
const outcomes = new Map<string, number>();
let faults = 0;
let slowest = 0;
let found = 0;
function fault(text: string): void {
  if (faults++ < mostShown) console.log(text);
}

for (let index = 0; index < count; index++) {
  const instance = makeInstance(seed, Math.floor(index / damagesOfOne));
  const file = damaged(instance.file, new Random(seed * 7_919 + index));
  const start = performance.now();
  try {
    const result = become(deidentifier, {...instance, file});
    outcomes.set(
      result.kind === 'written' ? 'written' : result.reason,
      (outcomes.get(result.kind === 'written' ? 'written' : result.reason) ?? 0) + 1,
    );
    if (result.kind === 'written' && result.leaks.length > 0) found++;
  } catch (error) {
    fault(`CRASH ${index} ${instance.name}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  slowest = Math.max(slowest, performance.now() - start);
}
if (slowest > longest) fault(`an instance took ${slowest.toFixed(0)} ms`);
for (const [outcome, times] of [...outcomes].toSorted(([, a], [, b]) => b - a)) console.log(`${outcome}: ${times}`);
console.log(
  `${count} damaged files, ${faults} faults, the slowest took ${slowest.toFixed(0)} ms, something found in ${found}`,
);
process.exitCode = faults === 0 ? 0 : 1;
