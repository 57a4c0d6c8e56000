import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {find} from '../../src/dimse/findScu.ts';
import {get} from '../../src/dimse/getScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {type TlsBlock, tlsOptions} from '../../src/dimse/tlsOptions.ts';
import {
  background,
  ctImageStorage,
  folderStore,
  freePort,
  listening,
  onCleanup,
  peerAt,
  runningReceiver,
  temporaryFolder,
  writeSamples,
} from './helpers.ts';
import {runningOrthanc} from './runningOrthanc.ts';

const log = silentLog;

/** A self-signed certificate, which is its own authority. */
function identity(folder: string, name: string, altName: string): {certFile: string; keyFile: string} {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
  const files = ['-addext', `subjectAltName=${altName}`, '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', [...request, ...files], {stdio: 'ignore'});
  return {certFile, keyFile};
}

describe('our sender by TLS', () => {
  let pacs: {certFile: string; keyFile: string};
  let gateway: {certFile: string; keyFile: string};
  let elsewhere: {certFile: string; keyFile: string};
  const folder = mkdtempSync(join(tmpdir(), 'dimse-tls-'));
  afterAll(() => rmSync(folder, {recursive: true}));
  beforeAll(() => {
    pacs = identity(folder, 'pacs', 'IP:127.0.0.1');
    gateway = identity(folder, 'gateway', 'IP:127.0.0.1');
    elsewhere = identity(folder, 'elsewhere', 'DNS:pacs.example.org');
  });

  const block = (more: Partial<TlsBlock> = {}) => ({caFile: pacs.certFile, ...gateway, ...more});

  async function storescp(own: {certFile: string; keyFile: string}, ...options: string[]) {
    const folder = temporaryFolder();
    const port = await freePort();
    const identified = ['+tls', own.keyFile, own.certFile, '+cf', gateway.certFile];
    background('storescp', [...identified, ...options, '-od', folder, String(port)]);
    await listening(port);
    return {files: () => readdirSync(folder), peerWith: (tls: TlsBlock) => peerAt(port, {tls: tlsOptions(tls, 'TLS')})};
  }

  it('shows its certificate to storescp, which asks for it, and sends over several associations', async () => {
    const {files, peerWith} = await storescp(pacs, '--fork');
    const instances = writeSamples(12, {pixelBytes: 300_000});
    const summary = await storeInstances({peer: peerWith(block()), instances, associations: 3, log});
    expect(summary).toMatchObject({stored: 12, associations: 3});
    expect(files()).toHaveLength(12);
  });

  it('without a certificate is turned away by it, for now, with a sentence', async () => {
    const {peerWith} = await storescp(pacs);
    const summary = await storeInstances({peer: peerWith({caFile: pacs.certFile}), instances: writeSamples(2), log});
    expect(summary).toMatchObject({stored: 0, temporary: 2, unreachable: true});
    expect(summary.failure?.message).toMatch(/certificate|handshake|alert/i);
  });

  it('sends nothing to a server with a certificate nobody vouches for, or made out to another name', async () => {
    const stranger = await storescp(elsewhere);
    const unknown = stranger.peerWith(block());
    await expect(echo(unknown)).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringMatching(/certificate/),
    });
    const named = stranger.peerWith(block({caFile: elsewhere.certFile}));
    await expect(echo(named)).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringMatching(/IP: 127\.0\.0\.1/),
    });
    await echo(stranger.peerWith(block({caFile: elsewhere.certFile, serverName: 'pacs.example.org'})));
    await echo(stranger.peerWith(block({verify: false})));
  });

  it('gives up on a port that does not speak TLS, and on one that says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    const chatty = createServer(socket => void socket.end('220 welcome\r\n')).listen(0, '127.0.0.1');
    onCleanup(() => [silent.close(), chatty.close()]);
    await Promise.all([silent, chatty].map(server => new Promise(resolve => server.once('listening', resolve))));
    for (const server of [silent, chatty]) {
      const {port} = server.address() as {port: number};
      const peer = peerAt(port, {tls: tlsOptions(block(), 'TLS'), connectTimeoutMs: 300});
      await expect(echo(peer)).rejects.toMatchObject({failure: 'connect'});
    }
  });

  it('says which key or certificate cannot be used', async () => {
    const missing = block({caFile: '/nowhere/ca.pem'});
    expect(() => tlsOptions(missing, 'X.tls')).toThrow(
      'X.tls.caFile: /nowhere/ca.pem cannot be read: no such file or folder (ENOENT)',
    );
    const open = join(temporaryFolder(), 'key');
    writeFileSync(open, readFileSync(gateway.keyFile), {mode: 0o644});
    expect(() => tlsOptions(block({keyFile: open}), 'X.tls')).toThrow(/X\.tls\.keyFile: .*key/);
    const peer = peerAt(await freePort(), {tls: tlsOptions(block({certFile: pacs.certFile}), 'TLS')});
    await expect(echo(peer)).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringMatching(/^the key or certificate for RECEIVER at .* cannot be used: .*mismatch/),
    });
  });

  it('that comes without a certificate is turned away by TLS 1.3 too, and stores nothing', async () => {
    const own = {
      key: readFileSync(pacs.keyFile),
      cert: readFileSync(pacs.certFile),
      ca: readFileSync(gateway.certFile),
    };
    const receiver = await runningReceiver({tls: {...own, requestCert: true, rejectUnauthorized: true}});
    const peerWith = (tls: TlsBlock) => peerAt(receiver.receiver.port, {tls: tlsOptions(tls, 'TLS')});
    const instances = writeSamples(2);
    const summary = await storeInstances({peer: peerWith({caFile: pacs.certFile}), instances, log});
    expect(summary).toMatchObject({stored: 0, temporary: 2, unreachable: true});
    expect(summary.failure?.message).toMatch(/certificate required/);
    expect(await storeInstances({peer: peerWith(block()), instances, log})).toMatchObject({stored: 2});
  });

  it('stores at Orthanc, queries it and gets back from it', async () => {
    const {peer: plain} = await runningOrthanc(
      {},
      {
        DicomTlsEnabled: true,
        DicomTlsPrivateKey: pacs.keyFile,
        DicomTlsCertificate: pacs.certFile,
        DicomTlsTrustedCertificates: gateway.certFile,
        DicomTlsRemoteCertificateRequired: true,
      },
    );
    const peer = {...plain, tls: tlsOptions(block(), 'TLS')};
    const instances = writeSamples(5, {pixelBytes: 200_000, studyUid: '1.2.3.77'});
    expect(await storeInstances({peer, instances, log})).toMatchObject({stored: 5});
    const keys = new Map([[0x0020000d, '1.2.3.77']]);
    expect(await Array.fromAsync(find({peer, level: 'STUDY', keys}))).toHaveLength(1);
    const folder = temporaryFolder();
    const expected = instances.map(({sopInstanceUid}) => sopInstanceUid);
    await get({peer, level: 'STUDY', keys, sopClasses: [ctImageStorage], store: folderStore(folder), expected});
    expect(readdirSync(folder).sort()).toEqual(expected.sort());
  });
});
