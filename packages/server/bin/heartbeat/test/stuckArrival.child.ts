/** Stands in for a detectStudyArrival that hangs with a program it has started: `stuckArrival.child.ts LOCK detectStudyArrival`. */
import {spawn} from 'node:child_process';
import {acquireLock} from '@fiona/lib/fs/lock';

const [lockPath = ''] = process.argv.slice(2);
const lock = await acquireLock(lockPath, {kind: 'exclusive', tool: 'detectStudyArrival'});
const hook = spawn('sleep', ['600'], {stdio: 'ignore'});
console.log(lock === undefined ? 'busy' : String(hook.pid));
setInterval(() => {}, 1000);
