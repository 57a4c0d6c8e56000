import {expect, it} from 'vitest';
import {soak} from '../soak/soak.ts';

const seconds = 30;

it('loses, doubles and keeps nothing while good, broken and killed senders come and go', {
  timeout: 90_000,
}, async () => {
  const {answered, heard, problems} = await soak(seconds);
  expect(problems).toEqual([]);
  expect(heard).toBeGreaterThan(0);
  expect(answered).toBeGreaterThanOrEqual(heard);
});
