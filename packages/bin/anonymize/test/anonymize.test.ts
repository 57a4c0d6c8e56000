import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {parseInstance} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import {findIdentifiers, plantedIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {sampleStudies} from '@fiona/sandbox/samples/studies';
import {writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const main = join(import.meta.dirname, '../src/main.ts');
const samples = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
const who = ['-j', 'DEMO', '-p', 'SUBJ-001'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anonymize-'));
  mkdirSync(join(folder, 'in'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function run(...args: string[]): {code: number | null; out: string} {
  const {status, stdout, stderr} = spawnSync(process.execPath, [main, ...args], {encoding: 'utf8'});
  return {code: status, out: stdout + stderr};
}

const to = (name: string) => ['-i', join(folder, 'in'), '-o', join(folder, name), ...who];

function put(name: string, sample: string): string {
  const path = join(folder, 'in', name);
  writeFileSync(path, readFileSync(join(samples, sample)));
  return path;
}

/** Every file below a folder, with its content. */
function tree(name: string): Record<string, string> {
  const names = readdirSync(join(folder, name), {recursive: true, encoding: 'utf8'}).toSorted();
  return Object.fromEntries(
    names
      .filter(each => statSync(join(folder, name, each)).isFile())
      .map(each => [
        each,
        createHash('sha256')
          .update(readFileSync(join(folder, name, each)))
          .digest('hex'),
      ]),
  );
}

function onlyFile(name: string) {
  const [file] = Object.keys(tree(name));
  return parseInstance(readFileSync(join(folder, name, file ?? 'none'))).dataSet;
}

/** Copies of an image with UIDs of their own. */
function putMany(count: number): void {
  const image = readFileSync(join(samples, 'CT_small.dcm'));
  const uid = text(parseInstance(image).dataSet, 0x0008_0018) ?? '';
  for (let index = 0; index < count; index++) {
    const own = uid.slice(0, -4) + String(index + 1000);
    writeFileSync(
      join(folder, 'in', `${index}.dcm`),
      Buffer.from(image.toString('latin1').replaceAll(uid, own), 'latin1'),
    );
  }
}

describe('anonymize', () => {
  it('writes one folder a series with --byseries, else all in one folder, under the same names', () => {
    put('ct', 'CT_small.dcm');
    expect(run(...to('flat')).code).toBe(0);
    expect(run(...to('deep'), '--by-series').code).toBe(0);
    const [flat] = Object.keys(tree('flat'));
    const [deep] = Object.keys(tree('deep'));
    expect(flat).toMatch(/^CT\.1\.3\.6\.1\.4\.1\.45037\.\d{45}\.dcm$/);
    expect(deep).toMatch(/^1\.3\.6\.1\.4\.1\.45037\.\d{45}\/CT\./);
    expect(deep).toMatch(`/${flat}`);
    expect(Object.values(tree('flat'))).toEqual(Object.values(tree('deep')));
  });

  it('treats a single file like a folder of one', () => {
    const path = put('ct', 'CT_small.dcm');
    run(...to('a'));
    expect(run('--input', path, '--output', join(folder, 'b'), '--project', 'DEMO', '--subject', 'SUBJ-001').code).toBe(
      0,
    );
    expect(tree('b')).toEqual(tree('a'));
  });

  it('writes the same bytes with one thread and with three', () => {
    putMany(150);
    expect(run(...to('one'), '-t', '1', '-b').code).toBe(0);
    expect(run(...to('three'), '--threads', '3', '-b').code).toBe(0);
    expect(Object.keys(tree('one'))).toHaveLength(150);
    expect(tree('three')).toEqual(tree('one'));
  });

  it('sets different instances with one SOPInstanceUID aside, all of them, and keeps one of equal ones', () => {
    put('a', 'CT_small.dcm');
    put('b', 'CT_small.dcm');
    put('c', 'MR_small.dcm');
    const changed = readFileSync(join(folder, 'in/c'));
    const pixel = changed.length - 3000;
    changed.writeUInt8(changed.readUInt8(pixel) ^ 1, pixel);
    writeFileSync(join(folder, 'in/d'), changed);
    const {code, out} = run(...to('out'), '--allow-burned-in');
    expect([code, Object.keys(tree('out')).map(name => name.slice(0, 2))]).toEqual([65, ['CT']]);
    expect(out).toMatch(/in 4, written 2, skipped 0, quarantined 2, not DICOM 0/);
    const notes = readdirSync(join(folder, 'out.quarantine'));
    const [first] = notes.map(name => JSON.parse(readFileSync(join(folder, 'out.quarantine', name), 'utf8')));
    expect(notes).toEqual(['000001.reason.json', '000002.reason.json']);
    expect(first).toMatchObject({item: 'c', tool: 'anonymize', reason: 'duplicate-uid'});
  });

  it('counts what is no DICOM, and ends with 65 when there is nothing else', () => {
    writeFileSync(join(folder, 'in/readme.txt'), 'some words that are no image at all');
    expect(run(...to('a')).code).toBe(65);
    put('ct', 'CT_small.dcm');
    const {code, out} = run(...to('b'));
    expect(code).toBe(0);
    expect(out).toMatch(/in 2, written 1, skipped 0, quarantined 0, not DICOM 1/);
  });

  it('skips the DICOMDIR of a disc', () => {
    put('DICOMDIR', 'dicomdirtests/DICOMDIR');
    put('ct', 'CT_small.dcm');
    expect(run(...to('out'))).toMatchObject({code: 0, out: expect.stringMatching(/written 1, skipped 1/)});
  });

  it('follows links to files, not to folders', () => {
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere/mr'), readFileSync(join(samples, 'MR_small.dcm')));
    symlinkSync(join(samples, 'CT_small.dcm'), join(folder, 'in/link'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'in/folder'));
    expect(run(...to('out')).out).toMatch(/in 1, written 1/);
  });

  it('writes mapping.json as it ever was, for the own account only', () => {
    put('ct', 'CT_small.dcm');
    expect(run(...to('out'), '-m', '-b').code).toBe(0);
    const path = join(folder, 'out/mapping.json');
    const mapping = JSON.parse(readFileSync(path, 'utf8'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Object.keys(mapping)).toEqual(['SeriesInstanceUID', 'StudyInstanceUID']);
    const ct = parseInstance(readFileSync(join(samples, 'CT_small.dcm'))).dataSet;
    const series = mapping.SeriesInstanceUID[text(ct, 0x0020_000e) ?? ''];
    expect(existsSync(join(folder, 'out', series))).toBe(true);
  });

  it('shifts dates, writes the event and old-style UIDs, sets elements and applies patterns', () => {
    put('ct', 'CT_small.dcm');
    const more = [
      '-e',
      'Day 1',
      '-d',
      '-3',
      '-u',
      '-P',
      '0008,103E=hello',
      '-P',
      '0018,1020=remove',
      '-R',
      '0008,0060=(.)T',
    ];
    expect(run(...to('out'), ...more).code).toBe(0);
    const got = onlyFile('out');
    expect(text(got, 0x0008_0020)).toBe('20040116');
    expect(text(got, 0x0008_0090)).toBe('EventName:Day 1');
    expect(text(got, 0x0008_103e)).toBe('hello');
    expect(text(got, 0x0018_1020)).toBeUndefined();
    expect(text(got, 0x0008_0060)).toBe('C');
    expect(text(got, 0x0008_0018)).toMatch(/^1\.3\.6\.1\.4\.1\.45037\.[0-9a-f]{45}$/);
  });

  it('takes images with possible text only with --allow-burned-in, and the report says so', () => {
    put('us', 'SC_rgb_gdcm_KY.dcm');
    expect(run(...to('a')).code).toBe(65);
    const report = join(folder, 'report.json');
    expect(run(...to('b'), '--allow-burned-in', '--report', report).code).toBe(0);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      allowBurnedIn: true,
      instances: {written: 1},
      notDicom: 0,
    });
  });

  it('prints the version with -v and refuses what it does not understand with 64', () => {
    expect(run('-v')).toMatchObject({code: 0, out: 'development\n'});
    put('ct', 'CT_small.dcm');
    const wrong: string[][] = [
      ['-i', join(folder, 'in'), '-o', join(folder, 'out'), '-j', 'DEMO'],
      ['-i', join(folder, 'in'), '-o', join(folder, 'in/out'), ...who],
      ['-i', join(folder, 'in'), '-o', folder, ...who],
      ['-i', join(folder, 'none'), '-o', join(folder, 'out'), ...who],
      [...to('out'), '-d', 'soon'],
      [...to('out'), '-t', '0'],
      [...to('out'), '-p', 'hashuid'],
      [...to('out'), '-P', '0008,0018=1.2.3'],
      [...to('out'), '-P', '0010,1000=keep'],
      [...to('out'), '-P', '0010,0010=X'],
      [...to('out'), '-P', 'nonsense'],
      [...to('out'), '--subject', 'other'],
    ];
    expect(wrong.map(args => run(...args).code)).toEqual(wrong.map(() => 64));
    expect(readdirSync(folder).filter(name => !name.endsWith('.lock'))).toEqual(['in']);
  }, 60_000);

  it('adds to a folder that holds files only with --force', () => {
    put('ct', 'CT_small.dcm');
    run(...to('out'));
    put('mr', 'MR_small.dcm');
    expect(run(...to('out')).code).toBe(64);
    expect(run(...to('out'), '--force', '--allow-burned-in').code).toBe(0);
    expect(Object.keys(tree('out')).map(name => name.slice(0, 2))).toEqual(['CT', 'MR']);
  });

  it('leaves no planted identifier of the sample studies in output, notes, report or log', async () => {
    const studies = sampleStudies();
    for (const study of studies) await writeStudy(join(folder, 'in'), study);
    const report = join(folder, 'report.json');
    const {code, out} = run(...to('out'), '--allow-burned-in', '--report', report, '-b', '--verbose');
    expect(code).toBe(0);
    const planted = plantedIdentifiers(studies);
    const written = Object.keys(tree('out')).map(name => readFileSync(join(folder, 'out', name)));
    expect(written).toHaveLength(studies.flatMap(({instances}) => instances).length);
    const told = [...written, readFileSync(report), Buffer.from(out)];
    expect(told.flatMap(bytes => findIdentifiers(bytes, planted))).toEqual([]);
  });

  it('ends with 73 where it cannot write', () => {
    put('ct', 'CT_small.dcm');
    expect(run('-i', join(folder, 'in'), '-o', '/proc/none/out', ...who).code).toBe(73);
  });

  it('changes nothing with --dry-run', () => {
    put('ct', 'CT_small.dcm');
    expect(run(...to('out'), '--dry-run').code).toBe(0);
    expect(readdirSync(folder)).toEqual(['in']);
  });
});

describe('two runs, and killed ones', () => {
  /** Starts a run and waits until it has written a file of its own. */
  async function started(name: string) {
    const child = spawn(process.execPath, [main, ...to(name), '-t', '1', '-b'], {stdio: 'ignore'});
    const work = join(folder, name, '.anonymize.partial');
    while (!existsSync(work) || readdirSync(work).length === 0) await delay(2);
    return child;
  }

  it('the second run on one output folder ends with 75', async () => {
    putMany(1500);
    const child = await started('out');
    expect(run(...to('out'), '-b').code).toBe(75);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('a killed run leaves no file at its place, and the next one ends as if nothing had been', async () => {
    putMany(1500);
    const child = await started('out');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readdirSync(join(folder, 'out'))).toEqual(['.anonymize.partial']);
    expect(run(...to('out'), '-b').code).toBe(0);
    run(...to('undisturbed'), '-b');
    expect(Object.keys(tree('out'))).toHaveLength(1500);
    expect(tree('out')).toEqual(tree('undisturbed'));
    expect(readdirSync(join(folder, 'out'))).toHaveLength(1);
  });
});
