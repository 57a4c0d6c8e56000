import {mkdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ConfigError} from '../../src/config/configError.ts';
import {asUid} from '../../src/dicom/uid.ts';
import {FileError} from '../../src/fs/fileError.ts';
import {compatibleModes, ensureFolder, groupId, siteModes} from '../../src/site/modes.ts';
import {lockStudy} from '../../src/site/studyLock.ts';
import {aDataRoot} from './helpers.ts';

describe('rights below site/', () => {
  it('are as asked for whatever the umask, and what exists is left alone', () => {
    const root = aDataRoot();
    const modes = {folders: 0o2770, leafFolders: 0o1777, files: 0o660, gid: groupId('users')};
    expect(ensureFolder(join(root, 'site/raw/1.2'), modes.leafFolders, modes)).toBe(true);
    expect(statSync(join(root, 'site')).mode & 0o7777).toBe(0o2770);
    expect(statSync(join(root, 'site/raw/1.2')).mode & 0o7777).toBe(0o1777);
    if (process.geteuid?.() === 0) expect(statSync(join(root, 'site')).gid).toBe(groupId('users'));
    expect(ensureFolder(join(root, 'site'), 0o700, modes)).toBe(false);
    expect(statSync(join(root, 'site')).mode & 0o7777).toBe(0o2770);
  });

  it('fail with the path when a file is in the way', () => {
    expect(() => ensureFolder('/dev/null/x', 0o777, compatibleModes)).toThrow(FileError);
  });

  it('name groups by name or number', () => {
    expect(groupId('root')).toBe(0);
    expect(groupId('1234')).toBe(1234);
    expect(siteModes({folders: 0o777, leafFolders: 0o777, files: 0o666, group: 'root'}).gid).toBe(0);
    expect(siteModes({folders: 0o777, leafFolders: 0o777, files: 0o666})).not.toHaveProperty('gid');
    const unknown = {folders: 0o777, leafFolders: 0o777, files: 0o666, group: 'no-such-group'};
    expect(() => siteModes(unknown)).toThrow(ConfigError);
  });
});

describe('the lock of a study', () => {
  it('is shared by readers and excludes a deleter', async () => {
    const root = aDataRoot();
    mkdirSync(join(root, 'site'), {recursive: true});
    const study = asUid('1.2.3');
    if (!study) throw new Error('no UID');
    const first = await lockStudy(root, study, 'shared');
    const second = await lockStudy(root, study, 'shared');
    expect(first && second).toBeDefined();
    expect(await lockStudy(root, study, 'exclusive')).toBeUndefined();
    first?.release();
    second?.release();
    const deleter = await lockStudy(root, study, 'exclusive');
    expect(await lockStudy(root, study, 'shared')).toBeUndefined();
    deleter?.release();
    expect(statSync(join(root, 'site/.locks/1.2.3')).mode & 0o777).toBe(0o666);
  });
});
