import {chmodSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {maskSecrets} from '../../src/cli/secretWords.ts';
import {ConfigError} from '../../src/config/configError.ts';
import {checkConfig} from '../../src/config/load.ts';
import {
  hideEnvironmentSecrets,
  readMailCredentials,
  readPseudonymKey,
  readSecretFile,
  readToken,
} from '../../src/config/secrets.ts';
import {tempFolder} from '../fs/tempFolder.ts';

const folder = tempFolder();
let number = 0;

function aSecret(content: string | Buffer, mode = 0o640): string {
  const path = join(folder, `secret-${number++}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const configWith = (content: object) => checkConfig(JSON.stringify(content), '/c', {keys: []});

describe('readSecretFile', () => {
  it('reads one line and hides it from then on', () => {
    expect(readSecretFile(aSecret('\uFEFFgeheim+wort/1\n'), 'KEY')).toBe('geheim+wort/1');
    expect(maskSecrets('it was geheim+wort/1, or geheim%2Bwort%2F1')).toBe('it was ***, or ***');
  });

  it.each([
    ['readable by others', 'x', 0o644, 'is readable by others (0644)'],
    ['writable by others', 'x', 0o642, 'is accessible by others (0642)'],
    ['empty', '', 0o600, 'is empty'],
    ['blank', ' \n', 0o600, 'is empty'],
    ['too large', 'x'.repeat(65 * 1024), 0o600, 'is larger than 64 KiB'],
  ])('refuses a file that is %s', (_, content, mode, why) => {
    const path = aSecret(content, mode);
    expect(() => readSecretFile(path, 'KEY')).toThrow(ConfigError);
    expect(() => readSecretFile(path, 'KEY')).toThrow(`KEY: ${path} ${why}`);
  });

  it('follows links, refuses folders and missing files', () => {
    const link = join(folder, 'link');
    symlinkSync(aSecret('behind a link'), link);
    expect(readSecretFile(link, 'KEY')).toBe('behind a link');
    mkdirSync(join(folder, 'd'), {mode: 0o700});
    expect(() => readSecretFile(join(folder, 'd'), 'KEY')).toThrow('is no regular file');
    expect(() => readSecretFile(join(folder, 'none'), 'KEY')).toThrow('no such file or folder');
  });
});

describe('readToken', () => {
  it('takes the file, and the environment before it, and keeps that from child processes', () => {
    const config = configWith({
      REDCAP: {projects: {Routing: {tokenFile: aSecret('0123456789abcdef0123456789ABCDEF\n')}}},
    });
    expect(readToken(config, 'Routing')).toBe('0123456789abcdef0123456789ABCDEF');
    process.env.FIONA_TOKEN_ROUTING = 'f'.repeat(32);
    process.env.FIONA_MAIL_PASSWORD = 'mail-geheim';
    hideEnvironmentSecrets();
    expect(process.env.FIONA_TOKEN_ROUTING).toBeUndefined();
    expect(process.env.FIONA_MAIL_PASSWORD).toBeUndefined();
    expect(readToken(config, 'Routing')).toBe('f'.repeat(32));
    expect(maskSecrets(`x ${'f'.repeat(32)} mail-geheim`)).toBe('x *** ***');
  });

  it('refuses what is no token, without showing it', () => {
    const path = aSecret('not-a-token');
    const config = configWith({REDCAP: {projects: {AutoID: {tokenFile: path}}}});
    expect(() => readToken(config, 'AutoID')).toThrow(`${path} holds no API token`);
    expect(() => readToken(config, 'AutoID')).not.toThrow(/not-a-token/);
    expect(() => readToken(config, 'CouplingList')).toThrow('REDCAP.projects.CouplingList.tokenFile: found nothing');
  });
});

describe('other secrets', () => {
  it('of the mail server are a user and a password', () => {
    expect(readMailCredentials(configWith({}))).toBeUndefined();
    const good = configWith({MAIL: {credentialFile: aSecret('{"user": "u", "password": "pass-wort"}')}});
    expect(readMailCredentials(good)).toEqual({user: 'u', password: 'pass-wort'});
    const bad = configWith({MAIL: {credentialFile: aSecret('user:pass-wort-2')}});
    expect(() => readMailCredentials(bad)).toThrow(/MAIL.credentialFile: .* is not \{"user"/);
  });

  it('for pseudonyms are at least 32 bytes, as they are', () => {
    const bytes = Buffer.from([0, 1, 2, ...Buffer.alloc(30, 255)]);
    expect(readPseudonymKey(aSecret(bytes), 'K')).toEqual(bytes);
    expect(() => readPseudonymKey(aSecret('short'), 'K')).toThrow('holds 5 bytes, expected at least 32');
  });
});
