import {once} from 'node:events';
import {mkdirSync, readdirSync} from 'node:fs';
import {freePort} from '../support/receiverSite.ts';
import {waitForPort} from './ports.ts';
import type {Workspace} from './workspace.ts';

/** What sites set to make DCMTK quick; without it each instance waits for delayed acknowledgements of TCP. */
export const tuned = {TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'};
export const asInstalled = {};

/** A running storescp. */
export interface Storescp {
  readonly port: number;
  readonly folder: string;
  /** Files it has stored. */
  count(): number;
  /** Removes what it has stored. */
  empty(): void;
  stop(): Promise<void>;
}

/** Starts storescp on a free port and waits until it answers. */
export async function startStorescp(workspace: Workspace, environment: Record<string, string>): Promise<Storescp> {
  const port = await freePort();
  const folder = workspace.path(`storescp-${port}`);
  mkdirSync(folder);
  const child = workspace.start('storescp', ['-od', folder, String(port)], environment);
  await waitForPort(port);
  return {
    port,
    folder,
    count: () => readdirSync(folder).length,
    empty() {
      workspace.remove(folder);
      mkdirSync(folder);
    },
    stop: () => workspace.stop(child),
  };
}

/** Sends a folder with storescu on one association. @throws Error when it ends with a failure */
export async function storescu(
  workspace: Workspace,
  {folder, port, environment}: {folder: string; port: number; environment: Record<string, string>},
): Promise<void> {
  const child = workspace.start('storescu', ['+sd', '127.0.0.1', String(port), folder], environment);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`storescu ended with ${code}`);
}
