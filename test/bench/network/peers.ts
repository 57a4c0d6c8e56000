import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, renameSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {archiveRoot} from '@fiona/lib/site/layout';
import {startOrthanc} from '../../support/orthanc.ts';
import {freePort} from '../../support/receiverSite.ts';
import {makeGateway, startReceiver} from '../gateway.ts';
import {waitForPort} from '../ports.ts';
import {runProgram} from '../programs.ts';
import type {Workspace} from '../workspace.ts';
import type {SharedInstances} from './sharedInstances.ts';

/** Environment of DCMTK's tools as sites set it to make them quick. */
export const tuned = {TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'};
/** Without it each instance waits for delayed acknowledgements of TCP. */
export const asInstalled = {};

/** Who takes instances from the network. */
export interface Receiving {
  readonly port: number;
  /** Undefined for who does not run on our terms. */
  readonly pid?: number;
  /** Instances it has stored. */
  count(): number | Promise<number>;
  /** Removes what it has stored. */
  empty(): void | Promise<void>;
  stop(): Promise<void>;
}

/** Sends all instances to a port of loopback, as many associations at a time as they have shares. @throws Error when it fails */
export type Sending = (instances: SharedInstances, port: number) => Promise<void>;

/** Our sender: one process, associations in parallel. @param program bundle of `programs/send.ts` */
export function ourSender(workspace: Workspace, program: string): Sending {
  return async ({folder, shares}, port) => {
    await runProgram(workspace, program, [String(port), folder, String(shares.length)]);
  };
}

/** DCMTK's storescu: a process with one association for each share. */
export function storescu(workspace: Workspace, environment: Record<string, string>): Sending {
  const send = async (folder: string, port: number): Promise<void> => {
    const child = workspace.start('storescu', ['+sd', '127.0.0.1', String(port), folder], environment);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`storescu ended with ${code}`);
  };
  return async ({shares}, port) => {
    await Promise.all(shares.map(share => send(share, port)));
  };
}

/** Our receiver as it is installed. */
export async function ourReceiver(workspace: Workspace, durability: 'fsync' | 'none'): Promise<Receiving> {
  const gateway = await makeGateway(workspace, `gateway-${durability}`, {durability});
  const daemon = await startReceiver(workspace, gateway);
  const root = archiveRoot(gateway.dataDir);
  return {
    port: gateway.port,
    pid: daemon.pid,
    count: () => readdirSync(root, {recursive: true, withFileTypes: true}).filter(entry => entry.isFile()).length,
    empty() {
      for (const study of readdirSync(root)) putAway(workspace, join(root, study));
    },
    async stop() {
      await daemon.stop();
      workspace.remove(workspace.path(`gateway-${durability}`));
    },
  };
}

/** DCMTK's storescp, a process for each association. */
export async function storescp(workspace: Workspace, environment: Record<string, string>): Promise<Receiving> {
  const port = await freePort();
  const folder = workspace.path(`storescp-${port}`);
  mkdirSync(folder);
  const child = workspace.start('storescp', ['--fork', '-od', folder, String(port)], environment);
  await waitForPort(port);
  return {
    port,
    count: () => readdirSync(folder).length,
    empty() {
      putAway(workspace, folder);
      mkdirSync(folder);
    },
    async stop() {
      await workspace.stop(child);
      workspace.remove(folder);
    },
  };
}

/**
 * Makes a folder's files empty and moves it out of the way. Not removed before the end: for minutes ext4 makes new files the more
 * slowly the more were removed, which none of the rivals is to pay for.
 */
function putAway(workspace: Workspace, folder: string): void {
  for (const name of readdirSync(folder)) truncateSync(join(folder, name));
  const away = workspace.path('away');
  mkdirSync(away, {recursive: true});
  renameSync(folder, mkdtempSync(join(away, 'used-')));
}

/** Orthanc, a research PACS. */
export async function orthanc(workspace: Workspace): Promise<Receiving> {
  const {port, process, count, empty, stop} = await startOrthanc();
  workspace.adopt(process);
  return {port, count, empty, stop};
}
