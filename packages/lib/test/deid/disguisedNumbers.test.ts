import {describe, expect, it} from 'vitest';
import {findElement, itemsOf} from '../../src/dicom/dataSet.ts';
import {text as textAt} from '../../src/dicom/values.ts';
import {type NewElement, numberElement} from '../../src/dicom/write.ts';
import {left, rootWith} from './support/disguisedPatient.ts';
import {bytes, sequence, text} from './support/instances.ts';

describe('a number', () => {
  it.each(['7731945', '-7731945', '7731945.0', '7731945e0', '+007731945', '19560402', '19560402.0', '1\\7731945.00'])(
    '%s that is an id or a birth date goes from DS',
    async value => {
      expect(await left(0x0018_0050, 'DS', value)).toBe('');
    },
  );

  it('stays an id when its digits are spread over values; other lists stay', async () => {
    expect(await left(0x0010_1030, 'DS', '77\\31\\945')).toBe('');
    expect(await left(0x0020_0013, 'IS', '773\\1945')).toBe('');
    expect(await left(0x0028_0030, 'DS', '1\\1')).toBe('1\\1');
    expect(await left(0x0028_1050, 'DS', '400\\1500')).toBe('400\\1500');
  });

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
