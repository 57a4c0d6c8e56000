import {mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {formatRequest, requestFileName} from '../../src/transfers/request.ts';
import {isWaiting, listRequests, readRequest, writeRequest} from '../../src/transfers/requestFolder.ts';
import {aRequest, temporaryFolder} from './support.ts';

async function unused(act: () => Promise<void>): Promise<boolean> {
  await act();
  return true;
}

const inWork = () => Promise.resolve(false);

describe('the list of requests', () => {
  it('is by time, then name; hidden files, other names, folders and links are none', async () => {
    const folder = temporaryFolder();
    for (const [name, seconds] of [
      ['c.json', 10],
      ['b.json', 20],
      ['a.json', 20],
      ['.d.json.retry', 5],
      ['.e.json', 5],
      ['f.tmp', 5],
    ] as const) {
      writeFileSync(join(folder, name), '{}');
      utimesSync(join(folder, name), seconds, seconds);
    }
    mkdirSync(join(folder, 'g.json'));
    symlinkSync('/etc/passwd', join(folder, 'h.json'));
    expect((await listRequests(folder)).map(file => file.name)).toEqual(['c.json', 'a.json', 'b.json']);
    expect((await listRequests(folder, 'newest')).map(file => file.name)).toEqual(['a.json', 'b.json', 'c.json']);
  });

  it('is empty when there is no folder', async () => {
    expect(await listRequests(join(temporaryFolder(), 'none'))).toEqual([]);
  });
});

describe('writing a request', () => {
  it('leaves nothing but the file, which reads as the request', async () => {
    const folder = temporaryFolder();
    expect(await writeRequest(folder, aRequest(), unused)).toBe('written');
    expect(readdirSync(folder)).toEqual([requestFileName(aRequest())]);
    expect(await readRequest(join(folder, requestFileName(aRequest())))).toEqual(aRequest());
  });

  it('does not touch one that asks for the same transfer', async () => {
    const folder = temporaryFolder();
    const path = join(folder, requestFileName(aRequest()));
    writeFileSync(path, formatRequest(aRequest()));
    utimesSync(path, 1000, 1000);
    expect(await writeRequest(folder, aRequest({requestedDate: '2025-01-01 00:00'}), unused)).toBe('waiting');
    expect(statSync(path).mtimeMs).toBe(1_000_000);
    expect(await isWaiting(folder, aRequest())).toBe(true);
  });

  it('replaces one with another event, but not while somebody is at work on the study', async () => {
    const folder = temporaryFolder();
    const path = join(folder, requestFileName(aRequest()));
    await writeRequest(folder, aRequest(), unused);
    const corrected = aRequest({event: 'Week 12'});
    expect(await isWaiting(folder, corrected)).toBe(false);
    expect(await writeRequest(folder, corrected, inWork)).toBe('busy');
    expect(readFileSync(path, 'utf8')).toBe(formatRequest(aRequest()));
    expect(await writeRequest(folder, corrected, unused)).toBe('replaced');
    expect(readFileSync(path, 'utf8')).toBe(formatRequest(corrected));
  });

  it('replaces what is no request, but writes one that can not be carried out only once', async () => {
    const folder = temporaryFolder();
    const refused = aRequest({name: 'A^B'});
    const path = join(folder, requestFileName(refused));
    writeFileSync(path, '{"study_instance_uid": "1.2');
    expect(await writeRequest(folder, refused, unused)).toBe('replaced');
    expect(await writeRequest(folder, refused, unused)).toBe('waiting');
  });
});
