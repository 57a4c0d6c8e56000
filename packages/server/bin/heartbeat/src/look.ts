import {statSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import type {Clock} from '@fiona/lib/cli/clock';
import {readPidFile} from '@fiona/lib/cli/pidFile';
import {portOwner} from '@fiona/lib/cli/tcpSockets';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import {localPeer, type ReceiverSite, receiverControl} from '@fiona/lib/site/receiverControl';
import {receiverPaths} from '@fiona/lib/site/receiverPaths';
import {servicesEnabled} from '@fiona/lib/site/servicesEnabled';
import {askReceiver, type EchoPeer} from './ask.ts';
import type {Echo, Observation} from './judge.ts';
import type {Memory} from './memory.ts';
import {readSigns, showWork} from './signs.ts';

/** What a look needs to know. */
export interface LookOptions {
  readonly site: ReceiverSite;
  readonly root: DataRoot;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Looks at a receiver, no closer than needed: at its last success, then by C-ECHO, and only when it does not answer a second time and
 * at what it does meanwhile.
 * @throws AbortError when `signal` ends it
 */
export async function lookAtReceiver(options: LookOptions): Promise<Observation> {
  const {site, root, memory, clock, signal} = options;
  const {config} = site;
  const {pidFile} = receiverPaths(config, root);
  const daemon = receiverControl(site).status();
  const enabled = servicesEnabled(root.dataDir);
  const first = {
    enabled,
    daemon,
    died: daemon === undefined && (memory.restarting || readPidFile(pidFile).kind !== 'missing'),
    recent: enabled && daemon !== undefined && hasSucceeded(site, clock),
    echoes: [] as Echo[],
    local: undefined,
    owner: undefined,
    worked: false,
    wasClosing: memory.state === 'closing' && memory.pid === daemon?.pid,
  };
  if (!enabled || first.recent) return first;
  const local = localPeer(config, root);
  const peer: EchoPeer = {...local, host: root.ip ?? local.host};
  const limitMs = config.HEARTBEAT.echoTimeoutSeconds * 1000;
  const before = daemon && (await readSigns(root.dataDir, daemon.pid));
  const echo = await askReceiver(peer, limitMs, signal);
  const owner = async () => (root.port === undefined ? undefined : await portOwner(root.port));
  if (daemon === undefined) return {...first, echoes: [echo], owner: await owner()};
  if (echo.kind === 'answer') return {...first, echoes: [echo]};
  await delay(config.HEARTBEAT.retryAfterSeconds * 1000, undefined, {signal});
  const [second, direct] = await Promise.all([
    askReceiver(peer, limitMs, signal),
    peer.host === local.host ? undefined : askReceiver(local, limitMs, signal),
  ]);
  const after = await readSigns(root.dataDir, daemon.pid);
  return {
    ...first,
    echoes: [echo, second],
    local: direct,
    owner: await owner(),
    worked: before !== undefined && showWork(before, after),
  };
}

/** Longest difference between the clocks of a file system and ours. */
const futureSeconds = 2;

/**
 * Whether an association succeeded so lately that asking would tell nothing new. The file that the receiver touches then counts; the time of
 * its log only where that file is missing, for a log may be filled by errors alone.
 */
function hasSucceeded({config, name}: ReceiverSite, clock: Clock): boolean {
  const {alive, log} = receiverPaths(config, name);
  const last = statSync(alive, {throwIfNoEntry: false}) ?? statSync(log, {throwIfNoEntry: false});
  if (last === undefined) return false;
  const age = (clock.now().getTime() - last.mtimeMs) / 1000;
  // a time in the future says that the clock was set back, and nothing about the receiver
  return age > -futureSeconds && age < config.HEARTBEAT.recentSeconds;
}
