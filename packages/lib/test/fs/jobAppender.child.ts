import {closeSync, openSync, writeSync} from 'node:fs';

// a web page that knows no lock: opens, appends in two pieces, closes; usage: jobAppender <file> <count> <name>
const [path = '', count = '0', name = ''] = process.argv.slice(2);
for (let n = 0; n < Number(count); n++) {
  const file = openSync(path, 'a');
  await new Promise(done => setTimeout(done, Math.random() * 20));
  const line = `${JSON.stringify({name, n, note: 'Ærø'})}\n`;
  writeSync(file, line);
  closeSync(file);
}
console.log('done');
