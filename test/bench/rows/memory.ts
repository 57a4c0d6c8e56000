import {mkdirSync, readdirSync, statfsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {archiveRoot} from '@fiona/lib/site/layout';
import {makeGateway, startReceiver} from '../gateway.ts';
import {writeLargeInstance} from '../largeInstance.ts';
import {peakMemory, showBytes} from '../memory.ts';
import {bundleProgram, runProgram} from '../programs.ts';
import type {Measurement} from '../table.ts';
import {showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const pixelBytes = 2e9;
const mostMemory = 250e6;
/** What is received, and what is written after it, with room to spare. */
const neededBytes = 6e9;

/** Memory of the receiver and of de-identification on an instance that is larger than memory should be. */
export async function measureMemory(workspace: Workspace): Promise<Measurement[]> {
  const {bavail, bsize} = statfsSync(workspace.dir);
  if (bavail * bsize < neededBytes) {
    const why = `skipped: ${showBytes(bavail * bsize)} free in ${workspace.dir}, ${showBytes(neededBytes)} needed`;
    return [{row: 'memory', measured: why, ours: '', peer: '', goal: `<= ${showBytes(mostMemory)}`}];
  }
  const folder = workspace.path('large');
  mkdirSync(folder);
  writeLargeInstance(join(folder, 'multiframe.dcm'), pixelBytes);
  const received = await receive(workspace, folder);
  const deidentified = await deidentify(workspace, folder);
  workspace.remove(folder);
  return [
    line('receive a 2 GB multi-frame instance', received),
    line('de-identify a 2 GB multi-frame instance', deidentified),
  ];
}

interface Use {
  readonly memory: number;
  readonly seconds: number;
}

function line(measured: string, {memory, seconds}: Use): Measurement {
  return {
    row: 'memory',
    measured: `${measured} (${showSeconds(seconds)})`,
    ours: `${showBytes(memory)} RSS`,
    peer: '',
    goal: `<= ${showBytes(mostMemory)}`,
    reached: mostMemory / memory,
  };
}

async function receive(workspace: Workspace, folder: string): Promise<Use> {
  const send = await bundleProgram(workspace, 'send');
  const gateway = await makeGateway(workspace, 'memory');
  const receiver = await startReceiver(workspace, gateway);
  const start = performance.now();
  await runProgram(workspace, send, [String(gateway.port), folder]);
  const seconds = (performance.now() - start) / 1000;
  const stored = readdirSync(archiveRoot(gateway.dataDir), {recursive: true, encoding: 'utf8'}).map(name =>
    join(archiveRoot(gateway.dataDir), name),
  );
  if (!stored.some(path => statSync(path).size > pixelBytes)) throw new Error('the large instance was not stored');
  const memory = peakMemory(receiver.pid);
  await receiver.stop();
  workspace.remove(workspace.path('memory'));
  return {memory, seconds};
}

async function deidentify(workspace: Workspace, folder: string): Promise<Use> {
  const bundle = await bundleProgram(workspace, 'deidentify');
  const output = workspace.path('large-out');
  const use = JSON.parse(await runProgram(workspace, bundle, ['1', folder, output])) as Use;
  workspace.remove(output);
  return use;
}
