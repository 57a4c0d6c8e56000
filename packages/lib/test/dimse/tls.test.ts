import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {serverIdentity} from '../../../sandbox/src/tls/certificates.ts';
import {silentLog} from '../../src/cli/log.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {peerAt, rawConnection, run, runningReceiver, temporaryFolder, writeSamples} from './helpers.ts';

async function runningTlsReceiver() {
  const {key, cert, caFile} = await serverIdentity(temporaryFolder(), '127.0.0.1');
  const running = await runningReceiver({tls: {key, cert, minVersion: 'TLSv1.2'}});
  const ca = readFileSync(caFile);
  return {...running, caFile, peer: peerAt(running.receiver.port, {tls: {ca}})};
}

describe('TLS', () => {
  it('carries echo and instances', async () => {
    const {peer, files} = await runningTlsReceiver();
    await echo(peer);
    const instances = writeSamples(10, {pixelBytes: 600_000});
    expect(await storeInstances({peer, instances, log: silentLog})).toMatchObject({stored: 10});
    expect(files()).toHaveLength(10);
  });

  it('refuses a server whose certificate nobody vouches for', async () => {
    const {receiver} = await runningTlsReceiver();
    await expect(echo(peerAt(receiver.port, {tls: {}}))).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringMatching(/certificate/),
    });
  });

  it('shrugs off peers without TLS', async () => {
    const {receiver, peer} = await runningTlsReceiver();
    const raw = await rawConnection(receiver.port);
    raw.socket.write(Buffer.alloc(200, 1));
    await raw.closed;
    await expect(echo(peerAt(receiver.port))).rejects.toMatchObject({failure: 'closed'});
    await echo(peer);
  });

  it('is spoken with DCMTK', async () => {
    const {receiver, caFile, files} = await runningTlsReceiver();
    const [sample] = writeSamples(1);
    const {code, output} = await run('storescu', [
      '--anonymous-tls',
      '--add-cert-file',
      caFile,
      '127.0.0.1',
      String(receiver.port),
      sample?.path ?? '',
    ]);
    expect(code, output).toBe(0);
    expect(files()).toEqual([sample?.sopInstanceUid]);
  });
});
