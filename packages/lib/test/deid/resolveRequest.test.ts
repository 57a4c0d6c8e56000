import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {loadConfig} from '../../src/config/load.ts';
import {projectStyle, resolveDeidRequest} from '../../src/deid/resolveRequest.ts';

describe('the request that the configuration makes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deid-config-'));
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  async function section(anonymizer: object) {
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify({ANONYMIZER: anonymizer}));
    return (await loadConfig(path, {keys: ['ANONYMIZER']})).ANONYMIZER;
  }

  it('has the defaults that old data were made with', async () => {
    const request = await resolveDeidRequest(await section({}), {project: 'P', subject: 'S'});
    expect(request).toMatchObject({
      uidRoot: '1.3.6.1.4.1.45037.',
      uidStyle: 'oid',
      dateIncrement: 42,
      ageCap: 90,
      narrative: 'remove',
      event: '',
      allow: [],
    });
  });

  it('has the project’s own keys where it has some', async () => {
    writeFileSync(join(folder, 'words.txt'), 'fotballkne\n');
    const own = {
      uidStyle: 'hex',
      dateIncrement: 7,
      ageCap: null,
      retain: {deviceIdentity: true},
      vocabularyFile: join(folder, 'words.txt'),
    };
    const config = await section({
      trialSponsor: 'Sponsor',
      projects: {OLD: own},
      profileOverrides: [{tag: '0018,1160', action: 'X', reason: 'names rooms'}],
    });
    const request = await resolveDeidRequest(config, {project: 'OLD', subject: 'S', event: 'Baseline'});
    expect(request).toMatchObject({
      uidStyle: 'hex',
      dateIncrement: 7,
      ageCap: null,
      retain: {deviceIdentity: true},
      siteWords: 'fotballkne\n',
      trialSponsor: 'Sponsor',
      event: 'Baseline',
    });
    expect(request.profileOverrides).toEqual([{tag: 0x0018_1160, action: 'remove', reason: 'names rooms'}]);
    expect(projectStyle(config, 'OTHER')).toMatchObject({uidStyle: 'oid', dateIncrement: 42});
  });

  it('has the key of a keyed project, and is refused without a good one', async () => {
    const key = join(folder, 'key');
    writeFileSync(key, Buffer.alloc(32, 9), {mode: 0o600});
    const config = await section({projects: {NEW: {uidStyle: 'keyed', pseudonymKeyFile: key}}});
    const request = await resolveDeidRequest(config, {project: 'NEW', subject: 'S'});
    expect(Buffer.from(request.key ?? []).equals(Buffer.alloc(32, 9))).toBe(true);
    writeFileSync(key, 'short');
    await expect(resolveDeidRequest(config, {project: 'NEW', subject: 'S'})).rejects.toMatchObject({
      option: 'pseudonymKeyFile',
      exitCode: 78,
    });
    chmodSync(key, 0o644);
    await expect(resolveDeidRequest(config, {project: 'NEW', subject: 'S'})).rejects.toThrow(/readable by others/);
  });

  it('is refused when a file is missing or an override is none', async () => {
    const missing = await section({vocabularyFile: join(folder, 'none.txt')});
    await expect(resolveDeidRequest(missing, {project: 'P', subject: 'S'})).rejects.toThrow(/cannot be read/);
    const wrong = await section({profileOverrides: [{tag: '0018,1160', action: 'burn', reason: 'x'}]});
    await expect(resolveDeidRequest(wrong, {project: 'P', subject: 'S'})).rejects.toThrow(/no action/);
  });
});
