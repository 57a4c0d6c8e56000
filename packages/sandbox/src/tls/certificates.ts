import {createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {isIP} from 'node:net';
import {hostname} from 'node:os';
import {join} from 'node:path';
import type {pki} from 'node-forge';

/** The server's key and certificate, and where its authority's certificate lies for clients. */
export interface ServerIdentity {
  key: string;
  cert: string;
  caFile: string;
}

const DAY = 86_400_000;

/**
 * The throw-away authority and server certificate of a sandbox folder (`D/tls`), made at first use and again when the
 * certificate is about to end or does not name `host`. The authority's key is thrown away at once.
 */
export async function serverIdentity(folder: string, host: string): Promise<ServerIdentity> {
  const tls = join(folder, 'tls');
  const [caFile, keyFile, certFile] = ['ca.pem', 'server.key', 'server.pem'].map(name => join(tls, name)) as [
    string,
    string,
    string,
  ];
  if (!isUsable([caFile, keyFile, certFile], host)) {
    const made = await makeCertificates([...new Set(['127.0.0.1', '::1', 'localhost', hostname(), host])]);
    mkdirSync(tls, {recursive: true, mode: 0o700});
    writeWhole(keyFile, made.key, 0o600);
    writeWhole(certFile, made.cert, 0o644);
    writeWhole(caFile, made.ca, 0o644);
  }
  return {key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), caFile};
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.tmp`, text, {mode});
  renameSync(`${path}.tmp`, path);
}

function isUsable(files: [string, string, string], host: string): boolean {
  if (!files.every(file => existsSync(file))) return false;
  try {
    const [ca, key, cert] = files.map(file => readFileSync(file, 'utf8')) as [string, string, string];
    const server = new X509Certificate(cert);
    const authority = new X509Certificate(ca);
    const named = server.checkIP(host) ?? server.checkHost(host);
    const matches = server.checkPrivateKey(createPrivateKey(key)) && server.verify(authority.publicKey);
    return named !== undefined && matches && server.validToDate.getTime() > Date.now() + 30 * DAY;
  } catch {
    return false;
  }
}

interface Made {
  ca: string;
  cert: string;
  key: string;
}

/** Makes an authority and a server certificate for these addresses or names, valid for two years. */
async function makeCertificates(hosts: string[]): Promise<Made> {
  const {default: forge} = await import('node-forge');
  const newKeys = (): {pem: string; publicKey: pki.PublicKey; privateKey: pki.rsa.PrivateKey} => {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: {type: 'spki', format: 'pem'},
      privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
    });
    return {
      pem: pair.privateKey,
      publicKey: forge.pki.publicKeyFromPem(pair.publicKey),
      privateKey: forge.pki.privateKeyFromPem(pair.privateKey),
    };
  };
  const template = (publicKey: pki.PublicKey): pki.Certificate => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey;
    // a serial number must be positive
    certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
    certificate.validity.notBefore = new Date(Date.now() - DAY);
    certificate.validity.notAfter = new Date(Date.now() + 730 * DAY);
    return certificate;
  };
  const authorityName = [{name: 'commonName', value: 'Fiona sandbox throw-away CA'}];
  const authorityKeys = newKeys();
  const authority = template(authorityKeys.publicKey);
  authority.setSubject(authorityName);
  authority.setIssuer(authorityName);
  authority.setExtensions([
    {name: 'basicConstraints', cA: true, critical: true},
    {name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true},
    {name: 'subjectKeyIdentifier'},
  ]);
  authority.sign(authorityKeys.privateKey, forge.md.sha256.create());

  const keys = newKeys();
  const server = template(keys.publicKey);
  server.setSubject([{name: 'commonName', value: 'Fiona sandbox'}]);
  server.setIssuer(authorityName);
  server.setExtensions([
    {name: 'basicConstraints', cA: false},
    {name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true},
    {name: 'extKeyUsage', serverAuth: true},
    {
      name: 'subjectAltName',
      altNames: hosts.map(host => (isIP(host) ? {type: 7, ip: host} : {type: 2, value: host})),
    },
  ]);
  server.sign(authorityKeys.privateKey, forge.md.sha256.create());
  return {ca: forge.pki.certificateToPem(authority), cert: forge.pki.certificateToPem(server), key: keys.pem};
}
