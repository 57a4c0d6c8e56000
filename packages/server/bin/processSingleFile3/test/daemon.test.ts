import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
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

describe('start, stop, restart, status', () => {
  it('work from any state and say so by their exit codes', async () => {
    const gateway = new Gateway();
    expect((await gateway.run('status')).code).toBe(69);
    expect((await gateway.run('stop')).code).toBe(0);
    expect((await gateway.run('start')).code).toBe(0);
    const status = JSON.parse((await gateway.run('--json', 'status')).stdout);
    expect(status).toMatchObject({running: true, backlog: {lines: 0}, messages: 0, failures: 0});
    // PF-27: a start of a running daemon is no error
    expect((await gateway.run('start')).code).toBe(0);
    expect(JSON.parse((await gateway.run('--json', 'status')).stdout).pid).toBe(status.pid);
    expect((await gateway.run('restart')).code).toBe(0);
    const restarted = JSON.parse((await gateway.run('--json', 'status')).stdout).pid;
    expect(restarted).not.toBe(status.pid);
    expect(statSync(gateway.pipe).isFIFO()).toBe(true);
    expect((await gateway.run('stop')).code).toBe(0);
    expect(existsSync(gateway.pipe)).toBe(false);
    expect(readdirSync(join(gateway.serverDir, '.pids')).filter(name => name.endsWith('.pid'))).toEqual([]);
  });

  it('a stale pid file, also one with the pid of another program, does not block a start (PF-5)', async () => {
    const gateway = new Gateway();
    mkdirSync(join(gateway.serverDir, '.pids'));
    for (const content of ['', '999999\n', `${process.pid}\n`]) {
      writeFileSync(join(gateway.serverDir, '.pids/processSingleFile.pid'), content);
      expect((await gateway.run('start')).code).toBe(0);
      expect((await gateway.run('stop')).code).toBe(0);
    }
  });

  it.each([
    [['frobnicate'], 64],
    [['start', 'a', 'b'], 64],
    [['send'], 64],
    [['reclassify'], 64],
    [['reclassify', '../x'], 64],
    [['start', 'a b'], 78],
    [['start', 'unknown'], 78],
  ])('%j ends with %i', async (args, code) => {
    expect((await new Gateway().run(...args)).code).toBe(code);
  });

  it('stop works with a broken configuration and a broken rule file (PF-23), start says what is wrong', async () => {
    const gateway = new Gateway();
    const rules = join(gateway.serverDir, 'bin/classifyRules.json');
    expect((await gateway.run('start')).code).toBe(0);
    writeFileSync(rules, '{');
    expect((await gateway.run('restart')).code).toBe(78);
    writeFileSync(
      rules,
      '[{"type": "CHECKBURNEDINFO", "rules": [{"tag": []}]}, {"type": "GE", "rules": [{"tag": []}]}]',
    );
    const refused = await gateway.run('start');
    expect(refused.code).toBe(78);
    expect(refused.stdout).toContain('rule 1 (CHECKBURNEDINFO) is disabled');
    writeFileSync(rules, '[{"type": "GE", "rules": [{"tag": []}]}, {"type": "all", "rules": []}]');
    expect((await gateway.run('start')).code).toBe(0);
    const config = readFileSync(gateway.config, 'utf8');
    writeFileSync(gateway.config, config.replace('"DATADIR"', ',"DATADIR"'));
    expect((await gateway.run('status')).code).toBe(69);
    writeFileSync(gateway.config, config);
    expect((await gateway.run('stop')).code).toBe(0);
  });

  it('refuse a foreign object in place of the pipe or replace an own one', async () => {
    const gateway = new Gateway();
    writeFileSync(gateway.pipe, 'a file');
    expect((await gateway.run('start')).code).toBe(0);
    expect(statSync(gateway.pipe).isFIFO()).toBe(true);
    await gateway.run('stop');
    execFileSync('mkfifo', [gateway.pipe]);
    chmodSync(gateway.pipe, 0o600);
    expect((await gateway.run('start')).code).toBe(0);
    expect(statSync(gateway.pipe).mode & 0o777).toBe(0o666);
  });

  it('keep projects apart (PF-3, PF-4)', async () => {
    const gateway = new Gateway();
    const other = join(gateway.folder, 'dataP');
    mkdirSync(join(other, 'site/archive'), {recursive: true});
    const config = JSON.parse(readFileSync(gateway.config, 'utf8'));
    writeFileSync(gateway.config, JSON.stringify({...config, SITES: {P: {DATADIR: other}}}));
    expect((await gateway.run('start')).code).toBe(0);
    expect((await gateway.run('start', 'P')).code).toBe(0);
    const {path} = store(other, image(1));
    expect((await gateway.run('send', path, 'P')).code).toBe(0);
    await until(() => Object.keys(summariesOf(other)).length === 1);
    expect(summariesOf(gateway.root)).toEqual({});
    expect((await gateway.run('stop', 'P')).code).toBe(0);
    expect(existsSync(`${gateway.pipe}P`)).toBe(false);
    expect(existsSync(gateway.pipe)).toBe(true);
    expect((await gateway.run('status')).code).toBe(0);
  });
});

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
    await until(() => Object.keys(summariesOf(gateway.root)).length === 2);
    const summaries = summariesOf(gateway.root);
    expect(summaries['site/raw/1.2.3/1.2.3.1.json']?.NumFiles).toBe('2');
    const unknown = {AETitleCaller: 'unknown', AETitleCalled: 'unknown', CallerIP: 'unknown'};
    expect(summaries['site/raw/1.9/1.9.1.json']?.IncomingConnection).toEqual(unknown);
    expect(readdirSync(join(gateway.root, 'site/.arrived')).sort()).toEqual([
      'MR1 FIONA 10.0.0.1 1.2.3 1.2.3.1',
      'unknown unknown unknown 1.9 1.9.1',
    ]);
    expect(gateway.log()).toContain('WARN nobody knows who sent');
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
    expect(readdirSync(join(gateway.root, 'site/.arrived'))).toEqual(['MR1 FIONA 10.0.0.1 1.2.3 1.2.3.1']);
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
