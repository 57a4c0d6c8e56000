import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {asUid, type Uid} from '../../src/dicom/uid.ts';
import {arrivalsOf, waitingStudies} from '../../src/site/journalLookers.ts';
import {countWaitingLines, JournalReader} from '../../src/site/journalReader.ts';
import {positionPath, segmentPath} from '../../src/site/journalSegments.ts';
import {JournalError, JournalWriter} from '../../src/site/journalWriter.ts';
import {journal} from '../../src/site/layout.ts';
import {compatibleModes} from '../../src/site/modes.ts';
import {aClock, aDataRoot, aLog} from './helpers.ts';

function announcement(root: string, number: number, study = '1.2') {
  const directory = join(root, 'site', 'archive', `scp_${study}`);
  return {caller: 'MR1', called: 'FIONA', callerAddress: '127.0.0.1', directory, filename: `MR.${number}`};
}

function openWriter(root: string, options: {segmentBytes?: number; clock?: ReturnType<typeof aClock>} = {}) {
  const {segmentBytes = 1_000_000, clock = aClock()} = options;
  return JournalWriter.open({root, segmentBytes, clock, modes: compatibleModes, log: silentLog});
}

function openReader(root: string, log = aLog(), clock = aClock()) {
  return JournalReader.open({root, modes: compatibleModes, clock, log});
}

async function namesRead(reader: JournalReader): Promise<string[]> {
  const names: string[] = [];
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
    names.push(...lines.map(({text}) => text.split(',')[4] ?? ''));
  }
  return names;
}

function segmentsOf(root: string): string[] {
  return readdirSync(journal(root))
    .filter(name => name.startsWith('arrivals-'))
    .sort();
}

function uid(text: string): Uid {
  const checked = asUid(text);
  if (!checked) throw new Error(`${text} is no UID`);
  return checked;
}

describe('the arrival journal', () => {
  it('hands over lines in order, once', async () => {
    const root = aDataRoot();
    const writer = await openWriter(root);
    await Promise.all(Array.from({length: 1000}, (_, n) => writer.append(announcement(root, n))));
    const reader = await openReader(root);
    expect(await namesRead(reader)).toEqual(Array.from({length: 1000}, (_, n) => `MR.${n}`));
    expect(await reader.read()).toEqual([]);
    await writer.append(announcement(root, 1000));
    expect(await namesRead(reader)).toEqual(['MR.1000']);
    await writer.close();
  });

  it('goes on at the saved position after a restart, and repeats what was not saved', async () => {
    const root = aDataRoot();
    const writer = await openWriter(root);
    for (let n = 0; n < 3; n++) await writer.append(announcement(root, n));
    const reader = await openReader(root);
    const lines = await reader.read();
    await reader.savePosition(lines[1]?.next ?? reader.position);
    expect(JSON.parse(readFileSync(positionPath(root), 'utf8'))).toMatchObject({
      segment: 1,
      at: '2026-11-23T10:00:00.000Z',
    });
    expect(await namesRead(await openReader(root))).toEqual(['MR.2']);
    expect(await countWaitingLines(root)).toBe(1);
    await writer.close();
  });

  it('begins a new segment at each start, unless the current one is empty', async () => {
    const root = aDataRoot();
    for (let start = 0; start < 2; start++) await (await openWriter(root)).close();
    expect(segmentsOf(root)).toEqual(['arrivals-0000000001.log']);
    for (let start = 0; start < 2; start++) {
      const writer = await openWriter(root);
      await writer.append(announcement(root, start));
      await writer.close();
    }
    expect(segmentsOf(root)).toEqual(['arrivals-0000000001.log', 'arrivals-0000000002.log']);
    expect(await namesRead(await openReader(root))).toEqual(['MR.0', 'MR.1']);
  });

  it('begins a new segment when the current one is full and with the first line of a new UTC day', async () => {
    const root = aDataRoot();
    const clock = aClock('2026-11-23T23:59:59Z');
    const writer = await openWriter(root, {segmentBytes: 150, clock});
    for (let n = 0; n < 5; n++) await writer.append(announcement(root, n));
    const full = segmentsOf(root).length;
    expect(full).toBeGreaterThan(1);
    clock.moveTo('2026-11-24T00:00:00Z');
    await writer.append(announcement(root, 5));
    expect(segmentsOf(root)).toHaveLength(full + 1);
    expect(await namesRead(await openReader(root))).toEqual(['MR.0', 'MR.1', 'MR.2', 'MR.3', 'MR.4', 'MR.5']);
    await writer.close();
  });

  it('waits for the end of an unfinished line in the current segment, drops it in an older one', async () => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    writeFileSync(segmentPath(root, 1), 'a,b,c,/d,one\na,b,c,/d,tw');
    const reader = await openReader(root);
    expect(await namesRead(reader)).toEqual(['one']);
    appendFileSync(segmentPath(root, 1), 'o\na,b,c,/d,thr');
    expect(await namesRead(reader)).toEqual(['two']);
    writeFileSync(segmentPath(root, 2), 'a,b,c,/d,four\n');
    expect(await namesRead(reader)).toEqual(['four']);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['not JSON', '{"segment": 2'],
    ['nonsense', '{"segment": "x", "offset": -1}'],
  ])('begins at the oldest segment when the position file is %s', async (_what, content) => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    writeFileSync(segmentPath(root, 3), 'a,b,c,/d,one\n');
    writeFileSync(segmentPath(root, 5), 'a,b,c,/d,two\n');
    if (content !== undefined) writeFileSync(positionPath(root), content);
    expect(await namesRead(await openReader(root))).toEqual(['one', 'two']);
  });

  it.each([
    ['its segment is gone', {segment: 4, offset: 10}, ['two']],
    ['it lies behind the end of its segment', {segment: 3, offset: 999}, ['two']],
    ['it lies behind the end of the last segment', {segment: 5, offset: 999}, ['two']],
    ['all segments are older', {segment: 9, offset: 5}, ['one', 'two']],
  ])('goes on with the next segment and a warning when %s', async (_what, position, names) => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    writeFileSync(segmentPath(root, 3), 'a,b,c,/d,one\n');
    writeFileSync(segmentPath(root, 5), 'a,b,c,/d,two\n');
    writeFileSync(positionPath(root), JSON.stringify(position));
    const log = aLog();
    expect(await namesRead(await openReader(root, log))).toEqual(names);
    expect(log.lines.filter(line => line.startsWith('WARN'))).toHaveLength(1);
  });

  it('gets over garbage without line feeds and over undecodable bytes', async () => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    writeFileSync(segmentPath(root, 1), Buffer.concat([Buffer.alloc(600_000, 0x61), Buffer.from([0xff, 10])]));
    appendFileSync(segmentPath(root, 1), 'a,b,c,/d,one\n');
    const names = await namesRead(await openReader(root));
    expect(names.at(-1)).toBe('one');
  });

  it('removes old handled segments only', async () => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    for (const segment of [1, 2, 3, 4]) writeFileSync(segmentPath(root, segment), 'a,b,c,/d,e\n');
    const old = new Date('2026-11-01T00:00:00Z');
    for (const segment of [1, 3, 4]) utimesSync(segmentPath(root, segment), old, old);
    utimesSync(segmentPath(root, 2), new Date('2026-11-22T00:00:00Z'), new Date('2026-11-22T00:00:00Z'));
    writeFileSync(positionPath(root), '{"segment": 3, "offset": 0}');
    const reader = await openReader(root);
    expect(await reader.trim(8)).toBe(1);
    expect(segmentsOf(root)).toEqual(['arrivals-0000000002.log', 'arrivals-0000000003.log', 'arrivals-0000000004.log']);
  });

  it('removes nothing as long as no position was saved', async () => {
    const root = aDataRoot();
    await mkdir(journal(root), {recursive: true});
    for (const segment of [1, 2]) {
      writeFileSync(segmentPath(root, segment), 'a,b,c,/d,e\n');
      utimesSync(segmentPath(root, segment), 1, 1);
    }
    expect(await (await openReader(root)).trim(8)).toBe(0);
  });

  it('tells which studies wait, and how instances of the kept segments arrived', async () => {
    const root = aDataRoot();
    const writer = await openWriter(root);
    await writer.append(announcement(root, 1, '1.1'));
    await writer.append(announcement(root, 2, '1.2'));
    const reader = await openReader(root);
    const [first] = await reader.read();
    await reader.savePosition(first?.next ?? reader.position);
    expect(await waitingStudies(root)).toEqual(new Set(['1.2']));
    const known = await arrivalsOf(root, new Set([uid('1.1')]));
    expect(known.get(uid('1.1'))?.get('MR.1')?.caller).toBe('MR1');
    expect(known.has(uid('1.2'))).toBe(false);
    expect(await waitingStudies(aDataRoot())).toEqual(new Set());
    await writer.close();
  });

  it('rejects when the folder vanished for good, and says which file', async () => {
    const root = aDataRoot();
    const writer = await openWriter(root, {segmentBytes: 1});
    await writer.append(announcement(root, 1));
    rmSync(journal(root), {recursive: true});
    await expect(writer.append(announcement(root, 2))).rejects.toThrow(JournalError);
    await writer.close();
    await expect(writer.append(announcement(root, 3))).rejects.toThrow(JournalError);
  });

  it('refuses to open where it cannot write', async () => {
    const root = aDataRoot();
    writeFileSync(join(root, 'site'), 'a file in place of the folder');
    await expect(openWriter(root)).rejects.toThrow(JournalError);
  });
});

const child = fileURLToPath(new URL('journalChild.ts', import.meta.url));

describe('the arrival journal under fault', () => {
  it('leaves nothing of an append that fails half-way and goes on in a new segment', async () => {
    const root = aDataRoot();
    // the limit on file size cuts the third line in the middle
    const args = ['--fsize=200', process.execPath, child, root, '10'];
    const process_ = spawn('prlimit', args, {stdio: ['ignore', 'pipe', 'inherit']});
    const answers: string[] = [];
    createInterface(process_.stdout).on('line', line => answers.push(line));
    await once(process_, 'close');
    const answered = answers.filter(line => line.startsWith('ok ')).map(line => line.slice(3));
    expect(answers.some(line => line.startsWith('failed'))).toBe(true);
    expect(await namesRead(await openReader(root))).toEqual(answered);
    for (const name of segmentsOf(root)) {
      const size = statSync(join(journal(root), name)).size;
      expect(size).toBeLessThanOrEqual(200);
    }
  });

  it('keeps every answered line when the writer is killed', async () => {
    const root = aDataRoot();
    const answered: string[] = [];
    for (let round = 0; round < 3; round++) {
      const process_ = spawn(process.execPath, [child, root, '1000000'], {stdio: ['ignore', 'pipe', 'inherit']});
      createInterface(process_.stdout).on('line', line => {
        answered.push(`${line.slice(3)}`);
        if (answered.length > 200 * (round + 1)) process_.kill('SIGKILL');
      });
      await once(process_, 'close');
      // as a crash of the whole host in the middle of an append would leave it
      const last = segmentsOf(root).at(-1);
      if (last && round === 1) appendFileSync(join(journal(root), last), 'MR1,FIO');
    }
    const read = await namesRead(await openReader(root));
    expect(new Set(read).size).toBeGreaterThan(0);
    const missing = answered.filter(name => !read.includes(name));
    expect(missing).toEqual([]);
  });

  it('loses nothing that is appended after a cut back below a read position', async () => {
    const root = aDataRoot();
    const writer = await openWriter(root);
    await writer.append(announcement(root, 1));
    const reader = await openReader(root);
    expect(await namesRead(reader)).toEqual(['MR.1']);
    await reader.savePosition(reader.position);
    await writer.close();
    truncateSync(segmentPath(root, 1), 10);
    const next = await openWriter(root);
    await next.append(announcement(root, 2));
    expect(await namesRead(await openReader(root))).toEqual(['MR.2']);
    await next.close();
  });
});
