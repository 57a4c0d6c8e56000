import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {listSegments, readPosition, segmentPath} from '@fiona/lib/site/journalSegments';
import {freePort} from '../support/receiverSite.ts';
import {waitForPort} from './ports.ts';
import type {Workspace} from './workspace.ts';

const repository = dirname(dirname(import.meta.dirname));

/** A bundled tool as it is installed: `server/bin/storectl`. `FIONA_BENCH_DIST` names another build to measure. */
export function installed(tool: string): string {
  return join(process.env.FIONA_BENCH_DIST ?? join(repository, 'dist'), tool);
}

/** Folders and configuration of a gateway, nothing running. */
export interface Gateway {
  readonly dataDir: string;
  readonly serverDir: string;
  readonly configFile: string;
  readonly port: number;
}

/** A process of the gateway. */
export interface Daemon {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Makes a data root below the workspace. @param receiver more of the section `RECEIVER` */
export async function makeGateway(
  workspace: Workspace,
  name: string,
  receiver: Record<string, unknown> = {},
): Promise<Gateway> {
  const dir = workspace.path(name);
  const [dataDir, serverDir] = [join(dir, 'data'), join(dir, 'server')];
  for (const folder of [dataDir, join(serverDir, 'bin')]) mkdirSync(folder, {recursive: true});
  const rules = readFileSync(join(repository, 'packages/server/bin/processSingleFile3/classifyRules.example.json'));
  writeFileSync(join(serverDir, 'bin/classifyRules.json'), rules);
  const port = await freePort();
  const configFile = join(dir, 'config.json');
  const config = {
    DATADIR: dataDir,
    DICOMIP: '127.0.0.1',
    DICOMPORT: port,
    PROCESSING_USER: userInfo().username,
    PATHS: {serverDir, classifyRules: join(serverDir, 'bin/classifyRules.json')},
    RECEIVER: {listenAddress: '127.0.0.1', ...receiver},
  };
  writeFileSync(configFile, JSON.stringify(config));
  return {dataDir, serverDir, configFile, port};
}

function startDaemon(workspace: Workspace, tool: string, {configFile, dataDir}: Gateway): Daemon {
  const env = {TMPDIR: dirname(dataDir)};
  const child = workspace.start(installed(tool), ['serve', '--config', configFile], env);
  return {pid: child.pid ?? 0, stop: () => workspace.stop(child)};
}

/** Starts the receiver and waits until it answers. */
export async function startReceiver(workspace: Workspace, gateway: Gateway): Promise<Daemon> {
  const daemon = startDaemon(workspace, 'server/bin/storectl', gateway);
  await waitForPort(gateway.port);
  return daemon;
}

/** Starts the index daemon; it may not have begun yet. */
export function startIndexer(workspace: Workspace, gateway: Gateway): Daemon {
  return startDaemon(workspace, 'server/bin/processSingleFile3', gateway);
}

/** Waits until the index daemon has saved a position behind everything that is in the journal now. */
export async function indexCaughtUp({dataDir}: Gateway): Promise<void> {
  const last = (await listSegments(dataDir)).at(-1) ?? 1;
  const end = statSync(segmentPath(dataDir, last)).size;
  for (;;) {
    const {segment = 0, offset = 0} = (await readPosition(dataDir).catch(() => undefined)) ?? {};
    if (segment > last || (segment === last && offset >= end)) return;
    await sleep(5);
  }
}
