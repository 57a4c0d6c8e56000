import {describe, expect, it} from 'vitest';
import {one, types} from './classifyHelpers.ts';
import type {Attributes} from './helpers.ts';

/** One image with every kind of value. */
const kinds: Attributes = {
  Manufacturer: ['LO', 'SIEMENS'],
  Rows: ['US', 256],
  PixelSpacing: ['DS', '0.5', '0.5'],
  ImageType: ['CS', 'ORIGINAL', 'PRIMARY'],
  '00291010': ['OB', 'SIEMENS x'],
  StudyID: ['SH'],
  SliceThickness: ['DS'],
};

const tags = {
  text: ['0x08', '0x70'],
  number: ['0x28', '0x10'],
  numbers: ['0x28', '0x30'],
  texts: ['0x08', '0x08'],
  bytes: ['0x29', '0x1010'],
  empty: ['0x20', '0x10'],
  emptyNumber: ['0x18', '0x50'],
  missing: ['0x08', '0x80'],
};

/** Operator, value -> for each kind: plain outcome, negated outcome. */
const table: [
  operator: string,
  value: unknown,
  expected: Record<keyof typeof tags, [plain: boolean, negated: boolean]>,
][] = [
  [
    'regexp',
    'IEM|256|0\\.5|ORIG',
    {
      text: [true, false],
      number: [true, false],
      numbers: [true, false],
      texts: [true, false],
      bytes: [true, false],
      empty: [false, true],
      emptyNumber: [false, true],
      missing: [false, true],
    },
  ],
  [
    'regexp',
    '^$',
    {
      text: [false, true],
      number: [false, true],
      numbers: [false, true],
      texts: [false, true],
      bytes: [false, true],
      empty: [true, false],
      emptyNumber: [true, false],
      missing: [true, false],
    },
  ],
  [
    '==',
    '256',
    {
      text: [true, true],
      number: [true, false],
      numbers: [true, true],
      texts: [true, true],
      bytes: [true, true],
      empty: [true, true],
      emptyNumber: [true, true],
      missing: [true, true],
    },
  ],
  [
    '!=',
    256,
    {
      text: [true, true],
      number: [false, true],
      numbers: [true, true],
      texts: [true, true],
      bytes: [true, true],
      empty: [true, true],
      emptyNumber: [true, true],
      missing: [true, true],
    },
  ],
  [
    '<',
    '100',
    {
      text: [true, true],
      number: [false, true],
      numbers: [true, true],
      texts: [true, true],
      bytes: [true, true],
      empty: [true, true],
      emptyNumber: [true, true],
      missing: [true, true],
    },
  ],
  [
    '>',
    '1e2',
    {
      text: [true, true],
      number: [true, false],
      numbers: [true, true],
      texts: [true, true],
      bytes: [true, true],
      empty: [true, true],
      emptyNumber: [true, true],
      missing: [true, true],
    },
  ],
  [
    'contains',
    'IEM',
    {
      text: [true, false],
      number: [false, true],
      numbers: [false, true],
      texts: [false, true],
      bytes: [true, false],
      empty: [false, true],
      emptyNumber: [false, true],
      missing: [false, true],
    },
  ],
  [
    'contains',
    0.5,
    {
      text: [false, true],
      number: [false, true],
      numbers: [true, false],
      texts: [false, true],
      bytes: [false, true],
      empty: [false, true],
      emptyNumber: [false, true],
      missing: [false, true],
    },
  ],
  [
    'contains',
    'PRIMARY',
    {
      text: [false, true],
      number: [false, true],
      numbers: [false, true],
      texts: [true, false],
      bytes: [false, true],
      empty: [false, true],
      emptyNumber: [false, true],
      missing: [false, true],
    },
  ],
  [
    'approx',
    256,
    {
      text: [false, false],
      number: [true, false],
      numbers: [false, true],
      texts: [false, false],
      bytes: [false, false],
      empty: [false, false],
      emptyNumber: [false, false],
      missing: [false, false],
    },
  ],
  [
    'approx',
    [0.5, 0.5],
    {
      text: [false, false],
      number: [false, true],
      numbers: [true, false],
      texts: [false, false],
      bytes: [false, false],
      empty: [false, false],
      emptyNumber: [false, false],
      missing: [false, false],
    },
  ],
  [
    'exist',
    undefined,
    {
      text: [true, false],
      number: [true, false],
      numbers: [true, false],
      texts: [true, false],
      bytes: [true, false],
      empty: [true, false],
      emptyNumber: [true, false],
      missing: [false, true],
    },
  ],
  [
    'notexist',
    undefined,
    {
      text: [false, true],
      number: [false, true],
      numbers: [false, true],
      texts: [false, true],
      bytes: [false, true],
      empty: [false, true],
      emptyNumber: [false, true],
      missing: [true, false],
    },
  ],
];

describe('operators by kind of value, plain and negated', () => {
  const cells = table.flatMap(([operator, value, expected]) =>
    Object.entries(expected).map(([kind, outcome]) => ({operator, value, kind: kind as keyof typeof tags, outcome})),
  );
  it.each(cells)('$operator $value on $kind', ({operator, value, kind, outcome}) => {
    const condition = {tag: tags[kind], operator, ...(value !== undefined && {value})};
    const plain = types(one(condition), [kinds]).length > 0;
    const negated = types(one({...condition, negate: 'yes'}), [kinds]).length > 0;
    expect([plain, negated]).toEqual(outcome);
  });
});
