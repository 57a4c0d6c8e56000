import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import {asUid} from '@fiona/lib/dicom/uid';
import {JournalWriter} from '@fiona/lib/site/journalWriter';
import {archiveFolder} from '@fiona/lib/site/layout';
import {siteModes} from '@fiona/lib/site/modes';
import {type Gateway, indexCaughtUp, makeGateway, startIndexer} from '../gateway.ts';
import {type Instances, writeInstances} from '../instances.ts';
import {peakMemory, showBytes} from '../memory.ts';
import type {Measurement} from '../table.ts';
import {showRate} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const count = 4000;
const warmUp = 100;
/** Files a second of the older Python daemon, as recorded. */
const recorded = 200;
const goal = 2000;

/** The index daemon from the announcement in the journal until links and summaries are durable and the position is saved. */
export async function measureIndex(workspace: Workspace): Promise<Measurement[]> {
  const gateway = await makeGateway(workspace, 'index');
  const first = arrive(gateway, warmUp, 10);
  const rest = arrive(gateway, count, 11);
  const daemon = startIndexer(workspace, gateway);
  await announce(gateway, first);
  await indexCaughtUp(gateway);
  const start = performance.now();
  await announce(gateway, rest);
  await indexCaughtUp(gateway);
  const seconds = (performance.now() - start) / 1000;
  const memory = peakMemory(daemon.pid);
  await daemon.stop();
  workspace.remove(workspace.path('index'));
  return [
    {
      row: 'index',
      measured: `${rest.title} of one study, journal to saved position, ${showBytes(memory)} RSS`,
      ours: showRate(count, seconds),
      peer: `${recorded} files/s older daemon (recorded)`,
      ratio: count / seconds / recorded,
      goal: `>= ${goal} files/s`,
      reached: count / seconds / goal,
    },
  ];
}

/** Instances as the receiver leaves them in the archive, not announced. */
function arrive({dataDir}: Gateway, files: number, study: number): Instances {
  const folder = archiveFolder(dataDir, studyUid(`1.2.826.0.1.3680043.10.999.77.${study}`));
  return writeInstances(folder, {count: files, size: 128, study, nameOf: sopInstanceUid => `CT.${sopInstanceUid}`});
}

function studyUid(text: string) {
  const uid = asUid(text);
  if (uid === undefined) throw new Error(`${text} is no UID`);
  return uid;
}

async function announce({dataDir}: Gateway, {paths, folder}: Instances): Promise<void> {
  const modes = siteModes({folders: 0o770, leafFolders: 0o770, files: 0o660});
  const options = {root: dataDir, segmentBytes: 64 << 20, modes, clock: systemClock, log: silentLog};
  const journal = await JournalWriter.open(options);
  const from = {caller: 'CT1', called: 'FIONA', callerAddress: '192.0.2.7', directory: folder};
  await Promise.all(paths.map(path => journal.append({...from, filename: path.slice(folder.length + 1)})));
  await journal.close();
}
