import {join} from 'node:path';
import {systemClock} from '../../src/cli/clock.ts';
import {silentLog} from '../../src/cli/log.ts';
import {JournalWriter} from '../../src/site/journalWriter.ts';
import {compatibleModes} from '../../src/site/modes.ts';

// a receiver in small: announces instances one after the other and prints what it would answer
process.on('SIGXFSZ', () => {});
const [root = '', count = '0'] = process.argv.slice(2);
const writer = await JournalWriter.open({
  root,
  segmentBytes: 10_000,
  modes: compatibleModes,
  clock: systemClock,
  log: silentLog,
});
for (let number = 0; number < Number(count); number++) {
  const filename = `MR.${process.pid}.${number}`;
  const directory = join(root, 'site', 'archive', 'scp_1.2');
  await writer.append({caller: 'MR1', called: 'FIONA', callerAddress: '127.0.0.1', directory, filename}).then(
    () => process.stdout.write(`ok ${filename}\n`),
    () => process.stdout.write(`failed ${filename}\n`),
  );
}
await writer.close();
