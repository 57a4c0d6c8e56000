import {measureColdStart} from './rows/coldStart.ts';
import {measureDeidentify} from './rows/deidentify.ts';
import {measureIndex} from './rows/index.ts';
import {measureMemory} from './rows/memory.ts';
import {measurePopulateIncoming} from './rows/populateIncoming.ts';
import {measureTransfer} from './rows/transfer.ts';
import {formatTable, type Measurement} from './table.ts';
import {Workspace} from './workspace.ts';

/** Rows by the name they are asked for with. */
const rows: Record<string, (workspace: Workspace) => Promise<Measurement[]>> = {
  transfer: measureTransfer,
  index: measureIndex,
  deidentify: measureDeidentify,
  coldStart: measureColdStart,
  populateIncoming: measurePopulateIncoming,
  memory: measureMemory,
};

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !(name in rows));
if (unknown.length > 0) {
  console.error(`bench: no row ${unknown.join(', ')}; there are ${Object.keys(rows).join(', ')}`);
  process.exit(64);
}

const workspace = new Workspace();
const measurements: Measurement[] = [];
for (const name of asked.length > 0 ? asked : Object.keys(rows)) {
  process.stderr.write(`${name} …\n`);
  measurements.push(...((await rows[name]?.(workspace)) ?? []));
}
console.log(formatTable(measurements));
process.exit(0);
