import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import {runToolToEnd} from './runTool.ts';
import type {ToolResult} from './sandbox.ts';

/** A data root with a receiver of its own. */
export interface ReceiverSite {
  readonly dir: string;
  readonly dataDir: string;
  readonly serverDir: string;
  readonly port: number;
  readonly configFile: string;
  /** Runs storectl with a verb. */
  storectl(verb: string, ...args: string[]): Promise<ToolResult>;
  /** Names of the archive's files by study folder; half-received ones included. */
  archive(): Record<string, string[]>;
  /** Lines of the journal. */
  journal(): string[];
  /** The receiver's log. */
  log(): string;
  /** Pid of the receiver that runs. */
  pid(): number;
  /** Stops the receiver and removes the folders. */
  remove(): Promise<void>;
}

/** A TCP port of loopback that is free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}

/** Makes the folders and the configuration; nothing is started. `dataDir` may be a folder of the test's own (a small disk). */
export async function makeReceiverSite(
  change: Record<string, unknown> = {},
  options: {readonly dataDir?: string} = {},
): Promise<ReceiverSite> {
  const dir = mkdtempSync(join(tmpdir(), 'fiona-receiver-'));
  const dataDir = options.dataDir ?? join(dir, 'data');
  const serverDir = join(dir, 'server');
  for (const folder of [dataDir, serverDir]) mkdirSync(folder, {recursive: true});
  const port = await freePort();
  const configFile = join(dir, 'config.json');
  const config = {
    DATADIR: dataDir,
    DICOMIP: '127.0.0.1',
    DICOMPORT: port,
    PROCESSING_USER: userInfo().username,
    PATHS: {serverDir},
    RECEIVER: {listenAddress: '127.0.0.1'},
    ...change,
  };
  writeFileSync(configFile, JSON.stringify(config));
  const names = (folder: string): string[] => {
    try {
      return readdirSync(folder).sort();
    } catch {
      return [];
    }
  };
  const site: ReceiverSite = {
    dir,
    dataDir,
    serverDir,
    port,
    configFile,
    storectl: (verb, ...args) => runToolToEnd({tool: 'server/bin/storectl', args: [verb, ...args], config: configFile}),
    archive() {
      const root = join(dataDir, 'site/archive');
      return Object.fromEntries(names(root).map(folder => [folder, names(join(root, folder))]));
    },
    journal() {
      const folder = join(dataDir, 'site/.journal');
      const segments = names(folder).filter(name => name.endsWith('.log'));
      return segments.flatMap(name =>
        readFileSync(join(folder, name), 'utf8')
          .split('\n')
          .filter(line => line !== ''),
      );
    },
    log: () => readFileSync(join(serverDir, 'logs/storescpdABCD.log'), 'utf8'),
    pid: () => (JSON.parse(readFileSync(join(serverDir, '.pids/storescpd.pid'), 'utf8')) as {pid: number}).pid,
    async remove() {
      await site.storectl('stop');
      rmSync(dir, {recursive: true, force: true});
    },
  };
  return site;
}
