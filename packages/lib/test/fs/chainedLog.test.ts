import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {describe, expect, it} from 'vitest';
import {appendChained, type ChainLink} from '../../src/fs/chainedLog.ts';
import {tempFolder} from './tempFolder.ts';

const root = tempFolder();
const checker = join(import.meta.dirname, '../../../../scripts/checkAudit.mjs');
const child = join(import.meta.dirname, 'chainAppender.child.ts');

/** A trail of so many lines in a folder of its own. */
async function trail(lines: number, maxBytes?: number): Promise<{path: string; links: ChainLink[]}> {
  const path = join(mkdtempSync(join(root, 'trail-')), 'audit.jsonl');
  const links: ChainLink[] = [];
  for (let n = 0; n < lines; n++) {
    links.push(await appendChained(path, {project: 'Ærø', n}, maxBytes === undefined ? {} : {maxBytes}));
  }
  return {path, links};
}

function check(path: string, ...args: string[]): {code: number | null; out: string} {
  const {status, stdout, stderr} = spawnSync(process.execPath, [checker, path, ...args], {encoding: 'utf8'});
  return {code: status, out: stdout + stderr};
}

/** Changes the lines of a file by hand. */
function edit(path: string, change: (lines: string[]) => string[]): void {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  writeFileSync(path, `${change(lines).join('\n')}\n`);
}

const filesOf = (path: string) => readdirSync(join(path, '..')).filter(name => /^audit\.jsonl(?:\.\d+)?$/.test(name));

describe('a chained log', () => {
  it('numbers its lines, and each carries the hash of the one before', async () => {
    const {path, links} = await trail(3);
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines).toMatchObject([
      {seq: 1, prev: '0'.repeat(64), project: 'Ærø', n: 0},
      {seq: 2, prev: links[0]?.hash},
      {seq: 3, prev: links[1]?.hash},
    ]);
    expect(check(path)).toMatchObject({code: 0, out: expect.stringContaining('whole: 3 lines, 1 to 3')});
  });

  it('goes on in a new file when one is full, with the chain unbroken', async () => {
    const {path} = await trail(12, 400);
    expect(filesOf(path).length).toBeGreaterThan(3);
    expect(check(path)).toMatchObject({code: 0, out: expect.stringContaining('whole: 12 lines, 1 to 12')});
  });

  it('is checked without its first files, and says so', async () => {
    const {path} = await trail(12, 400);
    const [first = ''] = filesOf(path)
      .filter(name => name !== 'audit.jsonl')
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    rmSync(join(path, '..', first));
    expect(check(path)).toMatchObject({code: 0, out: expect.stringMatching(/begins with line [2-9]/)});
  });

  it.each<[string, (path: string) => void, RegExp]>([
    [
      'a changed line',
      path => edit(path, lines => lines.with(2, lines[2]?.replace('"n":2', '"n":9') ?? '')),
      /:3: line 3 is not/,
    ],
    [
      'a changed last line',
      path => edit(path, lines => lines.with(4, lines[4]?.replace('"n":4', '"n":9') ?? '')),
      /:5: line 5 is not/,
    ],
    [
      'a line taken out',
      path => edit(path, lines => lines.toSpliced(1, 1)),
      /:2: line 3 follows line 1: line 2 is missing/,
    ],
    [
      'the first line taken out and the rest numbered anew',
      path => edit(path, lines => lines.slice(1).map((line, n) => line.replace(/"seq":\d+/, `"seq":${n + 1}`))),
      /:1: line 1 /,
    ],
    [
      'the last lines taken out',
      path => edit(path, lines => lines.slice(0, 3)),
      /:3: line 4 is missing, the last one was 5/,
    ],
    ['all lines taken out', path => truncateSync(path, 0), /line 1 is missing, the last one was 5/],
    ['a cut last line', path => truncateSync(path, readFileSync(path).length - 20), /:4: line 5 is missing/],
    [
      'lines in another order',
      path => edit(path, ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest]),
      /:2: line 3 follows line 1/,
    ],
    ['a line twice', path => edit(path, lines => lines.toSpliced(2, 0, lines[1] ?? '')), /:3: line 2 follows line 2/],
    [
      'a foreign line',
      path => edit(path, lines => lines.toSpliced(2, 0, '{"hello":1}')),
      /:3: is no line of the trail/,
    ],
    ['an empty line', path => edit(path, lines => lines.toSpliced(2, 0, '')), /:3: is no line of the trail/],
    ['a line in place of another', path => edit(path, lines => lines.with(1, 'gone')), /:2: is no line of the trail/],
    [
      'a lost head and a forged line',
      path => edit(path, lines => [...lines, `{"seq":6,"prev":"${'0'.repeat(64)}"}`]),
      /:5: line 5 is not/,
    ],
  ])('betrays %s', async (_, tamper, expected) => {
    const {path} = await trail(5);
    tamper(path);
    expect(check(path)).toMatchObject({code: 1, out: expect.stringMatching(expected)});
  });

  it('betrays a file that is missing in the middle', async () => {
    const {path} = await trail(12, 400);
    const aside = filesOf(path)
      .filter(name => name !== 'audit.jsonl')
      .map(name => Number(name.slice(12)))
      .sort((a, b) => a - b);
    rmSync(`${path}.${aside[1]}`);
    expect(check(path)).toMatchObject({code: 1, out: expect.stringMatching(/is missing/)});
  });

  it('betrays for good that lines were taken off its end, also when it goes on', async () => {
    const {path} = await trail(5);
    edit(path, lines => lines.slice(0, 3));
    expect((await appendChained(path, {n: 5})).seq).toBe(6);
    expect(check(path)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/:4: line 6 follows line 3: line 4 is missing/),
    });
  });

  it('betrays for good that its last line was changed, also when it goes on', async () => {
    const {path} = await trail(3);
    edit(path, lines => lines.with(2, lines[2]?.replace('"n":2', '"n":9') ?? ''));
    await appendChained(path, {n: 3});
    expect(check(path)).toMatchObject({code: 1, out: expect.stringMatching(/:3: line 3 is not what line 4 says/)});
  });

  it('written anew as a whole is betrayed by a line known from elsewhere', async () => {
    const {path, links} = await trail(5);
    const forged = await trail(5);
    expect(links[3]?.hash).toBe(forged.links[3]?.hash);
    const other = join(mkdtempSync(join(root, 'forged-')), 'audit.jsonl');
    for (let n = 0; n < 5; n++) await appendChained(other, {project: 'Ærø', n: n === 1 ? 7 : n});
    for (const name of ['audit.jsonl', 'audit.jsonl.head'])
      copyFileSync(join(other, '..', name), join(path, '..', name));
    expect(check(path).code).toBe(0);
    expect(check(path, '--expect', `4:${links[3]?.hash}`)).toMatchObject({
      code: 1,
      out: expect.stringContaining('line 4 is not the one'),
    });
    expect(check(path, '--expect', `9:${links[3]?.hash}`)).toMatchObject({
      code: 1,
      out: expect.stringContaining('line 9 is expected'),
    });
  });
});

describe('a writer that is killed', () => {
  it.each<[string, string]>([
    ['in the middle of a line', '{"seq":3,"prev":"ab'],
    ['in the middle of a character', '{"seq":3,"project":"\u00c3'],
    ['twice', 'half\n{"seq":3,"pr'],
    ['and whose rest got an end by somebody else', 'half a line\n'],
  ])('%s leaves what the next line owns up to', async (_, rest) => {
    const {path} = await trail(2);
    appendFileSync(path, Buffer.from(rest, rest.includes('\u00c3') ? 'latin1' : 'utf8'));
    expect(check(path).out).toMatch(/an interrupted line at the end/);
    const before = readFileSync(path);
    expect((await appendChained(path, {n: 2})).seq).toBe(3);
    expect(readFileSync(path).subarray(0, before.length).equals(before)).toBe(true);
    expect(check(path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/1 times a writer was interrupted[\s\S]*whole: 3 lines/),
    });
  });

  it('before the line feed has written its line', async () => {
    const {path} = await trail(3);
    truncateSync(path, readFileSync(path).length - 1);
    expect(check(path).code).toBe(0);
    expect((await appendChained(path, {n: 3})).seq).toBe(4);
    expect(check(path).out).toContain('whole: 4 lines');
  });

  it('before the head leaves a line that counts', async () => {
    const {path} = await trail(2);
    copyFileSync(`${path}.head`, `${path}.old`);
    await appendChained(path, {n: 2});
    renameSync(`${path}.old`, `${path}.head`);
    expect(check(path).code).toBe(0);
    expect((await appendChained(path, {n: 3})).seq).toBe(4);
    expect(check(path).out).toContain('whole: 4 lines');
  });

  it('between two files leaves a chain that goes on, with and without head', async () => {
    const {path} = await trail(3);
    renameSync(path, `${path}.3`);
    rmSync(`${path}.head`);
    appendFileSync(path, '{"seq":4');
    expect((await appendChained(path, {n: 3})).seq).toBe(4);
    expect(check(path).out).toContain('whole: 4 lines');
  });

  it('at any moment loses no line that it was told of, with another one at work beside it', async () => {
    const path = join(mkdtempSync(join(root, 'kill-')), 'audit.jsonl');
    const told: number[] = [];
    const steady = spawn(process.execPath, [child, path, '60', 'steady', '2000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(steady.stdout).on('line', line => told.push(Number(line)));
    const ended = once(steady, 'close');
    for (let round = 0; round < 4; round++) {
      const victim = spawn(process.execPath, [child, path, '1000', `victim ${round}`, '2000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface(victim.stdout);
      lines.on('line', line => {
        told.push(Number(line));
        if (told.length % 7 === round) victim.kill('SIGKILL');
      });
      await once(victim, 'close');
    }
    expect((await ended)[0]).toBe(0);
    expect(new Set(told).size).toBe(told.length);
    const {code, out} = check(path);
    expect(code).toBe(0);
    expect(Number(/whole: (\d+) lines/.exec(out)?.[1])).toBeGreaterThanOrEqual(told.length);
    expect(existsSync(`${path}.lock`)).toBe(true);
  }, 30_000);
});
