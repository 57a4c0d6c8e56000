import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const main = join(import.meta.dirname, '../src/main.ts');
const checker = join(import.meta.dirname, '../../../../scripts/checkAudit.mjs');
const samples = '/usr/lib/python3/dist-packages/pydicom/data/test_files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anonymize-'));
  mkdirSync(join(folder, 'in'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function run(...args: string[]): {code: number | null; out: string} {
  const all = [main, '-i', join(folder, 'in'), '-o', join(folder, 'out'), '-j', 'DEMO', '-p', 'SUBJ-001', ...args];
  const {status, stdout, stderr} = spawnSync(process.execPath, all, {encoding: 'utf8'});
  return {code: status, out: stdout + stderr};
}

/** An image in which texts of the same length were replaced. */
function put(name: string, changes: Record<string, string>): void {
  let image = readFileSync(join(samples, 'CT_small.dcm')).toString('latin1');
  for (const [from, to] of Object.entries(changes)) {
    expect([from, to.length, image.includes(from)]).toEqual([from, from.length, true]);
    image = image.replaceAll(from, to);
  }
  writeFileSync(join(folder, 'in', name), Buffer.from(image, 'latin1'));
}

const notes = () =>
  readdirSync(join(folder, 'out.quarantine')).map(
    name => JSON.parse(readFileSync(join(folder, 'out.quarantine', name), 'utf8')) as Record<string, unknown>,
  );

const sopUid = '1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322';
const seriesUid = '1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322';
const otherInstance = {[sopUid]: `${sopUid.slice(0, -1)}9`};

describe('an input in which', () => {
  it('two series have an instance with one SOPInstanceUID loses both of them, with a folder for each series, too', () => {
    put('a', {});
    put('b', {[seriesUid]: `${seriesUid.slice(0, -1)}9`});
    put('c', otherInstance);
    const {code, out} = run('--by-series');
    expect([code, out]).toEqual([65, expect.stringMatching(/in 3, written 1, skipped 0, quarantined 2/)]);
    expect(notes()).toMatchObject([
      {item: 'a', reason: 'duplicate-uid'},
      {item: 'b', reason: 'duplicate-uid'},
    ]);
    expect(
      readdirSync(join(folder, 'out'), {recursive: true}).filter(name => String(name).endsWith('.dcm')),
    ).toHaveLength(1);
  });

  it('one series is of two patients is set aside, unless somebody has looked', () => {
    put('a', {});
    put('b', {...otherInstance, CompressedSamples: 'SomeoneElse^Anna1', '1CT1': '2CT2'});
    expect(run().code).toBe(65);
    expect(notes()).toMatchObject([{reason: 'several-patients'}, {reason: 'several-patients'}]);
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
    expect(run('--force')).toMatchObject({code: 0, out: expect.stringContaining('2 patients: all of them become one')});
  });
});

describe('--audit', () => {
  it('appends a line to a trail of its own, whole for who checks it', () => {
    put('a', {});
    const trail = join(folder, 'trail/audit.jsonl');
    expect(run('--audit', trail).code).toBe(0);
    expect(run('--audit', trail, '--force').code).toBe(0);
    const lines = readFileSync(trail, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines).toMatchObject([
      {seq: 1, event: 'anonymize', tool: 'anonymize', project: 'DEMO', counts: {in: 1, out: 1}},
      {seq: 2},
    ]);
    expect(readFileSync(trail, 'utf8')).not.toMatch(/SUBJ-001|1\.3\.6/);
    expect(spawnSync(process.execPath, [checker, trail], {encoding: 'utf8'}).stdout).toContain('whole: 2 lines');
  });

  it('in the output folder is refused', () => {
    put('a', {});
    expect(run('--audit', join(folder, 'out/audit.jsonl'))).toMatchObject({code: 64});
  });
});

describe('the command line', () => {
  it('cannot keep what no site may, not even by force; a pattern that is none is warned of', () => {
    put('a', {});
    expect(run('-P', '0008,0022=keep', '--force')).toMatchObject({
      code: 64,
      out: expect.stringContaining('--tagchange, (0008,0022): may not keep full dates'),
    });
    expect(run('-R', '0008,1030=(')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--regtagchange (0008,1030): invalid pattern'),
    });
  });
});
