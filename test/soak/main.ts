import {parseArgs} from 'node:util';
import {showBytes} from '../bench/memory.ts';
import {type SoakReport, soak} from './soak.ts';

const {values} = parseArgs({options: {minutes: {type: 'string', default: '30'}}});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error('soak: --minutes N, a number above 0');
  process.exit(64);
}
const report = await soak(minutes * 60, line => console.error(line));
console.log(show(report));
process.exit(report.problems.length > 0 ? 1 : 0);

function show({answered, heard, files, lines, indexed, studies, growth, problems}: SoakReport): string {
  const sent = Object.entries(studies).map(([kind, count]) => `${count} ${kind}`);
  return [
    `studies: ${sent.join(', ')}`,
    `answered with success ${answered} (${heard} heard by their senders), files ${files}, journal lines ${lines}, indexed ${indexed}`,
    ...growth.map(
      ({name, memory, descriptors}) =>
        `${name}: memory ${memory.map(showBytes).join(' -> ')} (thirds), descriptors ${descriptors.join(' -> ')}`,
    ),
    ...(problems.length === 0
      ? ['nothing lost, nothing doubled, nothing grown']
      : problems.map(each => `PROBLEM ${each}`)),
  ].join('\n');
}
