import type {PortOwner} from '@fiona/lib/cli/tcpSockets';
import type {DataRoot} from '@fiona/lib/config/dataRoot';
import {acquireLock} from '@fiona/lib/fs/lock';
import {
  localPeer,
  type ReceiverSite,
  receiverControl,
  startReceiverDaemon,
  untilPortIsFree,
} from '@fiona/lib/site/receiverControl';
import {receiverPaths} from '@fiona/lib/site/receiverPaths';
import {servicesEnabled} from '@fiona/lib/site/servicesEnabled';
import {askReceiver} from './ask.ts';
import type {Broken} from './judge.ts';

/** What came of a restart: `atWork` and `changed` mean that nothing was touched. */
export type Restart =
  | {readonly kind: 'restarted'; readonly pid: number}
  | {readonly kind: 'foreign'; readonly owner: PortOwner}
  | {readonly kind: 'atWork' | 'changed'};

/** Limit of one C-ECHO to a receiver that has just said that it listens. */
const echoMs = 2000;

/**
 * Ends a silent receiver and starts it again, or starts one that has died, while no storectl can come in between. What the finding was
 * built on is looked at once more under that lock.
 * @param begun called before anything is done
 * @throws DaemonError, PortTaken, ReceiverSilent, FileError
 */
export async function restart(
  finding: Broken,
  {site, root, begun}: {site: ReceiverSite; root: DataRoot; begun: () => void},
): Promise<Restart> {
  const {config, name} = site;
  const lock = await acquireLock(receiverPaths(config, name).controlLock, {kind: 'exclusive', tool: 'heartbeat'});
  if (lock === undefined) return {kind: 'atWork'};
  try {
    const control = receiverControl(site);
    const daemon = control.status();
    const found = finding.kind === 'silent' ? finding.daemon : undefined;
    if (daemon?.pid !== found?.pid || daemon?.startTime !== found?.startTime) return {kind: 'changed'};
    if (!servicesEnabled(root.dataDir)) return {kind: 'changed'};
    begun();
    await control.stop();
    const owner = root.port === undefined ? undefined : await untilPortIsFree(root.port);
    if (owner !== undefined) return {kind: 'foreign', owner};
    const untilAnswer = async () => {
      const echo = await askReceiver(localPeer(config, root), echoMs, new AbortController().signal);
      if (echo.kind === 'silence') throw new Error(echo.why);
    };
    const {daemon: started} = await startReceiverDaemon(site, root, untilAnswer);
    return {kind: 'restarted', pid: started.pid};
  } finally {
    lock.release();
  }
}
