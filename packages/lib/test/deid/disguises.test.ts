import {describe, expect, it} from 'vitest';
import {findElement, itemsOf} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {text as textAt} from '../../src/dicom/values.ts';
import {type NewElement, numberElement} from '../../src/dicom/write.ts';
import {aFile, bytes, deidentified, output, sequence, text} from './support/instances.ts';

const patient: readonly NewElement[] = [
  text(0x0008_0005, 'CS', 'ISO_IR 100'),
  text(0x0008_0050, 'SH', 'ACC99123'),
  text(0x0008_0090, 'PN', "O'Hara-Zyxwvut^Siobhan"),
  bytes(0x0010_0010, 'PN', Buffer.from('Bjørnstadløkken^Kari Anne', 'latin1')),
  text(0x0010_0020, 'LO', 'NO-7731945'),
  text(0x0010_0030, 'DA', '19560402'),
];

async function rootWith(...elements: NewElement[]) {
  const given = new Set(elements.map(({tag}) => tag));
  return parseInstance(await output(aFile([...patient.filter(({tag}) => !given.has(tag)), ...elements]))).dataSet;
}

/** What is left in an element, padding dropped; undefined when the instance is not sent at all. */
async function left(
  tag: number,
  vr: Exclude<NewElement['vr'], 'SQ'>,
  value: string | Buffer,
): Promise<string | undefined> {
  const element = bytes(tag, vr, Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1'));
  const outcome = await deidentified(aFile([...patient.filter(one => one.tag !== tag), element]));
  if (outcome.kind !== 'written') return undefined;
  const root = parseInstance(Buffer.concat(outcome.chunks.filter(Buffer.isBuffer))).dataSet;
  const found = findElement(root, tag);
  return found === undefined
    ? ''
    : root.bytes.toString('latin1', found.valueStart, found.valueEnd).replace(/[\0 ]+$/, '');
}

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

describe('a number', () => {
  it.each(['7731945', '-7731945', '7731945.0', '7731945e0', '+007731945', '19560402', '19560402.0', '1\\7731945.00'])(
    '%s that is an id or a birth date goes from DS',
    async value => {
      expect(await left(0x0018_0050, 'DS', value)).toBe('');
    },
  );

  it('that is an id goes from binary values, too', async () => {
    const uid = async (element: NewElement) => {
      const root = await rootWith(element);
      const found = findElement(root, element.tag);
      return (found?.valueEnd ?? 0) - (found?.valueStart ?? 0);
    };
    expect(await uid(numberElement(0x0018_9219, 'SS', 5))).toBe(2);
    expect(await uid(numberElement(0x0020_9057, 'UL', 7_731_945))).toBe(0);
    expect(await uid(numberElement(0x0020_9057, 'UL', 19_560_402))).toBe(0);
    expect(await uid(numberElement(0x0018_9087, 'FD', 7_731_945))).toBe(0);
    expect(await uid(numberElement(0x0018_9087, 'FD', 1000))).toBe(8);
    expect(await uid(numberElement(0x0020_9057, 'UL', 7_731_946))).toBe(4);
  });
});

describe('a time', () => {
  it.each(['560402', '773194', '995959', '105960.773194500', '24', '1060'])('%s that is none goes', async value => {
    expect(await left(0x0008_0032, 'TM', value)).toBe('');
  });

  it.each(['235959.999999', '000000', '10', '1015', '10:15:30.5', '235960'])('%s stays', async value => {
    expect(await left(0x0008_0032, 'TM', value)).toBe(value);
  });

  it.each([
    ['20240131775500', ''],
    ['20240131101500+7731', ''],
    ['20240131101500+1400', '20240313101500+1400'],
    ['20240131235960.5-0930', '20240313235960.5-0930'],
  ])('with a date, %s, becomes %s', async (value, expected) => {
    expect(await left(0x0008_002a, 'DT', value)).toBe(expected);
  });

  it.each([
    ['+7731', ''],
    ['+0545', '+0545'],
    ['-1200', '-1200'],
  ])('zone %s becomes "%s"', async (value, expected) => {
    expect(await left(0x0008_0201, 'SH', value)).toBe(expected);
  });
});

describe('a short word of the patient', () => {
  it('goes from numbers that spell it; other numbers stay', async () => {
    const name = text(0x0010_0010, 'PN', 'Berg^Kari');
    const root = await rootWith(
      name,
      bytes(0x0028_0009, 'AT', Buffer.from('BERG')),
      bytes(0x0020_9057, 'UL', Buffer.from('kari')),
      bytes(0x0018_9087, 'FD', Buffer.from('Berg\0\0\0\0')),
      bytes(0x0018_1310, 'US', Buffer.from('ABCDEFGH').subarray(0, 4)),
    );
    const lengthOf = (tag: number) => {
      const element = findElement(root, tag);
      return element === undefined ? -1 : element.valueEnd - element.valueStart;
    };
    expect([0x0028_0009, 0x0020_9057, 0x0018_9087, 0x0018_1310].map(lengthOf)).toEqual([0, 0, 0, 4]);
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

describe('an age above 89', () => {
  it.each([
    ['Brain 93Y', 'Brain'],
    ['thorax 101 years', 'thorax'],
    ['thorax 089Y', 'thorax 089Y'],
    ['T1 95 ms', 'T1 95 ms'],
  ])('in the description %s is left as %s', async (description, expected) => {
    expect(await left(0x0008_103e, 'LO', description)).toBe(expected);
  });

  it.each([
    ['93', 'a', '90'],
    ['47', 'a', '47'],
    ['93', 'mo', '93'],
  ])('of a report, %s %s, becomes %s', async (age, unit, expected) => {
    const code = (value: string, scheme: string) => [text(0x0008_0100, 'SH', value), text(0x0008_0102, 'SH', scheme)];
    const measured = [text(0x0040_a30a, 'DS', age), sequence(0x0040_08ea, [code(unit, 'UCUM')])];
    const item = [
      text(0x0040_a040, 'CS', 'NUM'),
      sequence(0x0040_a043, [code('121033', 'DCM')]),
      sequence(0x0040_a300, [measured]),
    ];
    const root = await rootWith(sequence(0x0040_a730, [item]));
    const [content] = itemsOf(root, 0x0040_a730);
    const [value] = content === undefined ? [] : itemsOf(content, 0x0040_a300);
    expect(value && textAt(value, 0x0040_a30a)).toBe(expected);
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
