import {existsSync, globSync, readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {tagOf} from '../../src/dicom/dictionary.ts';
import {decimalText} from '../../src/dicom/numbers.ts';
import {readHeader} from '../../src/dicom/read.ts';
import {scanDataSet} from '../../src/dicom/scan.ts';
import {explicitLittleEndian, implicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import {displayText, elementStringsStrict, numbers, strings, text, uid} from '../../src/dicom/values.ts';
import {bytesElement, encodeDataSet, type NewElement, numberElement, textElement} from '../../src/dicom/write.ts';
import {python} from './pydicom.ts';
import {goldenSeries, sample} from './samples.ts';

const dataSetOf = (elements: NewElement[], encoding = explicitLittleEndian) =>
  scanDataSet(encodeDataSet(elements, encoding), encoding);
const imageType = 0x00080008;

describe('values', () => {
  it('tell absent from empty', () => {
    const dataSet = dataSetOf([textElement(imageType, 'CS', '')]);
    expect([strings(dataSet, imageType), text(dataSet, imageType), displayText(dataSet, imageType)]).toEqual([
      [],
      '',
      '',
    ]);
    expect([
      strings(dataSet, 0x00080016),
      text(dataSet, 0x00080016),
      numbers(dataSet, 0x00080016),
      uid(dataSet, 0x00080016),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('drop padding; blanks before a long text stay', () => {
    const dataSet = dataSetOf([
      textElement(imageType, 'CS', ' A \\ B'),
      textElement(0x00080018, 'UI', '1.2.3\0'),
      textElement(0x00104000, 'LT', '  two\\lines  '),
    ]);
    expect(strings(dataSet, imageType)).toEqual(['A', 'B']);
    expect(uid(dataSet, 0x00080018)).toBe('1.2.3');
    expect(strings(dataSet, 0x00104000)).toEqual(['  two\\lines']);
  });

  it('read numbers of every kind', () => {
    const dataSet = dataSetOf([
      textElement(0x00280030, 'DS', ['0.5', '1e2', 'x']),
      textElement(0x00200013, 'IS', '007'),
      numberElement(0x00280010, 'US', [1, 65535]),
      numberElement(0x00280106, 'SS', -5),
      numberElement(0x00189074, 'FD', Math.PI),
      numberElement(0x00280009, 'AT', 0x30040_00c),
      numberElement(0x00091001, 'SV', -(2n ** 62n)),
    ]);
    expect(numbers(dataSet, 0x00280030)).toEqual([0.5, 100, Number.NaN]);
    expect(numbers(dataSet, 0x00200013)).toEqual([7]);
    expect(strings(dataSet, 0x00200013)).toEqual(['007']);
    expect(numbers(dataSet, 0x00280010)).toEqual([1, 65535]);
    expect(numbers(dataSet, 0x00280106)).toEqual([-5]);
    expect(numbers(dataSet, 0x00189074)).toEqual([Math.PI]);
    expect(strings(dataSet, 0x00280009)).toEqual(['(3004,000C)']);
    expect(strings(dataSet, 0x00091001)).toEqual(['-4611686018427387904']);
  });

  it('take UN by the dictionary, known private elements by their creator, US as SS where pixels are signed', () => {
    const dataSet = dataSetOf([
      textElement(0x00190010, 'LO', 'GEMS_ACQU_01'),
      bytesElement(0x0019105a, 'UN', Buffer.from([0, 0, 0x80, 0x3f])),
      bytesElement(0x0019109c, 'UN', Buffer.from('FSPGR')),
      bytesElement(0x0019209c, 'UN', Buffer.from('FSPGR')),
      bytesElement(0x00280010, 'UN', Buffer.from([1, 2])),
    ]);
    expect(displayText(dataSet, 0x0019105a)).toBe('1.0');
    expect(displayText(dataSet, 0x0019109c)).toBe('FSPGR');
    expect(displayText(dataSet, 0x0019209c)).toBeUndefined();
    expect(numbers(dataSet, 0x00280010)).toEqual([513]);
    const signed = dataSetOf(
      [numberElement(0x00280103, 'US', 1), numberElement(0x00280106, 'SS', -5)],
      implicitLittleEndian,
    );
    expect(numbers(signed, 0x00280106)).toEqual([-5]);
  });

  it('are refused by the strict reading when they are not plain text', () => {
    const dataSet = dataSetOf([
      bytesElement(imageType, 'CS', Buffer.from([0xe6, 0x41])),
      bytesElement(0x00100020, 'LO', Buffer.from('a\0b ')),
      textElement(0x00200010, 'SH', 'fine '),
    ]);
    const [first, second, third] = dataSet.elements.map(element => elementStringsStrict(dataSet, element));
    expect([first, second, third]).toEqual([undefined, undefined, ['fine']]);
  });

  it('are read in linear time, however many blanks they hold', () => {
    const blanks = Buffer.from(`x${' '.repeat(2_000_000)}x`);
    const dataSet = dataSetOf([bytesElement(0x0040a160, 'UT', blanks), bytesElement(0x00080119, 'UC', blanks)]);
    const begin = performance.now();
    for (const element of dataSet.elements) elementStringsStrict(dataSet, element);
    expect(displayText(dataSet, 0x0040a160)?.length).toBe(2_000_002);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe('displayText', () => {
  it('writes several values as the rules expect them', () => {
    const dataSet = dataSetOf([
      textElement(imageType, 'CS', ['ORIGINAL', 'PRIMARY', 'M']),
      numberElement(0x00181310, 'US', [0, 256, 256, 0]),
      textElement(0x00180050, 'DS', '2.980'),
      textElement(0x00280030, 'DS', ['0.5000', '0.5000 ']),
      textElement(0x00081070, 'PN', ['A^B', 'C^D']),
      textElement(0x00180081, 'DS', ''),
    ]);
    expect(
      [imageType, 0x00181310, 0x00180050, 0x00280030, 0x00081070, 0x00180081].map(tag => displayText(dataSet, tag)),
    ).toEqual([
      "['ORIGINAL', 'PRIMARY', 'M']",
      '[0, 256, 256, 0]',
      '2.980',
      '[0.5000, 0.5000]',
      '[A^B, C^D]',
      undefined,
    ]);
  });

  it('writes floating point numbers as Python does', () => {
    const values = [
      0,
      -0,
      1,
      0.1,
      312800384,
      1e-5,
      1.5e-5,
      0.0001,
      1e15,
      123456789012345680,
      1e16,
      1e22,
      5e-324,
      1.7976931348623157e308,
      -2.5,
      1 / 3,
      100,
    ];
    expect(values.map(value => decimalText(value, 'FD'))).toEqual(
      python(
        'result = [str(float(v)) for v in data]',
        values.map(value => (Object.is(value, -0) ? '-0.0' : String(value))),
      ),
    );
  });

  /** Keys whose tag is not their keyword. */
  const tags: Record<string, number> = {
    SequenceType: 0x20011020,
    PulseSequenceName: 0x0019109c,
    Slices: 0x0021104f,
    SliceSpacing: 0x00180088,
    AcquisitionLength: 0x0051100a,
    ActiveCoils: 0x0051100f,
    Private0019_105a: 0x0019105a,
    Private0019_10BB: 0x001910bb,
    Private0043_1039: 0x00431039,
  };

  it('gives the texts that the older daemon recorded for every real file', () => {
    if (!existsSync(goldenSeries)) {
      expect(process.env.CI, `${goldenSeries} is missing`).not.toBe('true');
      return;
    }
    const different: string[] = [];
    let compared = 0;
    for (const name of globSync('*.dcm.json', {cwd: goldenSeries})) {
      const golden = JSON.parse(readFileSync(`${goldenSeries}${name}`, 'utf8')) as {
        input: string;
        series: Record<string, Record<string, unknown>>;
      };
      for (const series of Object.values(golden.series ?? {})) {
        const {dataSet} = readHeader(sample(golden.input), {tolerant: true});
        for (const [key, value] of Object.entries(series)) {
          const tag = tags[key] ?? tagOf(key);
          // `missing` and `None` are not texts of the file
          if (
            typeof value !== 'string' ||
            tag === undefined ||
            value === 'None' ||
            (key === 'StudyDescription' && value === 'missing')
          )
            continue;
          compared += 1;
          const ours = displayText(dataSet, tag);
          if (ours !== value) different.push(`${name} ${key}: ${ours} instead of ${value}`);
        }
      }
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(700);
  });
});
