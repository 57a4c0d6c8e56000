import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build} from 'esbuild';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {DeidError} from '../../src/deid/deidError.ts';
import {deidentifyFiles} from '../../src/deid/pool.ts';
import {deidReport} from '../../src/deid/report.ts';
import {aFile, aRequest, text} from './support/instances.ts';

const source = fileURLToPath(new URL('../../src/deid/', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deid-pool-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** Files of two series of one patient. */
function files(count: number): {path: string}[] {
  mkdirSync(join(folder, 'in'), {recursive: true});
  return Array.from({length: count}, (_, index) => {
    const path = join(folder, 'in', `${index}.dcm`);
    const elements = [
      text(0x0008_0018, 'UI', `1.2.826.0.1.9999999.5.${index}`),
      text(0x0020_000e, 'UI', `1.2.826.0.1.9999999.4.${index % 2}`),
      text(0x0010_0010, 'PN', 'NORDMANN^OLA'),
      text(0x0008_103e, 'LO', `T1 NORDMANN ${index}`),
    ];
    writeFileSync(path, aFile(elements));
    return {path};
  });
}

/** Names and content of all files below a folder. */
function contentOf(path: string): string {
  const names = readdirSync(path, {recursive: true, encoding: 'utf8'}).toSorted();
  const hash = createHash('sha256');
  for (const name of names) hash.update(name).update(name.endsWith('.dcm') ? readFileSync(join(path, name)) : '');
  return `${names.filter(name => name.endsWith('.dcm')).length} files ${hash.digest('hex')}`;
}

describe('the pool', () => {
  it('writes the same files with one worker, two workers, and in another order', async () => {
    const input = files(150);
    const results: string[] = [];
    for (const [name, workers, list] of [
      ['a', 1, input],
      ['b', 2, input],
      ['c', 2, input.toReversed()],
    ] as const) {
      const out = join(folder, name);
      const {outcomes} = await deidentifyFiles(list, aRequest, out, {workers});
      expect(outcomes.map(outcome => [outcome.kind, outcome.input])).toEqual(list.map(({path}) => ['written', path]));
      results.push(contentOf(out));
    }
    expect(new Set(results).size).toBe(1);
    expect(results[0]).toMatch(/^150 files/);
  });

  it('names files after modality and new UIDs, below the new series', async () => {
    const {outcomes} = await deidentifyFiles(files(1), aRequest, join(folder, 'out'), {workers: 1});
    const [outcome] = outcomes;
    if (outcome?.kind !== 'written') throw new Error('not written');
    expect(outcome.path).toBe(join(folder, 'out', outcome.seriesInstanceUid, `MR.${outcome.sopInstanceUid}.dcm`));
    expect(readFileSync(outcome.path)).toHaveLength(outcome.size);
  });

  it('sums up what was done without a value of any instance', async () => {
    const input = files(3);
    writeFileSync(join(folder, 'in', 'none.dcm'), 'no DICOM');
    const started = {...aRequest};
    const run = await deidentifyFiles(
      [...input, {path: join(folder, 'in', 'none.dcm')}],
      started,
      join(folder, 'out'),
      {workers: 2},
    );
    const report = deidReport(started, run, 1.23456);
    expect(report).toMatchObject({
      tool: 'fiona-deid',
      profile: '2026d',
      project: 'TRIAL-01',
      instances: {in: 4, written: 3, skipped: 0, quarantined: 1},
      bySopClass: {'1.2.840.10008.5.1.4.1.1.4': 3},
      quarantine: {unreadable: 1},
      seconds: 1.235,
    });
    expect(report.studies).toHaveLength(1);
    expect(report.actions['00100010']).toEqual({replace: 3});
    expect(report.actions['0008103E']).toEqual({clean: 3});
    expect(report.counts).toMatchObject({tokensDropped: 3, trailingBytes: 0});
    expect(JSON.stringify(report)).not.toMatch(/NORDMANN|SUBJ-001|T1/);
  });

  it('leaves no temporary file and sets two different instances with one UID aside', async () => {
    const input = files(1);
    const twin = join(folder, 'in', 'twin.dcm');
    const first = input[0]?.path ?? '';
    writeFileSync(twin, readFileSync(first));
    const other = join(folder, 'in', 'other.dcm');
    writeFileSync(
      other,
      aFile([text(0x0008_0018, 'UI', '1.2.826.0.1.9999999.5.0'), text(0x0020_000e, 'UI', '1.2.826.0.1.9999999.4.0')]),
    );
    const {outcomes} = await deidentifyFiles([...input, {path: twin}, {path: other}], aRequest, join(folder, 'out'), {
      workers: 1,
    });
    expect(outcomes.map(outcome => (outcome.kind === 'written' ? 'written' : outcome.reason))).toEqual([
      'written',
      'written',
      'duplicate-uid',
    ]);
    expect(contentOf(join(folder, 'out'))).toMatch(/^1 files/);
    expect(
      readdirSync(join(folder, 'out'), {recursive: true, encoding: 'utf8'}).filter(name => name.includes('.tmp')),
    ).toEqual([]);
  });

  it('says so when it cannot write', async () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const {outcomes} = await deidentifyFiles(files(2), aRequest, blocked, {workers: 1});
    expect(outcomes.map(outcome => outcome.kind === 'quarantined' && outcome.reason)).toEqual([
      'write-failed',
      'write-failed',
    ]);
  });

  it('refuses a request that cannot be carried out, and names the rule, not the value', async () => {
    for (const subject of ['', 'hashuid', 'A^B', ' A', 'X'.repeat(65)]) {
      const run = deidentifyFiles(files(1), {...aRequest, subject}, join(folder, 'out'));
      await expect(run).rejects.toThrow(DeidError);
      await expect(run).rejects.not.toThrow(/A\^B|X{65}/);
    }
    const override = {tag: 0x0010_1000, action: 'keep', reason: 'test'} as const;
    await expect(
      deidentifyFiles(files(1), {...aRequest, profileOverrides: [override]}, join(folder, 'out')),
    ).rejects.toThrow(/may not keep/);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const run = deidentifyFiles(files(300), aRequest, join(folder, 'out'), {
      workers: 2,
      signal: stop.signal,
      onOutcome: () => stop.abort(),
    });
    await expect(run).rejects.toThrow(/abort/);
  });

  it('tries the files of a worker that died once more, alone, and sets aside the one that kills again', async () => {
    const input = files(5);
    const deadly = join(folder, 'in', '3.dcm');
    // the thread ends when it is given the third file: what a crash in native code looks like from outside
    const entry = join(folder, 'deadly.ts');
    writeFileSync(
      entry,
      `import {parentPort} from 'node:worker_threads';
       parentPort.on('message', task => { if (task.files.some(file => file.path === ${JSON.stringify(deadly)})) process.exit(9); });
       await import(${JSON.stringify(pathToFileURL(join(source, 'worker.ts')).href)});`,
    );
    const {outcomes} = await deidentifyFiles(input, aRequest, join(folder, 'out'), {
      workers: 2,
      entry: pathToFileURL(entry),
    });
    expect(outcomes.map(({kind}) => kind)).toEqual(['written', 'written', 'written', 'quarantined', 'written']);
    expect(outcomes[3]).toMatchObject({input: deadly, reason: 'unreadable'});
  });

  it('says so when its workers cannot start', async () => {
    const entry = join(folder, 'broken.ts');
    writeFileSync(entry, 'throw new Error("broken");');
    const run = deidentifyFiles(files(1), aRequest, join(folder, 'out'), {workers: 1, entry: pathToFileURL(entry)});
    await expect(run).rejects.toThrow(/did not start/);
  });

  it('works in a tool that is bundled into one file without extension', async () => {
    const tool = join(folder, 'tool.ts');
    writeFileSync(
      tool,
      `import {deidentifyFiles} from ${JSON.stringify(join(source, 'pool.ts'))};
       import {runWorkerIfAsked} from ${JSON.stringify(join(source, 'workerThread.ts'))};
       if (!runWorkerIfAsked()) {
         const {files, request, out} = JSON.parse(process.argv[2] ?? '');
         const run = await deidentifyFiles(files, request, out, {workers: 2});
         console.log(JSON.stringify(run.outcomes.map(({kind}) => kind)));
       }`,
    );
    const bundle = join(folder, 'dist', 'tool');
    await build({
      entryPoints: [tool],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      absWorkingDir: source,
      nodePaths: [join(source, '../../node_modules')],
    });
    writeFileSync(join(folder, 'dist', 'package.json'), '{"type": "module"}');
    const argument = JSON.stringify({files: files(5), request: aRequest, out: join(folder, 'out')});
    const run = spawnSync(process.execPath, [bundle, argument], {encoding: 'utf8'});
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual(['written', 'written', 'written', 'written', 'written']);
    expect(contentOf(join(folder, 'out'))).toMatch(/^5 files/);
  });
});
