import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type DataSet, findElement, walkElements} from '../../src/dicom/dataSet.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {dictionaryVr} from '../../src/dicom/dictionary.ts';
import {applyEdits, Edits} from '../../src/dicom/editor.ts';
import {parseInstance, readHeader, readInstance} from '../../src/dicom/read.ts';
import {scanDataSet, trySequence} from '../../src/dicom/scan.ts';
import {
  type Encoding,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from '../../src/dicom/transferSyntax.ts';
import {elementStringsStrict, strings} from '../../src/dicom/values.ts';
import {vrRules, vrs} from '../../src/dicom/vr.ts';
import {
  bytesElement,
  encodeDataSet,
  encodeElementHeader,
  encodeItemHeader,
  type NewElement,
  type NewValue,
  sequenceElement,
  textElement,
} from '../../src/dicom/write.ts';
import {allSamples, randomNumbers, sample} from './samples.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');

function errorOf(run: () => unknown): DicomError {
  try {
    run();
  } catch (error) {
    if (error instanceof DicomError) return error;
    throw error;
  }
  throw new Error('no DicomError');
}

/** What an element is, positions aside. */
type Shape = readonly [tag: number, vr: string, value: string | readonly (readonly Shape[])[]];

function shapeOf(dataSet: DataSet): Shape[] {
  return dataSet.elements.map(element => [
    element.tag,
    element.vr,
    element.items?.map(shapeOf) ?? dataSet.bytes.toString('hex', element.valueStart, element.valueEnd),
  ]);
}

function shapeOfNew(elements: readonly NewElement[]): Shape[] {
  return elements
    .toSorted((a, b) => a.tag - b.tag)
    .map(element => [
      element.tag,
      element.vr,
      element.vr === 'SQ' ? element.items.map(shapeOfNew) : padded(element).toString('hex'),
    ]);
}

function padded({value, vr}: NewValue): Buffer {
  return value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([vrRules[vr].padding])]);
}

const valueVrs = vrs.filter(vr => vr !== 'SQ');
const anyTag = fc.integer({min: 0x00080000, max: 0x7fdfffff});

/** Data sets of all VRs, nested, with distinct tags. */
const dataSets = fc.letrec<{elements: NewElement[]; element: NewElement}>(tie => ({
  elements: fc.uniqueArray(tie('element'), {selector: element => element.tag, maxLength: 6}),
  element: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    fc.record({
      tag: anyTag,
      vr: fc.constantFrom(...valueVrs),
      value: fc.uint8Array({maxLength: 40}).map(bytes => Buffer.from(bytes)),
    }),
    fc.record({
      tag: anyTag,
      vr: fc.constant('SQ' as const),
      items: fc.array(tie('elements'), {maxLength: 3}),
      undefinedLength: fc.boolean(),
    }),
  ),
})).elements;

describe('scanDataSet', () => {
  it('finds what encodeDataSet wrote, in both byte orders, at every depth', () => {
    fc.assert(
      fc.property(dataSets, fc.constantFrom(explicitLittleEndian, explicitBigEndian), (elements, encoding) => {
        const scanned = scanDataSet(encodeDataSet(elements, encoding), encoding);
        expect(shapeOf(scanned)).toEqual(shapeOfNew(elements));
      }),
      {numRuns: 500},
    );
  });

  it('finds it in implicit VR, where the dictionary says the VR', () => {
    const known = [0x00080018, 0x00081140, 0x00100010, 0x00280010, 0x00181310, 0x00189074, 0x0040a730, 0x00091001];
    const implicitSets = dataSets.map(function adapt(elements: readonly NewElement[]): NewElement[] {
      return elements.slice(0, known.length).map((element, index) => {
        const tag = known[index] ?? 0;
        const vr = dictionaryVr(tag);
        if (vr === 'SQ') return {tag, vr, items: element.vr === 'SQ' ? element.items.map(adapt) : []};
        return {tag, vr, value: element.vr === 'SQ' ? Buffer.alloc(2) : element.value};
      });
    });
    fc.assert(
      fc.property(implicitSets, elements => {
        const scanned = scanDataSet(encodeDataSet(elements, implicitLittleEndian), implicitLittleEndian);
        expect(shapeOf(scanned)).toEqual(shapeOfNew(elements));
      }),
      {numRuns: 500},
    );
  });

  it('answers any bytes with a data set or a DicomError', () => {
    const encodings: Encoding[] = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian];
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 300}), fc.constantFrom(...encodings), (bytes, encoding) => {
        try {
          scanDataSet(Buffer.from(bytes), encoding);
        } catch (error) {
          expect(error).toBeInstanceOf(DicomError);
        }
      }),
      {numRuns: 2000},
    );
  });

  it('keeps elements that stand twice or out of order, and says so', () => {
    const one = encodeDataSet([textElement(0x00100020, 'LO', 'A')], explicitLittleEndian);
    const two = encodeDataSet([textElement(0x00100010, 'PN', 'B')], explicitLittleEndian);
    const scanned = scanDataSet(Buffer.concat([one, two, one]), explicitLittleEndian);
    expect(scanned.elements.map(element => element.tag)).toEqual([0x00100020, 0x00100010, 0x00100020]);
    expect(scanned.ordered).toBe(false);
    expect(scanDataSet(Buffer.concat([two, one]), explicitLittleEndian).ordered).toBe(true);
  });

  it('reads UN of undefined length as implicit little endian items, whatever is outside', () => {
    const inner = encodeDataSet(
      [textElement(0x00100010, 'PN', 'DOE^JOHN'), textElement(0x00091001, 'LO', 'secret')],
      implicitLittleEndian,
    );
    for (const encoding of [explicitLittleEndian, explicitBigEndian]) {
      const bytes = Buffer.concat([
        encodeElementHeader(0x00091010, 'UN', 0xffffffff, encoding),
        encodeItemHeader(0xfffee000, inner.length, true),
        inner,
        encodeItemHeader(0xfffee0dd, 0, true),
      ]);
      const item = scanDataSet(bytes, encoding).elements[0]?.items?.[0];
      expect(item?.encoding).toEqual(implicitLittleEndian);
      expect(item && strings(item, 0x00100010)).toEqual(['DOE^JOHN']);
    }
  });

  it('reads items in implicit VR inside an explicit VR sequence', () => {
    const inner = encodeDataSet([textElement(0x00100010, 'PN', 'DOE^JOHN')], implicitLittleEndian);
    const content = Buffer.concat([encodeItemHeader(0xfffee000, inner.length, true), inner]);
    const bytes = Buffer.concat([encodeElementHeader(0x00081140, 'SQ', content.length, explicitLittleEndian), content]);
    const item = scanDataSet(bytes, explicitLittleEndian).elements[0]?.items?.[0];
    expect(item && strings(item, 0x00100010)).toEqual(['DOE^JOHN']);
  });

  it('stops at 64 sequences in each other', () => {
    const nested = (depth: number): NewElement => sequenceElement(0x0040a730, depth === 0 ? [] : [[nested(depth - 1)]]);
    expect(scanDataSet(encodeDataSet([nested(63)], explicitLittleEndian), explicitLittleEndian).elements).toHaveLength(
      1,
    );
    const error = errorOf(() => scanDataSet(encodeDataSet([nested(64)], explicitLittleEndian), explicitLittleEndian));
    expect(error).toMatchObject({reason: 'too-deep', tag: 0x0040a730});
    expect(error.offset).toBeGreaterThan(0);
  });

  it('finds 200,000 elements in the items of functional groups', () => {
    const frame = [
      sequenceElement(0x00209113, [[textElement(0x00200032, 'DS', ['1', '2', '3'])]]),
      sequenceElement(0x00209111, [
        [textElement(0x00189074, 'DT', '20200101120000'), textElement(0x00209056, 'SH', '1')],
      ]),
    ];
    const groups = sequenceElement(0x52009230, new Array(40_000).fill(frame));
    let found = 0;
    walkElements(scanDataSet(encodeDataSet([groups], explicitLittleEndian), explicitLittleEndian), () => {
      found += 1;
    });
    expect(found).toBe(200_001);
  });

  it('does not overflow the stack on 100,000 sequences in each other', () => {
    const opening = Buffer.concat([
      encodeElementHeader(0x0040a730, 'SQ', 0xffffffff, explicitLittleEndian),
      encodeItemHeader(0xfffee000, 0xffffffff, true),
    ]);
    const bytes = Buffer.concat(new Array(100_000).fill(opening));
    expect(errorOf(() => scanDataSet(bytes, explicitLittleEndian)).reason).toBe('too-deep');
    expect(errorOf(() => scanDataSet(bytes, explicitLittleEndian, {maxDepth: 200_000, maxElements: 1000})).reason).toBe(
      'too-many-elements',
    );
  });

  it.each([
    [
      'a value beyond the input',
      Buffer.concat([encodeElementHeader(0x00100010, 'PN', 100, explicitLittleEndian), latin('DOE')]),
      'truncated',
      0,
    ],
    [
      'a header cut off',
      Buffer.concat([encodeElementHeader(0x00100010, 'PN', 0, explicitLittleEndian), Buffer.from([8, 0, 1])]),
      'truncated',
      8,
    ],
    [
      'a length of 4 GB in 12 bytes',
      encodeElementHeader(0x7fe00010, 'OW', 0xfffffffe, explicitLittleEndian),
      'truncated',
      0,
    ],
    [
      'undefined length in a text',
      encodeElementHeader(0x0040a160, 'UT', 0xffffffff, explicitLittleEndian),
      'bad-length',
      0,
    ],
    [
      'a delimiter outside a sequence',
      Buffer.concat([
        encodeElementHeader(0x00100010, 'PN', 0, explicitLittleEndian),
        encodeItemHeader(0xfffee00d, 0, true),
      ]),
      'bad-structure',
      8,
    ],
    [
      'an element where an item must be',
      Buffer.concat([
        encodeElementHeader(0x00081140, 'SQ', 8, explicitLittleEndian),
        encodeElementHeader(0x00100010, 'PN', 0, explicitLittleEndian),
      ]),
      'bad-structure',
      12,
    ],
    [
      'an item longer than its sequence',
      Buffer.concat([
        encodeElementHeader(0x00081140, 'SQ', 8, explicitLittleEndian),
        encodeItemHeader(0xfffee000, 8, true),
        encodeElementHeader(0x00100010, 'PN', 0, explicitLittleEndian),
      ]),
      'bad-length',
      12,
    ],
    [
      'an element longer than its item',
      Buffer.concat([
        encodeElementHeader(0x00081140, 'SQ', 16, explicitLittleEndian),
        encodeItemHeader(0xfffee000, 8, true),
        encodeElementHeader(0x00100010, 'PN', 8, explicitLittleEndian),
        latin('DOE^JOHN'),
      ]),
      'bad-length',
      20,
    ],
    [
      'a sequence without delimiter',
      Buffer.concat([
        encodeElementHeader(0x00081140, 'SQ', 0xffffffff, explicitLittleEndian),
        encodeItemHeader(0xfffee000, 0, true),
      ]),
      'truncated',
      20,
    ],
    ['letters where a VR must be', latin('\x10\0\x20\0a1\x02\0id'), 'bad-structure', 0],
  ])('refuses %s with tag and offset', (_, bytes, reason, offset) => {
    const error = errorOf(() => scanDataSet(bytes, explicitLittleEndian));
    expect(error).toMatchObject({reason, offset});
    expect(error.message).not.toContain('DOE');
  });
});

describe('trySequence', () => {
  const items = (encoding: Encoding) => {
    const inner = encodeDataSet([textElement(0x00100010, 'PN', 'DOE^JOHN')], encoding);
    return Buffer.concat([encodeItemHeader(0xfffee000, inner.length, encoding.littleEndian), inner]);
  };
  const holder = (value: Buffer, encoding: Encoding) =>
    scanDataSet(encodeDataSet([bytesElement(0x00091010, 'UN', value)], encoding), encoding);

  it('finds the items in UN of defined length, implicit or explicit', () => {
    for (const [inside, outside] of [
      [implicitLittleEndian, explicitLittleEndian],
      [explicitLittleEndian, explicitLittleEndian],
      [implicitLittleEndian, explicitBigEndian],
      [explicitBigEndian, explicitBigEndian],
    ] as const) {
      const dataSet = holder(items(inside), outside);
      const element = dataSet.elements[0];
      const found = element && trySequence(dataSet, element);
      expect(found?.map(item => strings(item, 0x00100010))).toEqual([['DOE^JOHN']]);
      expect(found?.[0]?.parent).toBe(dataSet);
    }
  });

  it('is content with nothing less than items from the first byte to the last', () => {
    for (const value of [
      Buffer.alloc(0),
      latin('just text'),
      items(implicitLittleEndian).subarray(0, 12),
      Buffer.concat([items(implicitLittleEndian), Buffer.from([1, 2])]),
    ]) {
      const dataSet = holder(value, explicitLittleEndian);
      const element = dataSet.elements[0];
      expect(element && trySequence(dataSet, element)).toBeUndefined();
    }
  });
});

describe('damaged real files', () => {
  const seed = Number(process.env.FIONA_TEST_SEED ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fiona-dicom-'));
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  const originals = allSamples()
    .map(name => readFileSync(sample(name)))
    .filter(bytes => bytes.length > 200 && bytes.length < 60_000);

  /** A few bytes changed, a stretch taken out or doubled, or the end cut off. */
  function damage(original: Buffer): Buffer {
    const at = random(original.length);
    const length = random(40);
    const kind = random(4);
    if (kind === 0) return original.subarray(0, at);
    if (kind === 1) return Buffer.concat([original.subarray(0, at), original.subarray(at + length)]);
    if (kind === 2) return Buffer.concat([original.subarray(0, at + length), original.subarray(at)]);
    const changed = Buffer.from(original);
    for (let count = random(8); count >= 0; count--)
      changed[random(4) === 0 ? random(changed.length) : (at + random(64)) % changed.length] =
        [0, 0xff, random(256)][random(3)] ?? 0;
    return changed;
  }

  it(`give a result or a DicomError, never anything else, and quickly (seed ${seed})`, () => {
    let read = 0;
    for (let run = 0; run < 4000; run++) {
      const bytes = damage(originals[random(originals.length)] ?? Buffer.alloc(0));
      const begin = performance.now();
      try {
        const {dataSet} = parseInstance(bytes, {maxHeaderBytes: 64 * 1024 * 1024});
        walkElements(dataSet, (element, holder) => {
          elementStringsStrict(holder, element);
          trySequence(holder, element);
        });
        applyEdits(dataSet, new Edits(), {sort: true});
        read += 1;
      } catch (error) {
        if (!(error instanceof DicomError)) throw new Error(`seed ${seed}, run ${run}`, {cause: error});
      }
      expect(performance.now() - begin, `seed ${seed}, run ${run}`).toBeLessThan(2000);
    }
    expect(read).toBeGreaterThan(400);
  });

  it(`read the same from a file as from memory (seed ${seed})`, () => {
    for (let run = 0; run < 300; run++) {
      const bytes = damage(originals[random(originals.length)] ?? Buffer.alloc(0));
      const path = join(folder, `${run}`);
      writeFileSync(path, bytes);
      const outcome = (read: () => {dataSet: DataSet; trailingBytes: number}) => {
        try {
          const {dataSet, trailingBytes} = read();
          return `${dataSet.elements.map(element => element.tag).join()} ${trailingBytes}`;
        } catch (error) {
          if (error instanceof DicomError) return error.message;
          throw error;
        }
      };
      const whole = outcome(() => parseInstance(bytes));
      const pieces = outcome(() => readInstance(path));
      expect(pieces, `seed ${seed}, run ${run}`).toBe(whole);
      outcome(() => readHeader(path, {tolerant: true}));
    }
  });
});

it('names every VR of the standard once', () => {
  expect(Object.keys(vrRules).sort()).toEqual([...vrs].sort());
  expect(findElement(scanDataSet(Buffer.alloc(0), explicitLittleEndian), 0x00100010)).toBeUndefined();
});
