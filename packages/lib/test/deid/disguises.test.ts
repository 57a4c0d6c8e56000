import {describe, expect, it} from 'vitest';
import {itemsOf} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {implicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import {text as textAt} from '../../src/dicom/values.ts';
import {encodeDataSet} from '../../src/dicom/write.ts';
import {left, patient, rootWith} from './support/disguisedPatient.ts';
import {aFile, bytes, deidentified, output, sequence, text} from './support/instances.ts';

const base64 = (value: string) => Buffer.from(value, 'utf8').toString('base64');
const spellings = [
  'Kari Bjørnstadløkken',
  'BJOERNSTADLOEKKEN',
  'Bjornstadlokken',
  'KariBjornstadlokken',
  'kbjornstadlokken2',
  'BJORN-STAD-LOKKEN',
  'B j o r n s t a d l o k k e n',
  'Bjornsta dlokken',
  'nekkoldatsnrojB',
  base64('Bjørnstadløkken'),
  base64('id=NO-7731945;'),
  Buffer.from('Bjornstadlokken').toString('hex'),
  'Bj%C3%B8rnstadl%C3%B8kken',
  'BjÃ¸rnstadlÃ¸kken',
  'Bj\u00ADørnstad\u00ADløkken',
  'O Hara',
  'OHARA',
  'Zyxwvut',
  'NO7731945',
  'NO-77-31-945',
  '77 31 945',
  '7731 945',
  'x7731945y',
  'ACC 99123',
  '2/4-1956',
  '02.04.56',
  '56-04-02',
  '1956 04 02',
  'NORDB_Bjornstadlokken_Kari_19560402.dcm',
  'http://ris/patient/7731945?n=Bjornstadlokken',
];
const telling =
  /bj.{0,6}rnstad|bjornst|stad.?l.{0,4}kken|zyxwvut|o.?hara|7731945|77.31.945|7731.945|99123|nekkol|qmrDuHJu|QmrDuHJuc3RhZ|Nzcz|426a6f726e|19560402|1956|56-04|02\.04/i;

describe('a known identifier in another spelling', () => {
  it.each([
    ['SeriesDescription', 0x0008_103e, 'LO'],
    ['Manufacturer', 0x0008_0070, 'LO'],
    ['SoftwareVersions', 0x0018_1020, 'LO'],
    ['ConvolutionKernel', 0x0018_1210, 'SH'],
    ['ScanOptions', 0x0018_0022, 'CS'],
    ['CodeMeaning', 0x0008_0104, 'LO'],
    ['EthnicGroup', 0x0010_2160, 'SH'],
    ['RescaleType', 0x0028_1054, 'LO'],
  ] as const)('is not left in %s', async (_, tag, vr) => {
    const leaks: string[] = [];
    for (const spelling of spellings) {
      // base64 is none in capitals
      const code = (spelling.endsWith('=') ? spelling : spelling.toUpperCase()).slice(0, 16);
      const rest = await left(tag, vr, vr === 'CS' ? code : spelling);
      if (rest !== undefined && telling.test(rest)) leaks.push(`${spelling} -> ${rest}`);
    }
    expect(leaks).toEqual([]);
  });

  it('is not left in the meaning of a public code, or in the name of a scheme', async () => {
    const leaks: string[] = [];
    for (const spelling of spellings) {
      const code = [
        text(0x0008_0100, 'SH', '121071'),
        text(0x0008_0102, 'SH', 'DCM'),
        bytes(0x0008_0104, 'LO', Buffer.from(`Finding ${spelling}`, 'latin1')),
      ];
      const outcome = await deidentified(aFile([...patient, sequence(0x0040_a043, [code])]));
      if (outcome.kind !== 'written') continue;
      const all = Buffer.concat(outcome.chunks.filter(Buffer.isBuffer)).toString('latin1');
      const rest = /Finding[^\0]*/.exec(all)?.[0] ?? '';
      if (telling.test(rest)) leaks.push(`${spelling} -> ${rest}`);
    }
    expect(leaks).toEqual([]);
  });

  it('is not left in codes that hold one part of it each', async () => {
    expect(await left(0x0018_0022, 'CS', 'BJORNSTAD\\LOKKEN')).toBe('');
    expect(await left(0x0008_0008, 'CS', 'ORIGINAL\\PRIMARY\\77319\\45')).toBe('REMOVED');
  });
});

describe('the meaning of a public code', () => {
  it.each([
    ['Finding', 'Finding'],
    ['Øvre lapp av høyre lunge', 'Øvre lapp av høyre lunge'],
    ['Qwertz^Uiop', 'removed'],
    ['finding 98765432', 'finding'],
    ['qwertz@uiop.asdfgh', 'removed'],
    [Buffer.from([0x80, 0xff, 0x1b, 0x24]), 'removed'],
  ])('%s is left as %s', async (meaning, expected) => {
    const bytesOfMeaning = Buffer.isBuffer(meaning) ? meaning : Buffer.from(meaning, 'latin1');
    const code = [
      text(0x0008_0100, 'SH', '121071'),
      text(0x0008_0102, 'SH', 'DCM'),
      bytes(0x0008_0104, 'LO', bytesOfMeaning),
    ];
    const root = await rootWith(sequence(0x0040_a043, [code]));
    const [item] = itemsOf(root, 0x0040_a043);
    expect(item && textAt(item, 0x0008_0104)).toBe(expected);
  });
});

describe('a UID', () => {
  it.each([
    ['FrameOfReferenceUID', 0x0020_0052],
    ['ReferencedSOPClassUID', 0x0008_1150],
    ['CodingSchemeUID', 0x0008_010c],
  ] as const)('with the birth date or an id in it is not left in %s', async (_, tag) => {
    for (const uid of ['1.2.840.10008.19560402', '1.2.840.10008.5.7731945.1', '1.2.3.19560402.5', '1.2.3.7731945'])
      expect(await left(tag, 'UI', uid)).not.toMatch(/19560402|7731945/);
  });

  it('of a class or of the standard stays', async () => {
    const root = await rootWith(
      text(0x0008_1150, 'UI', '1.3.12.2.1107.5.9.1'),
      text(0x0020_0052, 'UI', '1.2.840.10008.1.4.1.16'),
    );
    expect([textAt(root, 0x0008_1150), textAt(root, 0x0020_0052)]).toEqual([
      '1.3.12.2.1107.5.9.1',
      '1.2.840.10008.1.4.1.16',
    ]);
  });
});

describe('a date of the instance', () => {
  it.each(['2024-01-31', '31.01.2024', '31/1-2024', '1/31/2024', '31.01.24', '2024_01_31'])(
    'written %s is not left in the name of software or of a code',
    async date => {
      expect(await left(0x0018_1020, 'LO', `VE11 ${date}`)).not.toContain(date);
      const code = [
        text(0x0008_0100, 'SH', '121071'),
        text(0x0008_0102, 'SH', 'DCM'),
        text(0x0008_0104, 'LO', `Finding of ${date}`),
      ];
      expect((await output(aFile([...patient, sequence(0x0040_a043, [code])]))).toString('latin1')).not.toContain(date);
    },
  );

  it('stays in the name of software when it is another day', async () => {
    expect(await left(0x0018_1020, 'LO', 'syngo 2013-05-14')).toBe('syngo 2013-05-14');
  });
});

describe('a content item that tells who somebody is', () => {
  it('is recognised when the sequence of its concept name hides in VR UN', async () => {
    const code = [text(0x0008_0100, 'SH', '121031'), text(0x0008_0102, 'SH', 'DCM')];
    const encoded = encodeDataSet([sequence(0x0040_a043, [code])], implicitLittleEndian).subarray(8);
    const hidden = [
      [text(0x0040_a040, 'CS', 'DATE'), bytes(0x0040_a043, 'UN', encoded), text(0x0040_a121, 'DA', '19560402')],
      [text(0x0040_a040, 'CS', 'DATE'), sequence(0x0040_a043, [code]), text(0x0040_a121, 'DA', '19560402')],
    ];
    const root = await rootWith(sequence(0x0040_a730, hidden));
    expect(itemsOf(root, 0x0040_a730).map(item => textAt(item, 0x0040_a121))).toEqual(['19000101', '19000101']);
  });
});

describe('thousands of names', () => {
  it('are looked for in a megabyte of text before the test runs out of time', async () => {
    const word = (seed: number) =>
      (seed * 7_919_777 + 11_881_376).toString(26).replace(/[0-9]/g, digit => 'qrstuvwxyz'[Number(digit)] ?? '');
    const names = Array.from({length: 20_000}, (_, index) => [
      text(0x0010_1001, 'PN', `${word(index)}^${word(-index - 1)}`),
    ]);
    const prose = Array.from({length: 120_000}, (_, index) => word(index * 3 + 1)).join(' ');
    const elements = [sequence(0x0008_1111, names), text(0x0010_4000, 'LT', `T1 ${prose}`)];
    const root = parseInstance(await output(aFile(elements), {narrative: 'clean'})).dataSet;
    expect(textAt(root, 0x0010_4000)).toBe('T1');
  });
});

describe('names of other scripts', () => {
  it('are no abbreviations, however short they are', async () => {
    const utf8 = (tag: number, vr: 'LO' | 'PN', value: string) => bytes(tag, vr, Buffer.from(value, 'utf8'));
    const root = await rootWith(
      text(0x0008_0005, 'CS', 'ISO_IR 192'),
      utf8(0x0010_0010, 'PN', 'Yamada^Tarou=山田^太郎=やまだ^たろう'),
      utf8(0x0008_103e, 'LO', 'T2 山田 鈴木 Ян 김 tra'),
      utf8(0x0008_0070, 'LO', 'Sieмens 山田'),
    );
    expect(textAt(root, 0x0008_103e)).toBe('T2 tra');
    expect(textAt(root, 0x0008_0070)).toBe('removed');
  });
});

describe('escape sequences', () => {
  it('do not split a name', async () => {
    const split = Buffer.from('T1 Bjorn\x1b(Bstadlokken\x1b(J tra', 'latin1');
    for (const tag of [0x0008_103e, 0x0008_0070]) {
      expect((await left(tag, 'LO', split)) ?? '').not.toMatch(/stadlokken/);
      const root = await rootWith(
        text(0x0008_0005, 'CS', 'ISO 2022 IR 6\\ISO 2022 IR 100'),
        text(0x0010_0010, 'PN', 'Bjornstadlokken^Kari'),
        bytes(tag, 'LO', split),
      );
      expect(textAt(root, tag) ?? '').not.toMatch(/stadlokken/);
    }
  });
});
