import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseCharacterSet} from '../../src/dicom/charset.ts';
import {encodeText} from '../../src/dicom/encodeText.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {type Vr, vrs} from '../../src/dicom/vr.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {aFile, bytes, deidentified, output, sequence, text} from './support/instances.ts';

/** Ways in which a text may stand in bytes. */
function encodings(word: string): Buffer[] {
  const spellings = [word, word.toUpperCase(), word.toLowerCase()];
  return spellings.flatMap(spelling => [
    Buffer.from(spelling, 'utf8'),
    Buffer.from(spelling, 'latin1'),
    Buffer.from(spelling, 'utf16le'),
    Buffer.from(spelling, 'utf16le').swap16(),
    Buffer.from(Buffer.from(spelling, 'utf8').toString('base64').replace(/=+$/, '').slice(0, -1)),
  ]);
}

function found(result: Buffer, words: readonly string[]): string[] {
  return words.filter(word => encodings(word).some(form => form.length >= 4 && result.includes(form)));
}

const planted = [
  'Nordmann',
  'Zyxwvut',
  'Qwertz',
  '01017012345',
  'ACC77881',
  'Bjørnøya',
  '19700101',
  '010170',
  '1.2.826.0.1.9999999.2024.1.31',
];

/** The same patient wherever software or people put a name. */
function everywhere(charset: string, encode: (value: string) => Buffer): NewElement[] {
  const t = (tag: number, vr: Exclude<Vr, 'SQ'>, value: string) => bytes(tag, vr, encode(value));
  const details = [
    t(0x0010_0010, 'PN', 'Nordmann^Qwertz'),
    t(0x0010_0020, 'LO', '01017012345'),
    t(0x0008_1030, 'LO', 'T2 Nordmann knee'),
    t(0x0008_103e, 'LO', 'T1 Zyxwvut 01017012345 1.2.826.0.1.9999999.2024.1.31'),
    t(0x0018_1030, 'LO', 'NORDMANN_brain'),
    t(0x0008_0104, 'LO', 'Zyxwvut'),
    t(0x0040_a160, 'UT', 'Nordmann was born 19700101'),
    t(0x0008_2111, 'ST', 'made for Qwertz'),
    t(0x0020_4000, 'LT', 'Nordmann'),
    t(0x0018_0022, 'CS', 'NORDMANN'),
    t(0x0018_1020, 'LO', 'syngo Nordmann'),
    t(0x0018_0050, 'DS', '01017012345'),
    t(0x0020_0011, 'IS', '01017012345'),
    t(0x0018_9999, 'UN', 'Nordmann'),
    t(0x0008_9876, 'UN', 'Nordmann'),
    t(0x0011_0010, 'LO', 'NORDMANN HOSPITAL'),
    t(0x0011_1001, 'LO', 'Nordmann'),
    t(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
    t(0x0019_100c, 'IS', '01017012345'),
    t(0x0019_100d, 'CS', 'NORDMANN'),
    t(0x0019_1008, 'CS', 'IMAGE NUM 4'),
    t(0x0029_0010, 'LO', 'SIEMENS CSA HEADER'),
    t(0x0029_1010, 'OB', 'SV10 Nordmann'),
    t(0x0042_0010, 'ST', 'Nordmann'),
    t(0x6000_0022, 'LO', 'Nordmann'),
    t(0x6000_3000, 'OW', 'Nordmann'),
    t(0x5000_0022, 'LO', 'Nordmann'),
    t(0x0018_1012, 'DA', '19700101'),
    t(0x0040_4050, 'DT', '19700101120000'),
    t(0x0008_0050, 'SH', 'ACC77881'),
    t(0x0040_a124, 'UI', '1.2.826.0.1.9999999.2024.1.31'),
  ];
  const inside = [...details, t(0x0008_0060, 'CS', 'MR')];
  return [
    text(0x0008_0005, 'CS', charset),
    ...details,
    t(0x0008_0060, 'CS', 'MR'),
    t(0x0010_0030, 'DA', '19700101'),
    t(0x0008_0090, 'PN', 'Bjørnøya^Zyxwvut'),
    t(0x0008_1070, 'PN', 'Bjørnøya'),
    t(0x0008_0080, 'LO', 'Bjørnøya sykehus'),
    sequence(0x0040_a730, [[...inside, sequence(0x0040_a730, [[...inside, sequence(0x0008_1140, [inside])]])]]),
    sequence(0x0400_0561, [inside]),
    sequence(0x0088_0200, [inside]),
    sequence(0x0040_0275, [inside]),
    sequence(0x0008_1120, [inside]),
    sequence(0x0011_1002, [inside]),
    sequence(0x0028_9145, [inside]),
  ];
}

describe('a patient who stands everywhere', () => {
  it.each([
    ['ISO_IR 100', (value: string) => Buffer.from(value, 'latin1')],
    ['ISO_IR 192', (value: string) => Buffer.from(value, 'utf8')],
    [
      'ISO 2022 IR 6\\ISO 2022 IR 100',
      (value: string) => encodeText(value, parseCharacterSet(['ISO 2022 IR 6', 'ISO 2022 IR 100'])) ?? Buffer.alloc(0),
    ],
    ['ISO_IR 999', (value: string) => Buffer.from(value, 'latin1')],
  ] as const)('is nowhere afterwards (%s)', async (charset, encode) => {
    for (const syntax of ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2']) {
      const result = await output(aFile(everywhere(charset, encode), syntax));
      expect(found(result, planted)).toEqual([]);
      expect(parseInstance(result).trailingBytes).toBe(0);
    }
  });

  it('is nowhere afterwards, in UTF-16 in bytes that nobody reads', async () => {
    const wide = Buffer.from('Nordmann', 'utf16le');
    const result = await output(
      aFile([
        text(0x0010_0010, 'PN', 'Nordmann'),
        bytes(0x0008_041b, 'OB', wide),
        bytes(0x0029_1010, 'OB', wide),
        bytes(0x0028_1201, 'OW', Buffer.alloc(64)),
      ]),
    );
    expect(found(result, ['Nordmann'])).toEqual([]);
  });

  it('is found by the proof where a table of colours hides it', async () => {
    const hidden = Buffer.concat([Buffer.alloc(20), Buffer.from('Nordmann'), Buffer.alloc(20)]);
    const file = aFile([text(0x0010_0010, 'PN', 'Nordmann'), bytes(0x0028_1201, 'OW', hidden)]);
    expect(await deidentified(file)).toMatchObject({
      kind: 'quarantined',
      reason: 'identifier-survived',
      tag: 0x0028_1201,
    });
    const wide = aFile([
      text(0x0010_0010, 'PN', 'Nordmann'),
      bytes(0x0028_1201, 'OW', Buffer.from('  Nordmann  ', 'utf16le')),
    ]);
    expect(await deidentified(wide)).toMatchObject({kind: 'quarantined', reason: 'identifier-survived'});
  });

  it('is not behind the data set', async () => {
    const file = aFile(
      [
        bytes(0x7fe0_0010, 'OW', Buffer.from([1, 2])),
        bytes(0x0028_0010, 'US', Buffer.from([1, 0])),
        bytes(0x0028_0011, 'US', Buffer.from([2, 0])),
        bytes(0x0028_0100, 'US', Buffer.from([8, 0])),
      ],
      '1.2.840.10008.1.2.1',
      Buffer.from('Nordmann 12'),
    );
    const outcome = await deidentified(file);
    expect(outcome).toMatchObject({
      kind: 'written',
      tallies: expect.arrayContaining([expect.objectContaining({counts: {trailingBytes: 11}})]),
    });
    expect(found(await output(file), ['Nordmann'])).toEqual([]);
  });

  it('is not in the preamble or the file meta information', async () => {
    const file = aFile([text(0x0010_0010, 'PN', 'Nordmann')]);
    file.write('Nordmann', 3, 'latin1');
    const result = await output(file);
    expect(found(result, ['Nordmann', 'SENDER'])).toEqual([]);
    expect(result.subarray(0, 128).every(byte => byte === 0)).toBe(true);
  });

  it('is nowhere when tags come twice and out of order', async () => {
    const element = (tag: number, vr: Exclude<Vr, 'SQ'>, value: string) =>
      parseInstance(aFile([text(tag, vr, value)])).dataSet;
    const twice = ['Nordmann', 'Qwertz'].map(value => {
      const dataSet = element(0x0010_1001, 'PN', value);
      const found = dataSet.elements.find(({tag}) => tag === 0x0010_1001);
      return dataSet.bytes.subarray(found?.start, found?.end);
    });
    const file = Buffer.concat([aFile([text(0x0010_0010, 'PN', 'Nordmann')]), ...twice]);
    const outcome = await deidentified(file);
    expect(outcome.kind).toBe('written');
    const result = await output(file);
    expect(found(result, ['Nordmann', 'Qwertz'])).toEqual([]);
    expect(parseInstance(result).dataSet.ordered).toBe(true);
  });

  it('is not in what the caller knows of him, either', async () => {
    const file = aFile([text(0x0008_0070, 'LO', 'Zyxwvut Systems')]);
    expect(found(await output(file), ['Zyxwvut'])).toEqual(['Zyxwvut']);
    expect(found(await output(file, {identifiers: ['Zyxwvut']}), ['Zyxwvut'])).toEqual([]);
  });
});

describe('any data set', () => {
  const marker = 'Zqxmarker';
  const anyTag = fc
    .tuple(
      fc.constantFrom(
        0x0008,
        0x0009,
        0x0010,
        0x0011,
        0x0018,
        0x0019,
        0x0020,
        0x0028,
        0x0029,
        0x0032,
        0x0038,
        0x0040,
        0x0070,
        0x0072,
        0x300a,
        0x3006,
        0x4008,
        0x5000,
        0x5400,
        0x6000,
        0x7fe1,
      ),
      fc.integer({min: 1, max: 0xfff0}),
    )
    .map(([group, element]) => group * 0x10000 + element);
  const textVrs = vrs.filter(vr => vr !== 'SQ');
  const anyElement = fc
    .tuple(
      anyTag,
      fc.constantFrom(...textVrs),
      fc.constantFrom(marker, `${marker}^A`, `T1 ${marker}`, `${marker} 1.2`, `x\\${marker}`),
    )
    .filter(([tag]) => ![0x0008_0016, 0x0008_0018, 0x0020_000d, 0x0020_000e, 0x0008_0005].includes(tag))
    .map(([tag, vr, value]): NewElement => bytes(tag, vr as Exclude<Vr, 'SQ'>, Buffer.from(value)));

  it('with a word that nobody knows in any element, tag and VR leaves none of it behind, and stays readable', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyElement, {maxLength: 30, selector: element => element.tag}),
        fc.integer({min: 0, max: 3}),
        async (elements, depth) => {
          let inside: NewElement[] = elements;
          for (let level = 0; level < depth; level++) inside = [sequence(0x0040_a730, [inside])];
          const outcome = await deidentified(
            aFile([text(0x0010_0010, 'PN', marker), ...inside.filter(({tag}) => tag !== 0x0010_0010)]),
          );
          if (outcome.kind !== 'written') {
            // numbers whose bytes spell the name: the proof finds them
            expect(outcome).toMatchObject({kind: 'quarantined', reason: 'identifier-survived'});
            return;
          }
          const result = Buffer.concat(outcome.chunks.filter(Buffer.isBuffer));
          expect(found(result, [marker])).toEqual([]);
          expect(parseInstance(result).dataSet.ordered).toBe(true);
        },
      ),
      {numRuns: 300},
    );
  });

  it('that is cut short or altered anywhere gives an outcome or a typed error, never a crash', async () => {
    const original = aFile(everywhere('ISO_IR 192', value => Buffer.from(value, 'utf8')));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({min: 132, max: original.length - 1}), fc.integer({min: 0, max: 255})), {
          maxLength: 6,
        }),
        fc.integer({min: 140, max: original.length}),
        async (changes, length) => {
          const broken = Buffer.from(original.subarray(0, length));
          for (const [at, value] of changes) if (at < broken.length) broken[at] = value;
          try {
            const outcome = await deidentified(broken);
            expect(['written', 'skipped', 'quarantined']).toContain(outcome.kind);
          } catch (error) {
            expect((error as Error).name).toBe('DicomError');
          }
        },
      ),
      {numRuns: 300},
    );
  });
});
