import {writeFileAtomic} from '../../src/fs/atomic.ts';

// rewrites a file for ever, each time with 100,000 times the same letter
const path = process.argv[2] ?? '';
console.log('begins');
for (let round = 0; ; round++) await writeFileAtomic(path, String.fromCharCode(97 + (round % 26)).repeat(100_000));
