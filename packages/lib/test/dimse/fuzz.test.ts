import {describe, expect, it} from 'vitest';
import {attackReceiver} from './fuzz/campaign.ts';
import {attackSender} from './fuzz/senderCampaign.ts';

/** `fuzz/long.ts` is the long run of the same. */
describe('random and mutated PDU streams from fixed seeds', () => {
  it('neither crash nor stall nor fill the receiver, and its other associations do not notice', async () => {
    const {faults, stored, dropped, undisturbed, heldEarly, heldLate} = await attackReceiver({
      streams: 4000,
      seed: 2026,
    });
    expect(faults).toEqual([]);
    expect(stored).toBeGreaterThan(500);
    expect(dropped).toBeGreaterThan(100);
    expect(undisturbed).toBe(40);
    expect(heldLate.bytes).toBeLessThan(heldEarly.bytes + (16 << 20));
    expect(heldLate.descriptors).toBeLessThanOrEqual(heldEarly.descriptors);
  });

  it('never make the sender stall or call stored what was not answered so', async () => {
    const {faults, stored} = await attackSender({streams: 1000, seed: 11});
    expect(faults).toEqual([]);
    expect(stored).toBeGreaterThan(200);
  });
});
