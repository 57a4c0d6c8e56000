// Appends 50 instances to record 1, ten at a time: one of two processes that do so at once.

import {systemClock} from '../../../src/cli/clock.ts';
import {silentLog} from '../../../src/cli/log.ts';
import {connect} from '../../../src/redcap/client.ts';

const [, , url = '', stateDir = '', name = '', token = '0123456789ABCDEF0123456789ABCDEF', caFile] = process.argv;
const redcap = connect({
  url,
  token,
  project: 'S',
  timeZone: 'Europe/Oslo',
  stateDir,
  pidDir: stateDir,
  log: silentLog,
  clock: systemClock,
  http: {requestsPerMinute: 100_000, ...(caFile !== undefined && {caFile})},
});
for (let round = 0; round < 5; round++) {
  await redcap.append(
    Array.from({length: 10}, (_, index) => ({record: '1', form: 'series', values: {uid: `${name}.${round}.${index}`}})),
  );
}
