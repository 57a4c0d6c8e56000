import {existsSync, readdirSync} from 'node:fs';
import {archiveRoot} from '@fiona/lib/site/layout';
import {asInstalled, startStorescp, storescu, tuned} from '../dcmtk.ts';
import {secondsOfDurableFile} from '../durableWrites.ts';
import {makeGateway, startReceiver} from '../gateway.ts';
import {type Instances, writeInstances} from '../instances.ts';
import {bundleProgram, runProgram} from '../programs.ts';
import type {Measurement} from '../table.ts';
import {inTurn, secondsOf, showRate} from '../timing.ts';
import {Workspace} from '../workspace.ts';

const rounds = 3;
/** DCMTK as installed waits for TCP with every instance: a few tell its speed. */
const fewInstances = 40;

/** A file system where making a file durable costs nothing. */
const memory = '/dev/shm';

/**
 * Receive and send over loopback against DCMTK, large and small instances. The goals are about the network: they hold in memory, since
 * our receiver makes each instance durable and storescp does not. What that takes on this host's disk is shown beside it.
 */
export async function measureTransfer(workspace: Workspace): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [place, where] of [
    ['in memory', existsSync(memory) ? new Workspace(memory) : workspace],
    ['on disk', workspace],
  ] as const) {
    const send = await bundleProgram(where, 'send');
    for (const wanted of [
      {count: 500, size: 512, study: 1},
      {count: 2000, size: 128, study: 2},
    ]) {
      const rows = await measureInstances(where, send, wanted);
      measurements.push(...rows.map(row => placed(row, place)));
    }
  }
  return measurements;
}

/** A row that says where the files lay; without a goal on a disk. */
function placed(row: Measurement, place: 'in memory' | 'on disk'): Measurement {
  const {reached, ...rest} = row;
  const measured = `${row.measured}, ${place}`;
  return place === 'in memory' && reached !== undefined ? {...row, measured} : {...rest, measured, goal: ''};
}

async function measureInstances(
  workspace: Workspace,
  send: string,
  wanted: {count: number; size: number; study: number},
): Promise<Measurement[]> {
  const files = writeInstances(workspace.path('instances'), wanted);
  const gateway = await makeGateway(workspace, 'gateway');
  const receiver = await startReceiver(workspace, gateway);
  const storescp = await startStorescp(workspace, tuned);

  const toOurs = async (sending: () => Promise<unknown>): Promise<number> => {
    const seconds = await secondsOf(sending);
    const stored = readdirSync(archiveRoot(gateway.dataDir), {recursive: true, withFileTypes: true});
    demandAll(files, stored.filter(entry => entry.isFile()).length);
    for (const entry of readdirSync(archiveRoot(gateway.dataDir))) {
      workspace.remove(`${archiveRoot(gateway.dataDir)}/${entry}`);
    }
    return seconds;
  };
  const [oursToOurs = 0, dcmtkToDcmtk = 0, dcmtkToOurs = 0] = await inTurn(rounds, [
    () => toOurs(() => runProgram(workspace, send, [String(gateway.port), files.folder])),
    async () => {
      const seconds = await secondsOf(() =>
        storescu(workspace, {folder: files.folder, port: storescp.port, environment: tuned}),
      );
      demandAll(files, storescp.count());
      storescp.empty();
      return seconds;
    },
    () => toOurs(() => storescu(workspace, {folder: files.folder, port: gateway.port, environment: tuned})),
  ]);
  await storescp.stop();
  await receiver.stop();
  workspace.remove(files.folder);
  workspace.remove(workspace.path('gateway'));
  const untuned = await secondsAsInstalled(workspace, wanted);
  const durable = secondsOfDurableFile(workspace, Math.round(files.bytes / wanted.count));

  const ours = showRate(wanted.count, oursToOurs);
  const against = (measured: string, seconds: number, peer: string, ratio: number, goal: number): Measurement => ({
    row: 'transfer',
    measured: `${files.title}, ${measured}`,
    ours: showRate(wanted.count, seconds),
    peer,
    ratio,
    goal: `>= ${goal} x`,
    reached: ratio / goal,
  });
  const tunedPeer = `${showRate(wanted.count, dcmtkToDcmtk)} DCMTK tuned`;
  return [
    against('our sender -> our receiver', oursToOurs, tunedPeer, dcmtkToDcmtk / oursToOurs, 2),
    against('storescu tuned -> our receiver', dcmtkToOurs, tunedPeer, dcmtkToDcmtk / dcmtkToOurs, 1),
    {
      ...against('ours', oursToOurs, '', (untuned * wanted.count) / oursToOurs, 20),
      ours,
      peer: `${showRate(1, untuned)} DCMTK as installed (from ${fewInstances})`,
    },
    {
      row: 'transfer',
      measured: `${files.title}, making files durable alone (storescp does not)`,
      ours: showRate(1, durable),
      peer: '',
      goal: '',
    },
  ];
}

/** Seconds an instance of DCMTK as installed. */
async function secondsAsInstalled(
  workspace: Workspace,
  wanted: {count: number; size: number; study: number},
): Promise<number> {
  const files = writeInstances(workspace.path('few'), {...wanted, count: fewInstances});
  const storescp = await startStorescp(workspace, asInstalled);
  const seconds = await secondsOf(() =>
    storescu(workspace, {folder: files.folder, port: storescp.port, environment: asInstalled}),
  );
  demandAll(files, storescp.count());
  await storescp.stop();
  workspace.remove(storescp.folder);
  workspace.remove(files.folder);
  return seconds / fewInstances;
}

function demandAll({paths}: Instances, stored: number): void {
  if (stored !== paths.length) throw new Error(`${stored} of ${paths.length} instances were stored`);
}
