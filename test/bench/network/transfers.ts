import {secondsOfDurableFile} from '../durableWrites.ts';
import type {InstancesWanted} from '../instances.ts';
import {bundleProgram} from '../programs.ts';
import type {Measurement} from '../table.ts';
import {inTurn, secondsOf, showRate, showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';
import {
  asInstalled,
  orthanc,
  ourReceiver,
  ourSender,
  type Receiving,
  type Sending,
  storescp,
  storescu,
  tuned,
} from './peers.ts';
import {removeShared, type SharedInstances, writeShared} from './sharedInstances.ts';

const rounds = 3;
const parallel = [1, 4, 16];
/** DCMTK as installed waits for TCP with every instance: a few an association tell its speed. */
const fewInstances = 40;
/** Orthanc indexes what it takes before it answers: so many tell its speed. */
const enoughForOrthanc = 400;

/** Receive and send over loopback, ours and others' in every pair, for some numbers of associations. */
export async function measureTransfers(workspace: Workspace, wanted: InstancesWanted): Promise<Measurement[]> {
  const send = ourSender(workspace, await bundleProgram(workspace, 'send'));
  const measurements: Measurement[] = [];
  for (const associations of parallel) {
    measurements.push(...(await measureAssociations(workspace, {send, wanted, associations})));
  }
  return measurements;
}

interface Job {
  readonly send: Sending;
  readonly wanted: InstancesWanted;
  readonly associations: number;
}

async function measureAssociations(workspace: Workspace, job: Job): Promise<Measurement[]> {
  const {send, wanted, associations} = job;
  const written = await ourReceiver(workspace, 'none');
  const durable = await ourReceiver(workspace, 'fsync');
  const dcmtk = await storescp(workspace, tuned);
  const files = writeShared(workspace, wanted, associations);
  const dcmtkSends = storescu(workspace, tuned);
  const pairs = [
    [dcmtkSends, dcmtk],
    [send, written],
    [send, durable],
    [dcmtkSends, written],
    [dcmtkSends, durable],
    [send, dcmtk],
  ] as const;
  const seconds = await inTurn(
    rounds,
    pairs.map(
      ([sender, receiver]) =>
        () =>
          secondsOfTransfer(sender, receiver, files),
    ),
  );
  for (const receiver of [written, durable, dcmtk]) await receiver.stop();
  removeShared(workspace);
  const rates = seconds.map(each => wanted.count / each);
  const [peer = 0, ours = 0, oursDurable = 0, toOurs = 0, toOursDurable = 0, fromOurs = 0] = rates;
  const untuned = await rateAsInstalled(workspace, job);
  const toOrthanc = await rateOfOrthanc(workspace, job);
  const alone = secondsOfDurableFile(workspace, Math.round(files.bytes / wanted.count));

  const title = `${files.title}, ${associations} ${associations === 1 ? 'association' : 'associations'}`;
  const line = lines(title, {rate: peer, text: `${showRate(peer, 1)} DCMTK tuned`});
  return [
    line('ours -> ours, no fsync', ours, 2),
    line(`ours -> ours, fsync (a file made durable alone: ${showSeconds(alone)})`, oursDurable),
    line('storescu tuned -> ours, no fsync', toOurs, 1),
    line('storescu tuned -> ours, fsync', toOursDurable),
    line('ours -> storescp tuned', fromOurs, 1),
    line(`ours -> Orthanc tuned (from ${Math.min(enoughForOrthanc, wanted.count)})`, toOrthanc),
    lines(title, {rate: untuned, text: `${showRate(untuned, 1)} DCMTK default (from ${fewOf(job)})`})(
      'ours -> ours, no fsync',
      ours,
      20,
    ),
  ];
}

/** Makes rows that are held against one peer. storescp makes nothing durable: only who does not either has a goal. */
function lines(title: string, peer: {rate: number; text: string}) {
  return (measured: string, rate: number, goal?: number): Measurement => ({
    row: 'network',
    measured: `${title}, ${measured}`,
    ours: showRate(rate, 1),
    peer: peer.text,
    ratio: rate / peer.rate,
    goal: goal === undefined ? '' : `>= ${goal} x`,
    reached: goal === undefined ? undefined : rate / peer.rate / goal,
  });
}

/** From the start of the sending processes to their end; then everything must be there. */
async function secondsOfTransfer(send: Sending, receiver: Receiving, files: SharedInstances): Promise<number> {
  const seconds = await secondsOf(() => send(files, receiver.port));
  const stored = await receiver.count();
  if (stored !== files.paths.length) throw new Error(`${stored} of ${files.paths.length} instances were stored`);
  await receiver.empty();
  return seconds;
}

function fewOf({wanted, associations}: Job): number {
  return Math.min(wanted.count, Math.max(fewInstances, associations * (fewInstances / 4)));
}

async function rateAsInstalled(workspace: Workspace, job: Job): Promise<number> {
  const receiver = await storescp(workspace, asInstalled);
  return rateOfSome(workspace, job, {send: storescu(workspace, asInstalled), receiver, count: fewOf(job)});
}

async function rateOfOrthanc(workspace: Workspace, job: Job): Promise<number> {
  const count = Math.min(enoughForOrthanc, job.wanted.count);
  return rateOfSome(workspace, job, {send: job.send, receiver: await orthanc(workspace), count});
}

/** Instances a second of a pair that is too slow for all of them and all rounds. */
async function rateOfSome(
  workspace: Workspace,
  {wanted, associations}: Job,
  {send, receiver, count}: {send: Sending; receiver: Receiving; count: number},
): Promise<number> {
  const files = writeShared(workspace, {...wanted, count}, associations);
  const seconds = await secondsOfTransfer(send, receiver, files);
  await receiver.stop();
  removeShared(workspace);
  return count / seconds;
}
