import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {readPosition} from '@fiona/lib/site/journalSegments';
import {describe, expect, it} from 'vitest';
import {Gateway, until} from './gateway.ts';
import {summariesOf, treeOf} from './helpers.ts';
import {type Attributes, anInstance, store} from './instances.ts';

const image = (number: number, more: Attributes = {}): Attributes => ({
  SOPInstanceUID: ['UI', `1.2.3.1.${number}`],
  InstanceNumber: ['IS', String(number)],
  ...more,
});

const onlySummary = (root: string) => Object.values(summariesOf(root))[0] ?? {};

describe('the pipe', () => {
  it('takes messages of any kind and the daemon lives (PF-2)', async () => {
    const gateway = new Gateway();
    gateway.serve();
    await until(() => gateway.log().includes('INFO indexing'));
    const {directory, filename, path} = store(gateway.root, image(1, {PatientID: undefined}));
    const second = store(gateway.root, image(2));
    const pipe = openSync(gateway.pipe, 'w');
    writeSync(pipe, Buffer.from([0xff, 0xfe, 10]));
    writeSync(pipe, `a,b\na,b,c,d,e,f\n\nMR1,FIONA,,${directory},`);
    writeSync(pipe, `${filename}\n/dev/null\n${second.path}`);
    closeSync(pipe);
    await until(() => onlySummary(gateway.root).NumFiles === '2');
    expect(onlySummary(gateway.root).IncomingConnection).toEqual({
      AETitleCaller: 'MR1',
      AETitleCalled: 'FIONA',
      CallerIP: '0.0.0.0',
    });
    const failed = readFileSync(join(gateway.root, 'site/temp/failed.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(failed.map(({message}) => message)).toEqual(['\uFFFD\uFFFD', 'a,b', 'a,b,c,d,e,f', '/dev/null']);
    expect(failed.every(({time, error}) => time.endsWith('Z') && error.length > 5)).toBe(true);
    expect((await gateway.run('send', path)).code).toBe(0);
  });

  it('send says when nobody reads and refuses what is no message', async () => {
    const gateway = new Gateway();
    expect((await gateway.run('send', '/x')).code).toBe(69);
    execFileSync('mkfifo', [gateway.pipe]);
    expect((await gateway.run('send', '/x')).code).toBe(69);
    expect((await gateway.run('send', 'x'.repeat(4096))).code).toBe(64);
    expect((await gateway.run('send', '/x\n/y')).code).toBe(64);
    rmSync(gateway.pipe);
    writeFileSync(gateway.pipe, '');
    expect((await gateway.run('send', '/x')).code).toBe(69);
    expect(readFileSync(gateway.pipe, 'utf8')).toBe('');
  });

  it('loses none of 1000 queued messages at TERM', async () => {
    const gateway = new Gateway();
    const daemon = gateway.serve();
    await until(() => gateway.log().includes('INFO indexing'));
    const paths = Array.from({length: 1000}, (_, number) => store(gateway.root, image(number)).path);
    const pipe = openSync(gateway.pipe, 'w');
    for (const path of paths) writeSync(pipe, `${path}\n`);
    daemon.kill('SIGTERM');
    const [code] = await once(daemon, 'close');
    closeSync(pipe);
    expect(code).toBe(0);
    expect(onlySummary(gateway.root).NumFiles).toBe('1000');
    expect(existsSync(gateway.pipe)).toBe(false);
  });
});

describe('the journal', () => {
  it('is followed while it grows, in order, and its position saved', async () => {
    const gateway = new Gateway();
    gateway.serve();
    await until(() => gateway.log().includes('INFO indexing'));
    await gateway.announce([3, 1, 2].map(number => store(gateway.root, image(number))));
    await gateway.journalDone();
    expect(onlySummary(gateway.root)).toMatchObject({NumFiles: '3', InstanceNumber: '3'});
    expect(await readPosition(gateway.root)).toMatchObject({segment: 1});
    expect(readdirSync(join(gateway.root, 'site/.arrived'))).toHaveLength(1);
  });

  it('keeps what came while the daemon was down; bad lines are noted, lines of deleted studies counted', async () => {
    const gateway = new Gateway();
    const files = [1, 2].map(number => store(gateway.root, image(number)));
    const gone = {directory: join(gateway.root, 'site/archive/scp_1.2.99'), filename: 'MR.1'};
    const missing = {directory: files[0]?.directory ?? '', filename: 'MR.none'};
    await gateway.announce([gone, missing, {directory: gateway.folder, filename: 'config.json'}, ...files]);
    gateway.serve();
    await gateway.journalDone();
    expect(onlySummary(gateway.root).NumFiles).toBe('2');
    const failed = readFileSync(join(gateway.root, 'site/temp/failed.jsonl'), 'utf8');
    expect(failed).toContain('[missing]');
    expect(failed).toContain('[outside]');
    expect(failed).not.toContain('scp_1.2.99');
    expect(gateway.log()).toContain('WARN journal: 5 lines behind');
  });
});

describe('reconciliation', () => {
  it('finds archived files that were never announced (ST-9), with the connection of their series', async () => {
    const gateway = new Gateway();
    await gateway.announce([store(gateway.root, image(1))]);
    const first = gateway.serve();
    await gateway.journalDone();
    first.kill('SIGTERM');
    await once(first, 'close');
    const old = new Date(Date.now() - 120_000);
    utimesSync(store(gateway.root, image(2)).path, old, old);
    utimesSync(
      store(gateway.root, image(1, {StudyInstanceUID: ['UI', '1.9'], SeriesInstanceUID: ['UI', '1.9.1']})).path,
      old,
      old,
    );
    store(gateway.root, image(3)); // too young
    gateway.serve();
    // the marker comes last
    await until(() => readdirSync(join(gateway.root, 'site/.arrived')).length === 2);
    const summaries = summariesOf(gateway.root);
    expect(summaries['site/raw/1.2.3/1.2.3.1.json']?.NumFiles).toBe('2');
    const unknown = {AETitleCaller: 'unknown', AETitleCalled: 'unknown', CallerIP: 'unknown'};
    expect(summaries['site/raw/1.9/1.9.1.json']?.IncomingConnection).toEqual(unknown);
    expect(readdirSync(join(gateway.root, 'site/.arrived')).sort()).toEqual([
      'MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1',
      'unknown unknown unknown 1.9 1.9.1',
    ]);
    expect(gateway.log()).toContain('WARN nobody knows who sent');
  });
});

describe('reconciliation after a kill', () => {
  it('completes a series whose links were made but not counted', async () => {
    const gateway = new Gateway();
    const files = [1, 2, 3].map(number => store(gateway.root, image(number)));
    await gateway.announce(files.slice(0, 1));
    const first = gateway.serve();
    await gateway.journalDone();
    first.kill('SIGTERM');
    await once(first, 'close');
    const old = new Date(Date.now() - 120_000);
    for (const {path, filename} of files) {
      utimesSync(path, old, old);
      const link = join(gateway.root, 'site/raw/1.2.3/1.2.3.1', filename.slice(3));
      if (!existsSync(link)) symlinkSync(path, link);
    }
    gateway.serve();
    await until(() => onlySummary(gateway.root).NumFiles === '3');
    expect(onlySummary(gateway.root)).toMatchObject({InstanceNumber: '1', IncomingConnection: {AETitleCaller: 'MR1'}});
  });
});

describe('test and reclassify', () => {
  const rows = (type: string, value: number) => ({type, rules: [{tag: ['Rows'], operator: '==', value}]});

  it('test prints the rules and what is wrong with them', async () => {
    const gateway = new Gateway({}, [rows('a', 1)]);
    const fine = await gateway.run('test');
    expect(fine).toMatchObject({code: 0, stderr: ''});
    expect(JSON.parse(fine.stdout)).toEqual([rows('a', 1)]);
    writeFileSync(
      join(gateway.serverDir, 'bin/classifyRules.json'),
      JSON.stringify([{type: 'b', rules: [{tag: ['x', 'y']}]}]),
    );
    const bad = await gateway.run('test');
    expect(bad.code).toBe(65);
    expect(bad.stderr).toContain('rule 1 (b) is disabled');
  });

  it.each(['with', 'without'])('reclassify %s the daemon applies new rules from an empty list (CL-15)', async how => {
    const gateway = new Gateway({}, [rows('old', 256)]);
    await gateway.announce([1, 2].map(number => store(gateway.root, image(number, {Rows: ['US', 256]}))));
    const daemon = gateway.serve();
    await gateway.journalDone();
    daemon.kill('SIGTERM');
    await once(daemon, 'close');
    const before = onlySummary(gateway.root);
    expect(before.ClassifyType).toEqual(['old']);
    writeFileSync(join(gateway.serverDir, 'bin/classifyRules.json'), JSON.stringify([rows('new', 256)]));
    rmSync(join(gateway.root, 'site/.arrived'), {recursive: true});
    if (how === 'with') await gateway.run('start');
    expect((await gateway.run('reclassify', '1.2.3', '--announce')).code).toBe(0);
    const {ClassifyType, ClassifyRulesHash, ...rest} = onlySummary(gateway.root);
    const {ClassifyType: _types, ClassifyRulesHash: oldHash, ...restBefore} = before;
    expect(ClassifyType).toEqual(['new']);
    expect(ClassifyRulesHash).not.toBe(oldHash);
    expect(rest).toEqual(restBefore);
    expect(readdirSync(join(gateway.root, 'site/.arrived'))).toEqual(['MR1 FIONA 192.0.2.1 1.2.3 1.2.3.1']);
    expect((await gateway.run('reclassify', '1.2.77')).code).toBe(65);
    symlinkSync('/nowhere', join(gateway.root, 'site/raw/1.2.3/1.2.3.1/1.2.3.1.9'));
    expect((await gateway.run('reclassify', '1.2.3')).code).toBe(65);
  });
});

describe('a file built to break out', () => {
  it('creates nothing outside the data root', async () => {
    const gateway = new Gateway();
    const evil = image(1, {
      PatientID: ['LO', '../../../../escape'],
      Manufacturer: ['LO', '/escape'],
      Modality: ['CS', 'SR'],
      StudyDate: ['DA', '../../../..'],
    });
    const {directory} = store(gateway.root, evil);
    writeFileSync(join(directory, 'uid'), anInstance({...evil, SeriesInstanceUID: ['UI', '../../../escape']}));
    await gateway.announce([
      {directory, filename: 'MR.1.2.3.1.1'},
      {directory, filename: 'uid'},
    ]);
    gateway.serve();
    await gateway.journalDone();
    expect(readdirSync(gateway.folder).sort()).toEqual(['config.json', 'data', 'server', 'tmp']);
    expect(readdirSync(gateway.root)).toEqual(['site']);
    expect(
      treeOf(gateway.root)
        .filter(path => path.includes('escape'))
        .every(path => /site\/(participants|srs)\/[^/]*escape\//.test(path)),
    ).toBe(true);
  });
});
