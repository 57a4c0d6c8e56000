import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {silentLog} from '@fiona/lib/cli/log';
import {storeInstances} from '@fiona/lib/dimse/storeScu';

/** `send <port> <folder> <associations>`: sends a folder to a port of loopback with our sender. */
async function send([port = '', folder = '', associations = '1']: readonly string[]): Promise<void> {
  const instances = readdirSync(folder)
    .sort()
    .map(name => ({path: join(folder, name)}));
  const peer = {host: '127.0.0.1', port: Number(port), aeTitle: 'ANY-SCP', callingAeTitle: 'BENCH'};
  const {stored, failure} = await storeInstances({
    peer,
    instances,
    associations: Number(associations),
    log: silentLog,
  });
  if (stored === instances.length) return;
  console.error(`${instances.length - stored} instances were not stored: ${failure?.message ?? 'refused'}`);
  process.exitCode = 1;
}

void send(process.argv.slice(2));
