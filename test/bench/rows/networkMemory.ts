import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {writeLargeInstance} from '../largeInstance.ts';
import {peakMemory, showBytes} from '../memory.ts';
import {ourReceiver, ourSender, type Sending, storescu, tuned} from '../network/peers.ts';
import {removeShared, type SharedInstances, writeShared} from '../network/sharedInstances.ts';
import {bundleProgram} from '../programs.ts';
import {neededBytes, noRoomFor} from '../room.ts';
import type {Measurement} from '../table.ts';
import {secondsOf, showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const pixelBytes = 2e9;
const mostMemory = 250e6;
const associations = 64;
const mostOfMany = 400e6;

/** Memory of the receiver under an instance that is larger than memory should be, and under many associations. */
export async function measureNetworkMemory(workspace: Workspace): Promise<Measurement[]> {
  const skipped = noRoomFor(workspace, neededBytes(pixelBytes));
  if (skipped !== undefined) return [{row: 'network', measured: skipped, ours: '', peer: '', goal: ''}];
  const send = ourSender(workspace, await bundleProgram(workspace, 'send'));
  const large = await receive(workspace, send, oneLarge(workspace));
  workspace.remove(workspace.path('large'));
  const many = writeShared(workspace, {count: 2000, size: 512, study: 3}, associations);
  const fromOurs = await receive(workspace, send, many);
  const fromStorescu = await receive(workspace, storescu(workspace, tuned), many);
  removeShared(workspace);
  return [
    line('a 2 GB multi-frame instance', large, mostMemory),
    line(`${many.title} on ${associations} associations of ours`, fromOurs, mostOfMany),
    line(`${many.title} on ${associations} associations of storescu`, fromStorescu, mostOfMany),
  ];
}

function oneLarge(workspace: Workspace): SharedInstances {
  const folder = workspace.path('large');
  mkdirSync(folder);
  const path = join(folder, 'multiframe.dcm');
  writeLargeInstance(path, pixelBytes);
  return {folder, shares: [folder], paths: [path], bytes: pixelBytes, studyInstanceUid: '', title: ''};
}

interface Use {
  readonly memory: number;
  readonly seconds: number;
}

async function receive(workspace: Workspace, send: Sending, files: SharedInstances): Promise<Use> {
  const receiver = await ourReceiver(workspace, 'fsync');
  const seconds = await secondsOf(() => send(files, receiver.port));
  const stored = await receiver.count();
  if (stored !== files.paths.length) throw new Error(`${stored} of ${files.paths.length} instances were stored`);
  const memory = peakMemory(receiver.pid ?? 0);
  await receiver.stop();
  return {memory, seconds};
}

function line(measured: string, {memory, seconds}: Use, most: number): Measurement {
  return {
    row: 'network',
    measured: `memory, receiving ${measured} (${showSeconds(seconds)})`,
    ours: `${showBytes(memory)} RSS`,
    peer: '',
    goal: `<= ${showBytes(most)}`,
    reached: most / memory,
  };
}
