import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeAll, describe, expect, it} from 'vitest';
import {aClient, failureOf, temporaryFolder} from './support/client.ts';
import {type FakeRedcap, startFakeRedcap} from './support/fakeRedcap.ts';

const folder = temporaryFolder();
const certFile = join(folder, 'cert.pem');
const keyFile = join(folder, 'key.pem');
let server: FakeRedcap | undefined;

beforeAll(() => {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, ...subject, '-days', '2'], {stdio: 'ignore'});
});
afterEach(() => server?.close());

async function tlsServer(): Promise<FakeRedcap> {
  server = await startFakeRedcap({key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8')});
  return server;
}

describe('a server with a certificate of an unknown authority', () => {
  it('is not trusted, nothing is sent, and the hint names REDCAP.caFile', async () => {
    const {url, requests} = await tlsServer();
    const error = await failureOf(aClient(url).redcap.version());
    expect(error).toMatchObject({kind: 'tls', exitCode: 78, attempts: 1, mayHaveHappened: false});
    expect(error.hint).toContain('REDCAP.caFile');
    expect(requests).toEqual([]);
  });

  it('is trusted when caFile names the authority', async () => {
    const {url} = await tlsServer();
    const {redcap, log} = aClient(url, {http: {caFile: certFile}});
    expect(await redcap.version()).toBe('14.7.3');
    expect(log.lines).toEqual([]);
  });

  it('is used without a check when verifyTls is false, with a warning', async () => {
    const {url} = await tlsServer();
    const {redcap, log} = aClient(url, {http: {verifyTls: false}});
    expect(await redcap.version()).toBe('14.7.3');
    expect(log.lines).toEqual([expect.stringMatching(/^WARN .*verifyTls/)]);
  });

  it('and a caFile that cannot be read is an error of the configuration', () => {
    expect(() => aClient('https://127.0.0.1/api/', {http: {caFile: join(folder, 'nothing.pem')}})).toThrow(
      /caFile.*no such file/,
    );
  });
});
