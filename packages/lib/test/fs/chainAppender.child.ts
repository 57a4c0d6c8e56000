import {appendChained} from '../../src/fs/chainedLog.ts';

// appends lines as quickly as it can; usage: chainAppender <file> <count> <name> <maxBytes>
const [path = '', count = '0', name = '', maxBytes = '0'] = process.argv.slice(2);
for (let n = 0; n < Number(count); n++) {
  const {seq} = await appendChained(path, {name, n}, {maxBytes: Number(maxBytes)});
  console.log(`${seq}`);
}
