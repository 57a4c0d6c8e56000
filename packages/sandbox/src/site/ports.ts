import {randomInt} from 'node:crypto';
import {createServer} from 'node:net';
import type {DatabaseSync} from 'node:sqlite';
import {readSetting, writeSetting} from '../store/settings.ts';

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** A free port below the range from which the system takes ports of outgoing connections: it is still free a minute later. */
async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port, host)) return port;
  }
}

/** The port kept in the sandbox folder under this name, or a free one that is kept from now on. */
export async function keptPort(
  database: DatabaseSync,
  name: 'redcap' | 'pacs' | 'receiver',
  host: string,
): Promise<number> {
  const kept = Number(readSetting(database, `${name}Port`) ?? 0);
  if (kept > 0) return kept;
  const port = await freePort(host);
  writeSetting(database, `${name}Port`, String(port));
  return port;
}
