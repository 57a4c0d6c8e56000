import {measureColdStart} from './rows/coldStart.ts';
import {measureDeidentify} from './rows/deidentify.ts';
import {measureIndex} from './rows/index.ts';
import {measureMemory} from './rows/memory.ts';
import {measureLargeInstances, measureSmallInstances} from './rows/network.ts';
import {measureNetworkMemory} from './rows/networkMemory.ts';
import {measurePopulateIncoming} from './rows/populateIncoming.ts';
import {formatTable, type Measurement} from './table.ts';
import {Workspace} from './workspace.ts';

/** Rows by the name they are asked for with; `network` asks for every one that begins so. */
const rows: Record<string, (workspace: Workspace) => Promise<Measurement[]>> = {
  networkLarge: measureLargeInstances,
  networkSmall: measureSmallInstances,
  networkMemory: measureNetworkMemory,
  index: measureIndex,
  deidentify: measureDeidentify,
  coldStart: measureColdStart,
  populateIncoming: measurePopulateIncoming,
  memory: measureMemory,
};

const asked = process.argv.slice(2);
const names = Object.keys(rows);
const unknown = asked.filter(start => !names.some(name => name.startsWith(start)));
if (unknown.length > 0) {
  console.error(`bench: no row ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(64);
}

const workspace = new Workspace();
const measurements: Measurement[] = [];
for (const name of names.filter(each => asked.length === 0 || asked.some(start => each.startsWith(start)))) {
  process.stderr.write(`${name} …\n`);
  measurements.push(...((await rows[name]?.(workspace)) ?? []));
}
console.log(formatTable(measurements));
process.exit(0);
