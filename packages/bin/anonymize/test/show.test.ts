import {spawnSync} from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseInstance} from '@fiona/lib/dicom/read';
import {parseTag} from '@fiona/lib/dicom/tag';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {text} from '@fiona/lib/dicom/values';
import {bytesElement, encodeDataSet, type NewElement, part10Header, textElement} from '@fiona/lib/dicom/write';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const main = join(import.meta.dirname, '../src/main.ts');
const samples = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
const who = ['--project', 'TRIAL-01', '--subject', 'SUBJ-001'];
const sopClassUid = '1.2.840.10008.5.1.4.1.1.4';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anonymize-show-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function run(...args: string[]) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [main, ...args], {encoding: 'utf8'});
  return {code: status, stdout, stderr};
}

function file(name: string, elements: readonly NewElement[]): string {
  const path = join(folder, name);
  const header = part10Header({
    sopClassUid,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  writeFileSync(path, Buffer.concat([header, encodeDataSet(elements, explicitLittleEndian)]));
  return path;
}

/** An image of somebody, without pixels. */
function someone(series = '2', instance = '7'): NewElement[] {
  return [
    textElement(0x0008_0016, 'UI', sopClassUid),
    textElement(0x0008_0018, 'UI', `1.2.826.0.1.9999999.${series}.${instance}`),
    textElement(0x0008_0050, 'SH', 'A12345'),
    textElement(0x0008_103e, 'LO', 'T1 mprage sag NORDMANN'),
    textElement(0x0010_0010, 'PN', 'NORDMANN^TEST'),
    textElement(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
    textElement(0x0019_100c, 'IS', '1000'),
    textElement(0x0020_000d, 'UI', '1.2.826.0.1.9999999.1'),
    textElement(0x0020_000e, 'UI', `1.2.826.0.1.9999999.${series}`),
  ];
}

describe('anonymize --inspect', () => {
  it('tells of each element what becomes of it, by which rule, and which words were dropped', () => {
    const path = file('a.dcm', someone());
    const {code, stdout} = run('--inspect', path, ...who, '--json', '--yes');
    const [one] = JSON.parse(stdout);
    const line = (tag: string) => {
      const found = one.lines.find((each: {tag: string}) => each.tag === tag);
      return [found.before, found.after, found.action, found.rule];
    };
    expect(code).toBe(0);
    expect(line('(0008,0050)')).toEqual(['A12345', '1811254768385460', 'replace', 'gateway']);
    expect(line('(0008,103E)')).toEqual([
      'T1 mprage sag NORDMANN',
      'T1 mprage sag',
      'clean',
      'descriptor (1 token dropped)',
    ]);
    expect(line('(0010,0010)')).toEqual(['NORDMANN^TEST', 'SUBJ-001', 'replace', 'gateway']);
    expect(line('(0019,100C)')).toEqual(['1000', '1000', 'keep', 'safe private']);
    expect(one).toMatchObject({outcome: 'written', dropped: ['NORDMANN'], pixelGate: 'passed', proof: 'passed'});
    expect(one.codes).toContain('113100');
    expect(readdirSync(folder)).toEqual(['a.dcm']);
  });

  it('shows an image of more than 2 GB without reading its pixels', () => {
    const frames = 4200;
    const short = (tag: number, value: number) => {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16LE(value);
      return bytesElement(tag, 'US', bytes);
    };
    const path = file('large.dcm', [
      ...someone(),
      short(0x0028_0002, 1),
      textElement(0x0028_0008, 'IS', String(frames)),
      short(0x0028_0010, 512),
      short(0x0028_0011, 512),
      short(0x0028_0100, 16),
    ]);
    const length = 512 * 512 * 2 * frames;
    const pixels = Buffer.from('e07f10004f57000000000000', 'hex');
    pixels.writeUInt32LE(length, 8);
    appendFileSync(path, pixels);
    // sparse: its pixels take no room on the disk
    truncateSync(path, statSync(path).size + length);
    const memory = ['-r', join(folder, 'memory.cjs')];
    writeFileSync(
      join(folder, 'memory.cjs'),
      'process.on("exit", () => console.error(process.resourceUsage().maxRSS))',
    );
    const args = [...memory, main, '--inspect', path, ...who, '--json', '--yes'];
    const {status, stdout, stderr} = spawnSync(process.execPath, args, {encoding: 'utf8', timeout: 20_000});
    expect(status).toBe(0);
    const [{lines}] = JSON.parse(stdout) as [{lines: Record<string, unknown>[]}];
    expect(lines.at(-1)).toMatchObject({
      name: 'PixelData',
      before: '2,202,009,600 bytes',
      after: '2,202,009,600 bytes',
      action: 'keep',
    });
    expect(Number(stderr.trim().split('\n').at(-1))).toBeLessThan(250_000);
  });

  it('tells what becomes of the pixels in every encoding, and shows what stands around them', () => {
    const fates = {
      'CT_small.dcm': 'keep',
      'MR_small_bigendian.dcm': 'keep',
      'image_dfl.dcm': 'keep',
      'MR_small_RLE.dcm': 'keep',
      'JPEG2000.dcm': 'clean',
    };
    for (const name of Object.keys(fates)) copyFileSync(join(samples, name), join(folder, name));
    const {stdout} = run('--inspect', folder, ...who, '--all', '--json', '--yes', '--allow-burned-in');
    const all = JSON.parse(stdout) as {file: string; outcome: string; lines: Record<string, unknown>[]}[];
    const named = (lines: Record<string, unknown>[], name: string) => lines.find(line => line.name === name);
    expect(Object.fromEntries(all.map(({file, lines}) => [file, named(lines, 'PixelData')?.action]))).toEqual(fates);
    expect(all.map(({outcome, lines}) => [outcome, named(lines, 'PatientName')?.after])).toEqual(
      all.map(() => ['written', 'SUBJ-001']),
    );
  });

  it('shows identifiers neither to a pipe nor without --yes, and shapes to anybody', () => {
    const path = file('a.dcm', someone());
    const piped = run('--inspect', path, ...who);
    const json = run('--inspect', path, ...who, '--json');
    expect([piped.code, json.code]).toEqual([64, 64]);
    expect(piped.stdout + piped.stderr + json.stdout + json.stderr).not.toContain('NORDMANN');
    const shapes = run('--inspect', path, ...who, '--no-values');
    expect(shapes.code).toBe(0);
    expect(shapes.stdout).toMatch(/A\{1\}9\{5\} +-> 9\{16\}/);
    expect(shapes.stdout).not.toMatch(/NORDMANN|A12345|9999999/);
  });

  it('is coloured on a terminal, unless NO_COLOR', () => {
    const path = file('a.dcm', someone());
    const command = `${process.execPath} ${main} --inspect ${path} ${who.join(' ')}`;
    const screen = (env: Record<string, string>) =>
      spawnSync('script', ['-qec', command, '/dev/null'], {encoding: 'utf8', env: {...process.env, ...env}}).stdout;
    expect(screen({TERM: 'xterm'})).toMatch(/\u001b\[33m\(0010,0010\)/);
    expect(screen({NO_COLOR: '1'})).not.toContain('\u001b[');
  });

  it('takes the first instance of each series, or all, and says what would be set aside', () => {
    for (const [series, instance] of [
      ['2', '1'],
      ['2', '2'],
      ['3', '1'],
    ] as const)
      file(`${series}${instance}.dcm`, someone(series, instance));
    const json = (...args: string[]) => JSON.parse(run('--inspect', folder, ...who, '--json', '--yes', ...args).stdout);
    expect(json()).toHaveLength(2);
    expect(json('--all')).toHaveLength(3);
    const removed = json('--only', 'removed')[0].lines.map(({action}: {action: string}) => action);
    expect(new Set(removed)).toEqual(new Set(removed.length === 0 ? [] : ['remove']));
    const gate = run('--inspect', join(samples, 'SC_rgb_gdcm_KY.dcm'), ...who, '--json', '--yes');
    expect(gate.code).toBe(65);
    expect(JSON.parse(gate.stdout)[0]).toMatchObject({
      outcome: 'quarantined',
      reason: 'burned-in-text-possible',
      pixelGate: 'not passed',
      proof: 'passed',
    });
  });

  it('goes through the files of pydicom without a fault', () => {
    const {code, stdout} = run('--inspect', samples, ...who, '--json', '--no-values');
    expect([0, 65]).toContain(code);
    expect(JSON.parse(stdout).length).toBeGreaterThan(15);
  });
});

describe('anonymize --profile', () => {
  it('prints rows of tag, keyword, action and reason, with the changes of the site', () => {
    const config = join(folder, 'config.json');
    const change = {tag: '0018,1020', action: 'X', reason: 'a test'};
    writeFileSync(config, JSON.stringify({ANONYMIZER: {profileOverrides: [change]}}));
    const {code, stdout, stderr} = run('--profile', '--project', 'TRIAL-01', '--json', '--config', config);
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as string[][];
    expect(rows.find(row => row[2] === 'PatientName')?.slice(0, 4)).toEqual(['0010', '0010', 'PatientName', 'subject']);
    expect(rows.find(row => row[2] === 'SoftwareVersions')).toEqual([
      '0018',
      '1020',
      'SoftwareVersions',
      'remove',
      'override: a test',
    ]);
    expect(stderr).toContain('not keyed');
  });

  it('writes JSON or CSV with -a, as the older anonymizer did', () => {
    expect(run('-a', join(folder, 'p.json')).code).toBe(0);
    expect(run('--exportanon', join(folder, 'p.csv')).code).toBe(0);
    const rows = JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8')) as string[][];
    const csv = readFileSync(join(folder, 'p.csv'), 'utf8').trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(650);
    expect(csv).toHaveLength(rows.length + 1);
    expect(csv[0]).toBe('group,element,keyword,action,reason');
  });
});

interface GoldenCase {
  file: string;
  keyword: string;
  tag: string;
  where: string;
  originalBytes: string;
  project: string;
  style: string;
  patientId: string;
  dateIncrement: number;
  expected: string;
  rewrite: unknown;
}

describe('the golden vectors, through the command line', () => {
  it('come out as laid down', () => {
    const vectors = join(import.meta.dirname, '../../../../../shared/data/golden/uid-vectors.json');
    if (!existsSync(vectors)) throw new Error(`${vectors} is absent`);
    const {cases} = JSON.parse(readFileSync(vectors, 'utf8')) as {cases: GoldenCase[]};
    const uids = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'];
    const complete = [...Map.groupBy(cases, one => one.file).values()].filter(group =>
      uids.every(uid => group.some(one => one.keyword === uid && one.where === 'root' && one.rewrite === 'same')),
    );
    const chosen = [...Map.groupBy(complete, ([one]) => `${one?.project} ${one?.style}`).values()].map(
      ([group]) => group ?? [],
    );
    const styles = new Set(chosen.map(([one]) => one?.style));
    expect(styles).toEqual(new Set(['oid', 'hex']));
    // all of them go through the engine elsewhere; a run takes half a second
    const sample = [...styles].flatMap(style => chosen.filter(([one]) => one?.style === style).slice(0, 4));
    sample.forEach((group, index) => {
      const [first] = group;
      if (first === undefined) return;
      mkdirSync(join(folder, String(index)));
      const elements = uids.map(uid => {
        const one = group.find(each => each.keyword === uid && each.where === 'root');
        return bytesElement(parseTag(one?.tag ?? '') ?? 0, 'UI', Buffer.from(one?.originalBytes ?? '', 'hex'));
      });
      const input = file(`${index}/x`, [textElement(0x0008_0016, 'UI', sopClassUid), ...elements]);
      const out = join(folder, `${index}-out`);
      const {code} = run(
        '-i',
        input,
        '-o',
        out,
        '-j',
        first.project,
        '-p',
        first.patientId,
        '-d',
        String(first.dateIncrement),
        '--uid-style',
        first.style,
      );
      expect([first.file, code]).toEqual([first.file, 0]);
      const [name = ''] = readdirSync(out);
      const written = parseInstance(readFileSync(join(out, name))).dataSet;
      const got = uids.map(uid => text(written, parseTag(group.find(each => each.keyword === uid)?.tag ?? '') ?? 0));
      expect(got).toEqual(uids.map(uid => group.find(each => each.keyword === uid && each.where === 'root')?.expected));
      expect(name).toBe(`${got[2]}.dcm`);
    });
  }, 60_000);
});
