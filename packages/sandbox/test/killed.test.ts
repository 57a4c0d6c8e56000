import {afterEach, describe, expect, it} from 'vitest';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {projectS} from './support/projects.ts';

let sandbox: RunningSandbox | undefined;
afterEach(async () => {
  await sandbox?.stop();
});

const rowsOf = (start: number): Record<string, string>[] =>
  Array.from({length: 10}, (_, index) => ({record_id: String(start + index), name: `name ${start + index}`}));

describe('a sandbox that is killed', () => {
  it('has kept every acknowledged import, and the one in flight as a whole or not at all', async () => {
    sandbox = await startSandbox({site: false, plainHttp: true});
    const token = await sandbox.load(projectS());
    let acknowledged = 0;
    for (let round = 0; round < 3; round++) {
      const importing = (async () => {
        for (let call = 0; call < 1000; call++) {
          const data = JSON.stringify(rowsOf(1000 + acknowledged * 10));
          const answer = await sandbox?.call(token, {content: 'record', data});
          if (answer?.text !== '{"count":10}') throw new Error(`unexpected answer ${answer?.text}`);
          acknowledged++;
        }
      })().catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
      const goal = acknowledged + 20 + Math.floor(Math.random() * 60);
      while (acknowledged < goal) await new Promise(resolve => setImmediate(resolve));
      await sandbox.kill9();
      expect(await importing).toMatch(/ECONNRESET|ECONNREFUSED|EPIPE/);
      await sandbox.restart();
      const rows = (
        await sandbox.call(token, {
          content: 'record',
          fields: ['record_id', 'name'],
          filterLogic: '[record_id] >= 1000',
        })
      ).json;
      const stored = (rows as {record_id: string; name: string}[]).map(row => row.name);
      expect([acknowledged * 10, acknowledged * 10 + 10]).toContain(stored.length);
      expect(stored).toEqual(Array.from({length: stored.length}, (_, index) => `name ${1000 + index}`));
      acknowledged = stored.length / 10;
    }
  });
});
