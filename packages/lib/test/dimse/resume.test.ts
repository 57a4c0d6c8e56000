import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {onCleanup, runningReceiver, temporaryFolder, writeSamples} from './helpers.ts';

/** A sender that notes what is stored, and leaves out what it has noted. */
const sender = `
import {appendFileSync, existsSync, readFileSync} from 'node:fs';
import {storeInstances} from '${join(import.meta.dirname, '../../src/dimse/storeScu.ts')}';
const {peer, paths, notes} = JSON.parse(readFileSync(process.argv[1], 'utf8'));
const done = new Set(existsSync(notes) ? readFileSync(notes, 'utf8').split('\\n').slice(0, -1) : []);
const instances = paths.filter(path => !done.has(path)).map(path => ({path}));
const log = {debug() {}, info() {}, warn() {}, error() {}};
const onResult = ({kind, instance}) => kind === 'stored' && appendFileSync(notes, instance.path + '\\n');
const summary = await storeInstances({peer, instances, onResult, associations: 2, retries: 2, log});
process.stdout.write(JSON.stringify(summary));
`;

function start(job: string): {child: ChildProcess; output: () => string} {
  const child = spawn(process.execPath, ['--input-type=module', '-e', sender, job], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', text => (output += text));
  onCleanup(() => child.kill('SIGKILL'));
  return {child, output: () => output};
}

describe('a sender that is killed again and again', () => {
  it('sends each time only what was not confirmed, until everything is there once', async () => {
    let first = 0;
    let stored: (() => void) | undefined;
    const seen = new Map<string, number>();
    const counting = await runningReceiver({
      services: {
        store: {
          begin: ({sopInstanceUid}) => ({
            write() {},
            async finish() {
              seen.set(sopInstanceUid, (seen.get(sopInstanceUid) ?? 0) + 1);
              if (++first % 25 === 0) stored?.();
              await new Promise(resolve => setTimeout(resolve, 1));
              return {status: 0};
            },
            abort() {},
          }),
        },
      },
    });
    const samples = writeSamples(120, {pixelBytes: 20_000});
    const folder = temporaryFolder();
    const [job, notes] = [join(folder, 'job.json'), join(folder, 'notes')];
    writeFileSync(job, JSON.stringify({peer: counting.peer, paths: samples.map(({path}) => path), notes}));
    for (let kills = 0; kills < 3; kills++) {
      const {child} = start(job);
      const {promise, resolve} = Promise.withResolvers<void>();
      stored = resolve;
      await promise;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    stored = undefined;
    expect(existsSync(notes)).toBe(true);
    const confirmed = readFileSync(notes, 'utf8').split('\n').length - 1;
    const {child, output} = start(job);
    await once(child, 'close');
    expect(JSON.parse(output())).toMatchObject({stored: 120 - confirmed, temporary: 0, final: 0});
    expect(seen.size).toBe(120);
    // twice only what was on the line at a kill: at most the window of each association
    expect([...seen.values()].reduce((sum, times) => sum + times - 1, 0)).toBeLessThanOrEqual(3 * 2 * 16);
  });
});
