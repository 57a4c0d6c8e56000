import {utimes, writeFile} from 'node:fs/promises';
import {claimPresence, reportReady} from '@fiona/lib/cli/daemon';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {dataRoot} from '@fiona/lib/config/dataRoot';
import {startReceiver} from '@fiona/lib/dimse/receiver';
import {JournalWriter} from '@fiona/lib/site/journalWriter';
import {archiveRoot, arrived} from '@fiona/lib/site/layout';
import {ensureFolder, siteModes} from '@fiona/lib/site/modes';
import {receiverPaths} from '@fiona/lib/site/receiverPaths';
import {archiveStore} from './archiveSink.ts';
import {drainSeconds} from './control.ts';
import {FolderSync} from './folderSync.ts';
import {removeLeftovers} from './removeLeftovers.ts';

/** Threads that may wait for the disk at the same time: as many as instances of one association. Node's usual 4 make the others queue. */
const diskThreads = 16;

/**
 * The receiver daemon in the foreground: takes instances until it is told to stop, then lets open associations come to their end.
 * @throws AlreadyRunning, JournalError, FileError, or the error of listening
 */
export async function serve(project: string, {config, log, clock, signal}: Run): Promise<Outcome> {
  const root = dataRoot(config, project);
  const paths = receiverPaths(config, root);
  process.umask(0);
  // read by libuv when the first of them is started
  process.env.UV_THREADPOOL_SIZE ??= String(diskThreads);
  const presence = await claimPresence({name: 'storescpd', lockPath: paths.lock, pidFile: paths.pidFile});
  const modes = siteModes(config.PATHS.modes);
  for (const folder of [archiveRoot(root.dataDir), arrived(root.dataDir)]) ensureFolder(folder, modes.folders, modes);
  const {journalSegmentBytes: segmentBytes, idleSeconds, listenAddress} = config.RECEIVER;
  const journal = await JournalWriter.open({root: root.dataDir, segmentBytes, modes, clock, log});
  const receiver = await startReceiver({
    host: listenAddress,
    port: root.port ?? 0,
    idleTimeoutMs: idleSeconds * 1000,
    log,
    services: {
      store: archiveStore({root: root.dataDir, modes, journal, folders: new FolderSync(), log}),
      closed: (_, end) => {
        if (end.kind === 'released') void touch(paths.alive);
      },
    },
  });
  log.info(`receiver started: AE title ${root.aeTitle}, port ${receiver.port}, archive ${archiveRoot(root.dataDir)}`);
  reportReady();
  const cleaning = removeLeftovers(root.dataDir, clock);
  await aborted(signal);
  log.info(`stopping, ${receiver.openAssociations} associations open`);
  await receiver.close(drainSeconds * 1000);
  await Promise.all([journal.close(), cleaning]);
  presence.release();
  const {stored, failed} = receiver.counters;
  return {counts: {associations: receiver.counters.connections, stored, failed}, exitCode: 0};
}

/** Its time tells the watchdog that the receiver serves. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => writeFile(path, '').catch(() => {}));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), {once: true}));
}
