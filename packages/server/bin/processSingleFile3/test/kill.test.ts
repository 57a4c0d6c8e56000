import {once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {countWaitingLines} from '@fiona/lib/site/journalReader';
import {describe, expect, it} from 'vitest';
import {Gateway, until} from './gateway.ts';
import {summariesOf, treeOf} from './helpers.ts';
import {type Attributes, store} from './instances.ts';

const rules = [
  {type: 'SIEMENS', rules: [{tag: ['Manufacturer'], value: '^SIEMENS'}]},
  {type: 'all256', check: 'SeriesLevel', rules: [{tag: ['Rows'], operator: '==', value: 256}]},
  ...[1, 2, 3].map(number => ({type: `third${number}`, rules: [{tag: ['InstanceNumber'], value: `${number}$`}]})),
];

/** Images of four series in three studies, every tenth announced again. */
function images(count: number): Attributes[] {
  return Array.from({length: count}, (_, index) => {
    const number = index % 10 === 9 ? index - 1 : index;
    const study = `1.2.${number % 3}`;
    return {
      StudyInstanceUID: ['UI', study],
      SeriesInstanceUID: ['UI', `${study}.${number % 4}`],
      SOPInstanceUID: ['UI', `${study}.${number % 4}.${number}`],
      InstanceNumber: ['IS', String(number)],
      SliceLocation: ['DS', String(500 - number)],
      Rows: ['US', number === 77 ? 128 : 256],
      PatientID: ['LO', `PAT${number % 3}`],
      Modality: ['CS', number % 3 === 2 ? 'SR' : 'MR'],
    };
  });
}

/** Everything a user would see, without the folder it lies in. */
function finalState(root: string) {
  return {
    tree: treeOf(root)
      // a crash may leave temporary files, they are hidden from everybody
      .filter(path => !/site\/(archive|\.journal|\.locks)\/|\.tmp\b/.test(path))
      .map(path => path.replaceAll(root, '')),
    summaries: summariesOf(root),
  };
}

/** A generator of numbers from 0 to 1 that can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

async function announced(count: number): Promise<Gateway> {
  const gateway = new Gateway({}, rules);
  await gateway.announce(images(count).map(attributes => store(gateway.root, attributes)));
  return gateway;
}

const count = 400;

describe('kill -9 of the daemon at random moments', () => {
  it('ends with the same links, summaries and markers as an undisturbed run', async () => {
    const undisturbed = await announced(count);
    undisturbed.serve();
    await undisturbed.journalDone();
    const expected = finalState(undisturbed.root);
    expect(Object.keys(expected.summaries)).toHaveLength(12);

    const seed = Number(process.env.FIONA_SEED ?? Date.now() % 1_000_000);
    console.log(`kill test: FIONA_SEED=${seed}`);
    const next = random(seed);
    let kills = 0;
    for (let round = 0; kills < 20 && round < 10; round++) {
      const gateway = await announced(count);
      while ((await countWaitingLines(gateway.root)) > 0) {
        const daemon = gateway.serve();
        const ended = once(daemon, 'close');
        // not before it works: what comes earlier is a start that did nothing
        const before = gateway.log().split('INFO indexing').length;
        await until(() => gateway.log().split('INFO indexing').length > before);
        await Promise.race([delay(next() * 900), gateway.journalDone()]);
        if ((await countWaitingLines(gateway.root)) === 0) break;
        daemon.kill('SIGKILL');
        await ended;
        kills++;
      }
      await gateway.journalDone();
      expect(finalState(gateway.root)).toEqual(expected);
      await gateway.end();
    }
    expect(kills).toBeGreaterThanOrEqual(1);
    console.log(`kill test: ${kills} kills`);
  }, 180_000);
});
