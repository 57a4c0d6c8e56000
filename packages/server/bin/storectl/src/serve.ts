import {utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {claimPresence, reportReady} from '@fiona/lib/cli/daemon';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {type DataRoot, dataRoot} from '@fiona/lib/config/dataRoot';
import {admission} from '@fiona/lib/dimse/admission';
import {Backlog} from '@fiona/lib/dimse/backlog';
import {type Receiver, startReceiver} from '@fiona/lib/dimse/receiver';
import {JournalWriter} from '@fiona/lib/site/journalWriter';
import {archiveRoot, arrived, journal as journalFolder} from '@fiona/lib/site/layout';
import {ensureFolder, siteModes} from '@fiona/lib/site/modes';
import {type ReceiverPaths, receiverPaths} from '@fiona/lib/site/receiverPaths';
import {type Archive, archiveStore} from './archiveSink.ts';
import {drainSeconds} from './control.ts';
import {FolderSync} from './folderSync.ts';
import {openTlsPort, type TlsPort} from './listeners.ts';
import {Durations, metricsText} from './metrics.ts';
import {MetricsFile} from './metricsFile.ts';
import {removeLeftovers} from './removeLeftovers.ts';
import {SpaceWatch} from './spaceWatch.ts';
import {Turns} from './turns.ts';

/** Threads that may wait for the disk at the same time: as many as instances of one association. Node's usual 4 make the others queue. */
const diskThreads = 16;

/**
 * The receiver daemon in the foreground: takes instances until it is told to stop, then lets open associations come to their end.
 * @throws AlreadyRunning, ConfigError, JournalError, FileError, or the error of listening
 */
export async function serve(project: string, run: Run): Promise<Outcome> {
  const {config, log, clock, signal} = run;
  const root = dataRoot(config, project);
  const paths = receiverPaths(config, root);
  process.umask(0);
  // read by libuv when the first of them is started
  process.env.UV_THREADPOOL_SIZE ??= String(diskThreads);
  const presence = await claimPresence({name: 'storescpd', lockPath: paths.lock, pidFile: paths.pidFile});
  const archive = await openArchive(root, run);
  let metrics: MetricsFile | undefined;
  const receiver = await startReceiver({
    ...limits(run),
    host: config.RECEIVER.listenAddress,
    port: root.port ?? 0,
    log,
    services: {
      store: archiveStore(archive),
      associate: admission({
        callers: config.RECEIVER.allowCallers,
        called: config.RECEIVER.allowCalled,
        networks: config.RECEIVER.allowNetworks,
        ownAeTitle: root.aeTitle,
      }),
      closed: (_, end) => {
        metrics?.due();
        if (end.kind === 'released') void touch(paths.alive);
      },
    },
  });
  const tls = await openTlsPort(receiver, config, log);
  metrics = openMetrics({receiver, archive, tls, paths, root, run});
  log.info(`receiver started: AE title ${root.aeTitle}, port ${receiver.port}, archive ${archiveRoot(root.dataDir)}`);
  // Would end the process; who sends it to a daemon wants it to look at its files.
  process.on('SIGHUP', () => tls?.look());
  reportReady();
  const cleaning = removeLeftovers(root.dataDir, clock);
  await aborted(signal);
  log.info(`stopping, ${receiver.openAssociations} associations open`);
  tls?.stop();
  await receiver.close(drainSeconds * 1000);
  await Promise.all([archive.journal.close(), cleaning, metrics?.close()]);
  presence.release();
  const {stored, failed, connections} = receiver.counters;
  return {counts: {connections, stored, failed}, exitCode: 0};
}

async function openArchive(
  {dataDir}: DataRoot,
  {config, clock, log}: Run,
): Promise<Archive & {journal: JournalWriter}> {
  const {journalSegmentBytes: segmentBytes, durability, minFreeBytes, maxWaitingBytes} = config.RECEIVER;
  const modes = siteModes(config.PATHS.modes);
  for (const folder of [archiveRoot(dataDir), arrived(dataDir)]) ensureFolder(folder, modes.folders, modes);
  const durable = durability === 'fsync';
  const backlog = new Backlog(maxWaitingBytes);
  return {
    root: dataDir,
    modes,
    durable,
    journal: await JournalWriter.open({root: dataDir, segmentBytes, durable, modes, clock, log}),
    folders: new FolderSync(),
    turns: new Turns(),
    space: new SpaceWatch({
      folders: [archiveRoot(dataDir), journalFolder(dataDir)],
      reserve: minFreeBytes,
      waitingBytes: () => backlog.bytes,
      clock,
      log,
    }),
    backlog,
    finishing: new Durations(),
    log,
  };
}

function limits({config}: Run) {
  const {idleSeconds, maxPduBytes, maxAssociations, maxAssociationBytes, minBytesPerSecond} = config.RECEIVER;
  return {
    idleTimeoutMs: idleSeconds * 1000,
    maxPduLength: maxPduBytes,
    maxAssociations,
    maxAssociationBytes,
    minBytesPerSecond,
  };
}

interface Parts {
  readonly receiver: Receiver;
  readonly archive: Archive;
  readonly tls: TlsPort | undefined;
  readonly paths: ReceiverPaths;
  readonly root: DataRoot;
  readonly run: Run;
}

function openMetrics({receiver, archive, tls, paths, root, run}: Parts): MetricsFile | undefined {
  const {metricsSeconds, metricsDir} = run.config.RECEIVER;
  if (metricsSeconds === 0) return undefined;
  const now = () => Math.round(run.clock.now().getTime() / 1000);
  const startedAt = now();
  return new MetricsFile({
    path: join(metricsDir ?? join(paths.log, '..'), `storescpd${root.nameOrAbcd}.prom`),
    everyMs: metricsSeconds * 1000,
    log: run.log,
    text: () =>
      metricsText({
        counters: receiver.counters,
        openAssociations: receiver.openAssociations,
        finishing: archive.finishing,
        spareBytes: archive.space.spareBytes,
        waitingBytes: archive.backlog.bytes,
        residentBytes: process.memoryUsage.rss(),
        startedAt,
        writtenAt: now(),
        certificateEnd: tls?.certificateEnd(),
      }),
  });
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
