import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseCsa} from '../../src/dicom/csa.ts';

interface CsaElement {
  name: string;
  items: string[];
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

/** An SV10 header as Siemens writes it: garbage behind names, items padded to 4 bytes. */
function csa(elements: CsaElement[], magic = 'SV10'): Buffer {
  const parts = [Buffer.from(magic), Buffer.from([4, 3, 2, 1]), uint32(elements.length, 77)];
  for (const {name, items} of elements) {
    const nameBytes = Buffer.alloc(64, 0xaa);
    nameBytes.write(`${name}\0`, 'latin1');
    parts.push(nameBytes, uint32(items.length), Buffer.from('LO\0\0'), uint32(19, items.length, 205));
    for (const item of items) {
      const {length} = item;
      parts.push(uint32(length, length, 77, length), Buffer.from(item, 'latin1'), Buffer.alloc((4 - (length % 4)) % 4));
    }
  }
  return Buffer.concat(parts);
}

describe('parseCsa', () => {
  it('reads names, single values, lists and empty elements; the last of equal names wins', () => {
    const header = parseCsa(
      csa([
        {name: 'B_value', items: ['1000\0junk', '', '']},
        {name: 'DiffusionGradientDirection', items: ['0.5 \0', '-0.5\0', '1.0\0']},
        {name: 'PhaseEncodingDirectionPositive', items: ['0']},
        {name: 'Empty', items: []},
        {name: 'PhaseEncodingDirectionPositive', items: ['1']},
      ]),
    );
    expect(Object.fromEntries(header ?? [])).toEqual({
      B_value: '1000',
      DiffusionGradientDirection: ['0.5', '-0.5', '1.0'],
      Empty: '',
      PhaseEncodingDirectionPositive: '1',
    });
  });

  it('reads items of 0, 1, 3 and 4 bytes', () => {
    for (const item of ['', 'a', 'abc', 'abcd']) {
      expect(
        Object.fromEntries(
          parseCsa(
            csa([
              {name: 'A', items: [item]},
              {name: 'B', items: ['x']},
            ]),
          ) ?? [],
        ),
      ).toEqual({A: item, B: 'x'});
    }
  });

  it('answers undefined to anything else: other magic, too many elements, lengths beyond the bytes', () => {
    const good = csa([{name: 'A', items: ['value']}]);
    expect(parseCsa(csa([]))?.size).toBe(0);
    expect(parseCsa(csa([{name: 'A', items: []}], 'SV11'))).toBeUndefined();
    expect(parseCsa(Buffer.alloc(0))).toBeUndefined();
    for (const [offset, value] of [
      [8, 1001],
      [8, 2],
      [12, 76],
      [16 + 76, 10_001],
      [16 + 76, 5],
      [16 + 80, 1],
      [16 + 84, 0xffffffff],
      [16 + 84 + 8, 3],
    ] as const) {
      const bad = Buffer.from(good);
      bad.writeUInt32LE(value, offset);
      expect(parseCsa(bad), `${offset}: ${value}`).toBeUndefined();
    }
  });

  it('survives any damage', () => {
    const good = csa([
      {name: 'A', items: ['value', 'x']},
      {name: 'B', items: ['1']},
    ]);
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({min: 0, max: 255})), {maxLength: 5}),
        (length, changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          parseCsa(bytes.subarray(0, length));
        },
      ),
      {numRuns: 3000},
    );
  });
});
