import {execFileSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type ConnectionOptions, connect} from 'node:tls';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Log} from '../../src/cli/log.ts';
import {silentLog} from '../../src/cli/log.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {
  type ListenerTlsBlock,
  listenerTlsOptions,
  type TlsProfile,
  watchTlsFiles,
} from '../../src/dimse/tlsListener.ts';
import {eventually, onCleanup, peerAt, run, runningReceiver, writeSamples} from './helpers.ts';
import {RawPeer, storeMessage} from './rawPeer.ts';

interface Identity {
  certFile: string;
  keyFile: string;
}

const identities = mkdtempSync(join(tmpdir(), 'dimse-tls-'));
afterAll(() => rmSync(identities, {recursive: true}));

/** A self-signed certificate, which is its own authority. */
function identity(name: string): Identity {
  const folder = mkdtempSync(join(identities, 'of-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', `/CN=${name}`];
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', [...request, ...files], {stdio: 'ignore'});
  chmodSync(keyFile, 0o600);
  return {certFile, keyFile};
}

const pemOf = ({certFile, keyFile}: Identity) => ({cert: readFileSync(certFile), key: readFileSync(keyFile)});

async function tlsReceiver(own: Identity, more: Partial<ListenerTlsBlock> = {}, log: Log = silentLog) {
  const block: ListenerTlsBlock = {...own, verify: true, profile: 'bcp195', ...more};
  const running = await runningReceiver({log});
  const listener = await running.receiver.listen({host: '127.0.0.1', port: 0, tls: listenerTlsOptions(block)});
  const peerWith = (tls: ConnectionOptions = {}) =>
    peerAt(listener.port, {tls: {ca: readFileSync(own.certFile), ...tls}});
  return {...running, listener, block, peerWith};
}

describe('the TLS listener', () => {
  let own: Identity;
  let modality: Identity;
  let stranger: Identity;
  beforeAll(() => {
    [own, modality, stranger] = ['receiver', 'CT1.example.org', 'stranger'].map(identity) as [
      Identity,
      Identity,
      Identity,
    ];
  });

  it('serves beside the plain port, under the same limits', async () => {
    const {receiver, peerWith, peer, files} = await tlsReceiver(own);
    await Promise.all([echo(peer), echo(peerWith())]);
    expect(await storeInstances({peer: peerWith(), instances: writeSamples(3), log: silentLog})).toMatchObject({
      stored: 3,
    });
    expect(files()).toHaveLength(3);
    await eventually(() => receiver.counters.ends.get('released') === 3);
  });

  it('lets in only clients whose certificate it knows, and says who they are', async () => {
    const lines: string[] = [];
    const add = (line: string) => void lines.push(line);
    const log = {debug: add, info: add, warn: add, error: add};
    const {receiver, peerWith} = await tlsReceiver(own, {caFile: modality.certFile}, log);
    await echo(peerWith(pemOf(modality)));
    await expect(echo(peerWith(pemOf(stranger)))).rejects.toThrow();
    await expect(echo(peerWith())).rejects.toThrow();
    await eventually(() => receiver.counters.handshakeFailures === 2 && lines.some(line => line.includes('released')));
    expect(lines.find(line => line.includes('released'))).toContain('SENDER (127.0.0.1, TLSv1.3 as CT1.example.org)');
    expect(lines.filter(line => line.startsWith('a TLS handshake of '))).toHaveLength(2);
  });

  it('lets everybody in when it is told not to verify', async () => {
    const {peerWith} = await tlsReceiver(own, {caFile: modality.certFile, verify: false});
    await echo(peerWith(pemOf(stranger)));
    await echo(peerWith());
  });

  it.each(['bcp195', 'bcp195-modified'] as const)(
    'speaks TLS 1.2 and 1.3 as profile %s wants it, and nothing older',
    async profile => {
      const {listener} = await tlsReceiver(own, {profile});
      const handshake = (options: ConnectionOptions) =>
        new Promise<string>(resolve => {
          const socket = connect({port: listener.port, host: '127.0.0.1', rejectUnauthorized: false, ...options});
          socket.on('secureConnect', () => {
            resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
            socket.destroy();
          });
          socket.on('error', error => resolve(`refused: ${error.message}`));
        });
      expect(await handshake({})).toMatch(/^TLSv1\.3 TLS_AES_256_GCM/);
      expect(await handshake({maxVersion: 'TLSv1.2'})).toMatch(/^TLSv1\.2 ECDHE-RSA-AES(128|256)-GCM/);
      const weak = 'ECDHE-RSA-AES128-SHA:AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-GCM-SHA384';
      for (const ciphers of weak.split(':'))
        expect(await handshake({maxVersion: 'TLSv1.2', ciphers})).toMatch(/^refused/);
      expect(await handshake({minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0'})).toMatch(
        /^refused/,
      );
    },
  );

  it.each([
    ['bcp195', '--profile-bcp195-nd'],
    ['bcp195', '--profile-bcp195'],
    ['bcp195-modified', '--profile-bcp195-ex'],
  ] as [TlsProfile, string][])(
    'with profile %s is spoken with DCMTK %s, certificates on both sides',
    async (profile, option) => {
      const {listener, files} = await tlsReceiver(own, {profile, caFile: modality.certFile});
      const [sample] = writeSamples(1);
      const tls = ['--enable-tls', modality.keyFile, modality.certFile, '--add-cert-file', own.certFile, option];
      const {code, output} = await run('storescu', [...tls, '127.0.0.1', String(listener.port), sample?.path ?? '']);
      expect(code, output).toBe(0);
      expect(files()).toEqual([sample?.sopInstanceUid]);
    },
  );

  it('refuses a key that others may read, and files that are no certificate', () => {
    const open = {...identity('x'), verify: true, profile: 'bcp195'} as const;
    chmodSync(open.keyFile, 0o644);
    expect(() => listenerTlsOptions(open)).toThrow(/readable by others/);
    expect(() => listenerTlsOptions({...open, keyFile: stranger.keyFile})).toThrow(/key values mismatch/);
    writeFileSync(open.certFile, 'no certificate');
    expect(() => listenerTlsOptions({...open, keyFile: stranger.keyFile})).toThrow();
  });

  it('takes changed certificate files over without a restart, keeps the old ones when they are broken', async () => {
    const used = identity('first');
    const second = identity('second');
    const first = readFileSync(used.certFile);
    const lines: string[] = [];
    const add = (line: string) => void lines.push(line);
    const log = {debug: add, info: add, warn: add, error: add};
    const {receiver, listener, block, files} = await tlsReceiver(used);
    const watch = watchTlsFiles({block, everyMs: 20, log, renew: options => listener.renew(options)});
    onCleanup(() => watch.stop());
    const echoTrusting = (ca: Buffer) => echo(peerAt(listener.port, {tls: {ca}}));

    // An association that is open when the certificate changes goes on.
    const socket = connect({port: listener.port, host: '127.0.0.1', ca: first});
    const peer = new RawPeer(socket);
    await peer.associate();

    // The certificate alone does not fit to the key: what half a copy looks like.
    copyFileSync(second.certFile, used.certFile);
    await eventually(() => lines.length === 1);
    expect(lines[0]).toMatch(/cannot be used, the old ones stay in use: .*key values mismatch/);
    await echoTrusting(first);

    copyFileSync(second.keyFile, used.keyFile);
    await eventually(() => lines.length === 2);
    expect(lines[1]).toContain('certificate taken over');
    await echoTrusting(readFileSync(second.certFile));
    await expect(echoTrusting(first)).rejects.toMatchObject({failure: 'connect'});

    writeFileSync(used.certFile, 'garbage');
    await eventually(() => lines.length === 3);
    await echoTrusting(readFileSync(second.certFile));

    peer.write(storeMessage('1.2.3', Buffer.alloc(1000)));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(files()).toEqual(['1.2.3']);
    expect(receiver.counters.handshakeFailures).toBe(1);
    expect(lines).toHaveLength(3);
  });

  it('ends a peer that connects and never begins its handshake, also when the receiver is closed', async () => {
    const {receiver, listener} = await tlsReceiver(own);
    const silent = await RawPeer.connect(listener.port);
    await receiver.close(0);
    expect(await silent.next()).toBeUndefined();
  });
});
