import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {deidentifyFiles} from '@fiona/lib/deid/pool';
import {defaultDeidRequest} from '@fiona/lib/deid/request';
import {runWorkerIfAsked} from '@fiona/lib/deid/workerThread';

/**
 * `deidentify <threads> <folder> <output> [<longest header>]`: de-identifies a folder with the full profile; prints seconds (start of the
 * threads included), CPU time and peak memory as JSON.
 */
async function deidentify([threads = '1', folder = '', output = '', header]: readonly string[]): Promise<void> {
  const files = readdirSync(folder)
    .sort()
    .map(name => ({path: join(folder, name)}));
  const {limits} = defaultDeidRequest;
  const maxHeaderBytes = header === undefined ? limits.maxHeaderBytes : Number(header);
  const request = {
    ...defaultDeidRequest,
    project: 'BENCH',
    subject: 'BENCH-001',
    limits: {...limits, maxHeaderBytes},
  };
  const start = performance.now();
  const {outcomes} = await deidentifyFiles(files, request, output, {workers: Number(threads)});
  const seconds = (performance.now() - start) / 1000;
  const other = outcomes.find(({kind}) => kind !== 'written');
  if (other !== undefined) throw new Error(`not every file was written: ${JSON.stringify(other)}`);
  const memory = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  const {user, system} = process.cpuUsage();
  console.log(JSON.stringify({seconds, memory, cpuSeconds: (user + system) / 1e6}));
}

if (!runWorkerIfAsked()) void deidentify(process.argv.slice(2));
