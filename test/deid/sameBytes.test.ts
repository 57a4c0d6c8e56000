import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {sampleStudies} from '@fiona/sandbox/samples/studies';
import {encodeInstance} from '@fiona/sandbox/samples/writeSamples';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {makeInstance} from './corpus/corpus.ts';
import {linkedObjects} from './series/linkedObjects.ts';

const main = join(import.meta.dirname, '../../packages/bin/anonymize/src/main.ts');
const corpusSeed = 7;
const corpusSize = 60;

let folder: string;
let files: Buffer[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deid-same-'));
  files = [
    ...sampleStudies().flatMap(study => study.instances.map(encodeInstance)),
    ...linkedObjects.map(dataSet => encodeInstance({sopClassUid: String(dataSet.SOPClassUID), dataSet})),
    ...Array.from({length: corpusSize}, (_, index) => makeInstance(corpusSeed, index).file),
  ];
});
afterAll(() => rmSync(folder, {recursive: true}));

interface Circumstances {
  readonly name: string;
  readonly threads: string;
  readonly reversed?: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

const circumstances: readonly Circumstances[] = [
  {name: 'again', threads: '1', environment: {TZ: 'UTC', LANG: 'C', LC_ALL: 'C'}},
  {name: 'with three threads', threads: '3', environment: {}},
  {name: 'in another order', threads: '2', reversed: true, environment: {}},
  {
    name: 'in Turkey, where the small I has no dot',
    threads: '1',
    environment: {TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', LANGUAGE: 'tr'},
  },
  {
    name: 'half an hour off',
    threads: '2',
    environment: {TZ: 'America/St_Johns', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8'},
  },
];

/** Everything that `anonymize` writes: name and digest of each file. */
function outputs({name, threads, reversed, environment}: Circumstances): string[] {
  const home = join(folder, name.replaceAll(/\W/g, '-'));
  mkdirSync(join(home, 'in'), {recursive: true});
  files.forEach((file, index) => {
    const place = reversed ? files.length - index : index;
    writeFileSync(join(home, 'in', `${String(place).padStart(4, '0')}.dcm`), file);
  });
  const output = join(home, 'out');
  const options = [
    '-i',
    join(home, 'in'),
    '-o',
    output,
    '-j',
    'PRØVE',
    '-p',
    'SUBJ-001',
    '-e',
    'Visit 1',
    '-b',
    '-t',
    threads,
  ];
  const {status, stderr} = spawnSync(process.execPath, [main, ...options, '--allow-burned-in'], {
    encoding: 'utf8',
    env: {...process.env, ...environment},
  });
  // some of the corpus is skipped, and depending on its seed some set aside
  expect([0, 65], stderr).toContain(status);
  return readdirSync(output, {recursive: true, encoding: 'utf8'})
    .filter(path => path.endsWith('.dcm'))
    .toSorted()
    .map(
      path =>
        `${path} ${createHash('sha256')
          .update(readFileSync(join(output, path)))
          .digest('hex')}`,
    );
}

describe('the same instances for the same project', () => {
  let first: string[];
  beforeAll(() => {
    first = outputs({name: 'first', threads: '1', environment: {}});
  });

  it.each(circumstances)('give the same bytes $name', circumstance => {
    expect(first.length).toBeGreaterThan(90);
    expect(outputs(circumstance)).toEqual(first);
  });
});
