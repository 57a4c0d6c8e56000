import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {registerSecret} from '../../src/cli/secretWords.ts';
import {changeJobLines, failJobLine, readJobLines} from '../../src/fs/jobFile.ts';
import {startChild} from './childScript.ts';
import {tempFolder} from './tempFolder.ts';

const folder = tempFolder();
let number = 0;

function aJobFile(content: string | Buffer): string {
  const path = join(folder, `list-${number++}.jobs`);
  writeFileSync(path, content);
  return path;
}

const jobs = (path: string) => readJobLines(path).then(lines => lines.map(({job}) => job));

describe('readJobLines', () => {
  it('drops blank lines, keeps bad ones, and leaves a last line alone that is still being written', async () => {
    const path = aJobFile('{"a":1}\r\n\n  \nnot json\n[1]\n{"b":2}\n{"c":');
    expect(await jobs(path)).toEqual([{a: 1}, undefined, undefined, {b: 2}]);
    appendFileSync(path, '3}');
    expect(await jobs(path)).toEqual([{a: 1}, undefined, undefined, {b: 2}, {c: 3}]);
  });

  it('has no jobs when there is no file', async () => {
    expect(await readJobLines(join(folder, 'none.jobs'))).toEqual([]);
  });

  it('refuses a folder in its place', async () => {
    await expect(readJobLines(folder)).rejects.toThrow(/it is no regular file/);
  });
});

describe('changeJobLines', () => {
  it('changes the lines that are still what was read, and no other', async () => {
    const path = aJobFile('{"a":1}\n{"b":2}\n{"c":3}\n');
    const [a, b, c] = await readJobLines(path);
    writeFileSync(path, '{"x":0}\n{"a":1}\n{"b":22}\n{"c":3}\n{"new":1}\n');
    const changed = await changeJobLines(path, [
      {before: a!, after: {a: 1, attempts: 1}},
      {before: b!, after: {b: 'lost'}},
      {before: c!, after: undefined},
    ]);
    expect(changed).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('{"x":0}\n{"a":1,"attempts":1}\n{"b":22}\n{"new":1}\n');
  });

  it('keeps lines of other encodings byte for byte', async () => {
    const latin = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe6, 0xff]), Buffer.from('"}\n{"b":"Ærø"}\n')]);
    const path = aJobFile(Buffer.concat([Buffer.from('{"go":1}\n'), latin]));
    const lines = await readJobLines(path);
    await changeJobLines(path, [{before: lines[0]!, after: undefined}]);
    expect(readFileSync(path)).toEqual(latin);
    expect((await readJobLines(path))[1]?.job).toEqual({b: 'Ærø'});
  });

  it('keeps owner, group and mode', async () => {
    const path = aJobFile('{"a":1}\n');
    chownSync(path, 33, 34);
    const umask = process.umask(0o077);
    const {chmodSync} = await import('node:fs');
    chmodSync(path, 0o664);
    const [a] = await readJobLines(path);
    await changeJobLines(path, [{before: a!, after: {a: 2}}]);
    process.umask(umask);
    expect(statSync(path)).toMatchObject({uid: 33, gid: 34});
    expect(statSync(path).mode & 0o7777).toBe(0o664);
  });

  it('leaves the file untouched when nothing fits', async () => {
    const path = aJobFile('{"a":1}\n');
    const before = statSync(path);
    expect(await changeJobLines(path, [{before: {raw: 'x', job: undefined}, after: undefined}])).toBe(0);
    expect(statSync(path).ino).toBe(before.ino);
  });

  it('carries over what a writer without lock still puts into the old file, also the rest of a torn line', async () => {
    const path = aJobFile('{"a":1}\n{"torn":');
    const [a] = await readJobLines(path);
    const old = openSync(path, 'a');
    const ino = statSync(path).ino;
    const change = changeJobLines(path, [{before: a!, after: {a: 2}}]);
    while (statSync(path).ino === ino) await new Promise(setImmediate);
    writeSync(old, '1}\n{"late":1}\n');
    closeSync(old);
    await change;
    expect(readFileSync(path, 'utf8')).toBe('{"a":2}\n{"torn":1}\n{"late":1}\n');
  });

  it('loses no job while two tools and a web page write at once', async () => {
    const path = aJobFile('');
    const page = startChild('fs/jobAppender.child.ts', [path, '60', 'page']);
    let taken = 0;
    let ended = false;
    const end = page.ended().then(() => {
      ended = true;
    });
    async function worker(): Promise<void> {
      for (;;) {
        const last = ended;
        const lines = await readJobLines(path);
        if (lines.length === 0 && last) return;
        const count = await changeJobLines(
          path,
          lines.map(before => ({before, after: undefined})),
        );
        taken += count;
        if (lines.length === 0) await new Promise(done => setTimeout(done, 10));
      }
    }
    await Promise.all([worker(), worker(), end]);
    expect(taken).toBe(60);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('never loses or invents a line, whatever stands in the file', async () => {
    const line = fc.oneof(fc.json(), fc.string(), fc.constantFrom('', ' ', '{"a":1}', '{', '\r'));
    await fc.assert(
      fc.asyncProperty(fc.array(line, {maxLength: 6}), fc.boolean(), async (lines, ended) => {
        const content = lines.map(text => text.replaceAll('\n', '')).join('\n') + (ended ? '\n' : '');
        const path = aJobFile(content);
        const before = await readJobLines(path);
        expect(before.length).toBeLessThanOrEqual(lines.length);
        for (const {raw} of before) expect(content).toContain(Buffer.from(raw, 'latin1').toString('utf8'));
      }),
      {numRuns: 200},
    );
  });
});

describe('failJobLine', () => {
  it('moves the job with its reason, once, even when a kill came in between', async () => {
    const path = aJobFile('{"a":1,"token":"0123456789abcdef"}\nnot json\n');
    registerSecret('0123456789abcdef');
    const [a, bad] = await readJobLines(path);
    const failure = {tool: 'test', reason: 'unknown-type', detail: 'No such type.'};
    await failJobLine(path, a!, failure);
    // as if killed before the line was taken out
    appendFileSync(path, '{"a":1,"token":"0123456789abcdef"}\n');
    await failJobLine(path, a!, failure);
    await failJobLine(path, bad!, {...failure, reason: 'not-json'});
    const failed = readFileSync(`${path}.failed`, 'utf8')
      .trimEnd()
      .split('\n')
      .map(text => JSON.parse(text) as object);
    expect(failed).toMatchObject([
      {job: {a: 1, token: '***'}, tool: 'test', reason: 'unknown-type', detail: 'No such type.'},
      {job: {line: 'not json'}, reason: 'not-json'},
    ]);
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(existsSync(`${path}.failed`) && statSync(`${path}.failed`).mode & 0o777).toBe(0o640);
  });

  it('starts a new line after one that was cut off', async () => {
    const path = aJobFile('{"a":1}\n');
    writeFileSync(`${path}.failed`, '{"cut');
    const [a] = await readJobLines(path);
    await failJobLine(path, a!, {tool: 't', reason: 'r', detail: 'd'});
    expect(readFileSync(`${path}.failed`, 'utf8').split('\n')[0]).toBe('{"cut');
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });
});
