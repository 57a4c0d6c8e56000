import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../src/cli/clock.ts';
import {type Bucket, reserveRequest, takeToken} from '../../src/redcap/rateLimit.ts';
import {temporaryFolder} from './support/client.ts';

describe('the shared throttle', () => {
  it('lets a burst through and then spreads requests evenly', () => {
    let bucket: Bucket | undefined;
    const waits: number[] = [];
    for (let request = 0; request < 124; request++) {
      const taken = takeToken(bucket, 120, 1000);
      bucket = taken.bucket;
      waits.push(taken.waitMs);
    }
    expect(waits.slice(0, 120).every(wait => wait === 0)).toBe(true);
    expect(waits.slice(120)).toEqual([500, 1000, 1500, 2000]);
  });

  it('never lets more through in any minute than the burst and the refill', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: 5000}), {minLength: 50, maxLength: 400}), gaps => {
        let now = 0;
        let bucket: Bucket | undefined;
        const sent: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const taken = takeToken(bucket, 60, now);
          bucket = taken.bucket;
          sent.push(now + taken.waitMs);
        }
        for (const start of sent)
          expect(sent.filter(at => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(121);
      }),
    );
  });

  it('survives a clock that is set back and a file that is damaged', () => {
    expect(takeToken({tokens: 3, at: 9e12}, 60, 1000)).toEqual({bucket: {tokens: 2, at: 1000}, waitMs: 0});
  });

  it('is kept in the state folder for all processes, many at once', async () => {
    const stateDir = join(temporaryFolder(), 'state');
    const waits = await Promise.all(
      Array.from({length: 20}, () => reserveRequest(stateDir, 10, systemClock, undefined)),
    );
    expect(waits.filter(wait => wait === 0)).toHaveLength(10);
    const bucket = JSON.parse(readFileSync(join(stateDir, 'redcap-rate.json'), 'utf8')) as Bucket;
    expect(bucket.tokens).toBeLessThan(-9);
  });
});
