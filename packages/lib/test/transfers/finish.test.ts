import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {moveToDone, moveToFailed} from '../../src/transfers/finish.ts';
import {planRetry, writeRetry} from '../../src/transfers/retry.ts';
import {temporaryFolder} from './support.ts';

const at = new Date(2024, 0, 31, 10, 15, 42);
const reason = {tool: 'anonymizeAndSend', reason: 'unknown-project', detail: 'The project is unknown.'};

async function aRequestFile(
  name = '1.2.3_PROJ_P_01_1.json',
  content = '{"hand": "written"}',
): Promise<{root: string; path: string; folder: string}> {
  const root = temporaryFolder();
  const path = join(root, name);
  writeFileSync(path, content);
  await writeRetry(path, planRetry(undefined, 'pacs-unreachable', at));
  return {root, path, folder: join(root, 'elsewhere', 'done')};
}

describe('a request that is done', () => {
  it('lies in the folder of the done ones with unchanged content, its report beside it, its sidecar gone', async () => {
    const {root, path, folder} = await aRequestFile();
    const target = await moveToDone(path, {folder, at, report: {tool: 'x'}});
    expect(target).toBe(join(folder, '1.2.3_PROJ_P_01_1.json_ok_2024-01-31_10:15.log'));
    expect(readFileSync(target ?? '', 'utf8')).toBe('{"hand": "written"}');
    expect(readdirSync(folder).sort()).toEqual([
      '1.2.3_PROJ_P_01_1.json_deid.json',
      '1.2.3_PROJ_P_01_1.json_ok_2024-01-31_10:15.log',
    ]);
    expect(readdirSync(root)).toEqual(['elsewhere']);
  });

  it('gets a number when one of the same minute is there', async () => {
    const {path, folder} = await aRequestFile();
    for (const end of ['.log', '.2.log', '.3.log']) {
      writeFileSync(path, end);
      const target = await moveToDone(path, {folder, at});
      expect(target).toBe(join(folder, `1.2.3_PROJ_P_01_1.json_ok_2024-01-31_10:15${end}`));
      expect(readFileSync(target ?? '', 'utf8')).toBe(end);
    }
  });

  it('may have been removed meanwhile', async () => {
    const {root, folder} = await aRequestFile();
    expect(await moveToDone(join(root, 'gone.json'), {folder, at})).toBeUndefined();
  });
});

describe('a request that failed', () => {
  it('lies in the folder of the failed ones with its messages and its reason; a later failure replaces them', async () => {
    const {root, path, folder} = await aRequestFile();
    for (const error of ['first', 'second']) {
      writeFileSync(path, error);
      await moveToFailed(path, {folder, messages: {error}, reason});
      expect(readFileSync(join(folder, '1.2.3_PROJ_P_01_1.json_fail.log'), 'utf8')).toBe(error);
      expect(readFileSync(join(folder, '1.2.3_PROJ_P_01_1.json_fail_messages.log'), 'utf8')).toBe(
        `{\n  "error": "${error}"\n}`,
      );
      const note = JSON.parse(readFileSync(join(folder, '1.2.3_PROJ_P_01_1.json_fail.log.reason.json'), 'utf8'));
      expect(note).toMatchObject({...reason, item: '1.2.3_PROJ_P_01_1.json'});
      expect(Date.parse(note.at)).not.toBeNaN();
    }
    expect(readdirSync(folder)).toHaveLength(3);
    expect(readdirSync(root)).toEqual(['elsewhere']);
  });

  it('may have the longest name a file can have', async () => {
    const name = `1.2.3_${'Å'.repeat(121)}_1.json`;
    expect(Buffer.byteLength(name)).toBe(255);
    const {root, path, folder} = await aRequestFile(name);
    expect(await moveToFailed(path, {folder, messages: {}, reason, report: {}})).toMatch(/~[0-9a-f]{8}_fail\.log$/);
    expect(readdirSync(folder)).toHaveLength(4);
    expect(readdirSync(root)).toEqual(['elsewhere']);
  });
});
