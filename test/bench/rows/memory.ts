import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {writeLargeInstance} from '../largeInstance.ts';
import {showBytes} from '../memory.ts';
import {bundleProgram, runProgram} from '../programs.ts';
import {neededBytes, noRoomFor} from '../room.ts';
import type {Measurement} from '../table.ts';
import {showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const pixelBytes = 2e9;
const mostMemory = 250e6;

/** Memory of de-identification on an instance that is larger than memory should be; `networkMemory` receives one. */
export async function measureMemory(workspace: Workspace): Promise<Measurement[]> {
  const goal = `<= ${showBytes(mostMemory)}`;
  const skipped = noRoomFor(workspace, neededBytes(pixelBytes));
  if (skipped !== undefined) return [{row: 'memory', measured: skipped, ours: '', peer: '', goal}];
  const folder = workspace.path('large');
  mkdirSync(folder);
  writeLargeInstance(join(folder, 'multiframe.dcm'), pixelBytes);
  const {memory, seconds} = await deidentify(workspace, folder);
  workspace.remove(folder);
  return [
    {
      row: 'memory',
      measured: `de-identify a 2 GB multi-frame instance (${showSeconds(seconds)})`,
      ours: `${showBytes(memory)} RSS`,
      peer: '',
      goal,
      reached: mostMemory / memory,
    },
  ];
}

async function deidentify(workspace: Workspace, folder: string): Promise<{memory: number; seconds: number}> {
  const bundle = await bundleProgram(workspace, 'deidentify');
  const output = workspace.path('large-out');
  const use = JSON.parse(await runProgram(workspace, bundle, ['1', folder, output]));
  workspace.remove(output);
  return use;
}
