import {setTimeout as delay} from 'node:timers/promises';
import {acquireLock} from '../../src/fs/lock.ts';

// usage: lockTaker <path> <kind> [waitMs] [rounds]: with rounds, takes and gives back, marking the critical section in a file
const [path = '', kind = 'exclusive', waitMs = '0', rounds = '0'] = process.argv.slice(2);
const options = {kind: kind === 'shared' ? 'shared' : 'exclusive', waitMs: Number(waitMs), tool: 'lockTaker'} as const;

if (rounds === '0') {
  const lock = await acquireLock(path, options);
  console.log(lock ? 'held' : 'busy');
  if (lock) setInterval(() => {}, 1000);
} else {
  const {mkdirSync, rmdirSync} = await import('node:fs');
  for (let round = 0; round < Number(rounds); round++) {
    const lock = await acquireLock(path, options);
    if (!lock) throw new Error('busy for too long');
    // fails when another process is in the critical section
    mkdirSync(`${path}.inside`);
    await delay(Math.random() * 2);
    rmdirSync(`${path}.inside`);
    lock.release();
  }
  console.log('done');
}
