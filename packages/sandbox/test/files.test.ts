import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {postRaw, type RedcapAnswer} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {projectL} from './support/projects.ts';

let sandbox: RunningSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
  token = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

const place = {content: 'file', record: '007', field: 'img_file', event: 'event_1_arm_1', repeat_instance: '2'};

function upload(parameters: Record<string, string>, name: string, content: string): Promise<RedcapAnswer> {
  const parts = Object.entries({token, ...parameters}).map(
    ([key, value]) => `--B\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
  );
  const file = `--B\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--B--\r\n`;
  return postRaw(sandbox, parts.join('') + file, {headers: {'Content-Type': 'multipart/form-data; boundary=B'}});
}

describe('files', () => {
  it('are stored, exported with their name and deleted', async () => {
    const stored = await upload({...place, action: 'import'}, 'räport.txt', 'some\r\nbytes');
    expect([stored.status, stored.text]).toEqual([200, '']);
    const exported = await sandbox.call(token, {...place, action: 'export'});
    expect(exported.text).toBe('some\r\nbytes');
    expect(Buffer.from(exported.contentType, 'latin1').toString()).toBe('text/plain; name="räport.txt";charset=UTF-8');
    const rows = await sandbox.call(token, {content: 'record', fields: 'img_file'});
    expect(rows.json).toEqual([{img_file: 'räport.txt'}]);
    const deleted = await sandbox.call(token, {...place, action: 'delete'});
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    expect((await sandbox.call(token, {...place, action: 'export'})).status).toBe(400);
    expect((await sandbox.call(token, {...place, action: 'delete'})).status).toBe(400);
  });

  it('need an existing record, a file field, its event and a file', async () => {
    for (const wrong of [
      {record: 'nobody'},
      {field: 'sex'},
      {field: 'x'},
      {event: 'x'},
      {event: 'visits_arm_1'},
      {repeat_instance: 'x'},
    ]) {
      expect((await upload({...place, ...wrong, action: 'import'}, 'a', 'b')).status).toBe(400);
    }
    expect((await sandbox.call(token, {...place, action: 'import'})).status).toBe(400);
  });
});
