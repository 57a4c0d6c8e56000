import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Backlog} from '../../src/dimse/backlog.ts';
import {createPartTenFile} from '../../src/dimse/partTenFile.ts';
import {temporaryFolder} from './helpers.ts';

const header = Buffer.from('header');

describe('files that are received at the same time', () => {
  it('hold their senders back when too much waits for the disk, and forget nothing of what they hold', async () => {
    const folder = temporaryFolder();
    const backlog = new Backlog(1 << 20);
    const chunk = Buffer.alloc(64 << 10, 7);
    let most = 0;
    await Promise.all(
      Array.from({length: 32}, async (_, number) => {
        const file = createPartTenFile(join(folder, `${number}`), header, {}, backlog);
        for (let count = 0; count < 40; count++) {
          await file.write(chunk);
          most = Math.max(most, backlog.bytes);
        }
        await file.finish({durable: false});
      }),
    );
    expect(most).toBeGreaterThanOrEqual(1 << 20);
    expect(most).toBeLessThanOrEqual((1 << 20) + 33 * chunk.length);
    expect(backlog.bytes).toBe(0);
    const whole = Buffer.concat([header, ...Array.from({length: 40}, () => chunk)]);
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).equals(whole)).toBe(true);
  });

  it('count nothing any more after they were discarded or failed, at whatever moment', async () => {
    const folder = temporaryFolder();
    const backlog = new Backlog(300_000);
    let number = 0;
    const sizes = fc.array(fc.nat(400_000), {maxLength: 8});
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), fc.boolean(), async (lengths, isMissing, finishes) => {
        number += 1;
        const path = join(folder, isMissing ? 'missing' : '.', String(number));
        const file = createPartTenFile(path, header, {}, backlog);
        let failed = false;
        for (const length of lengths) {
          try {
            const wait = file.write(Buffer.alloc(length));
            if (length % 2 === 0) await wait;
          } catch {
            failed = true;
          }
        }
        if (finishes) await file.finish({durable: false}).catch(() => (failed = true));
        await file.discard();
        expect(backlog.bytes).toBe(0);
        expect(existsSync(path)).toBe(false);
        if (isMissing && finishes) expect(failed).toBe(true);
      }),
      {numRuns: 100},
    );
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(200);
  });
});
