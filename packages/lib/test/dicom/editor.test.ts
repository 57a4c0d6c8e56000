import {closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {inflateRawSync} from 'node:zlib';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type DataSet, type Element, findElement, type Item, itemsOf, walkElements} from '../../src/dicom/dataSet.ts';
import {deflateDataSet} from '../../src/dicom/deflate.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {applyEdits, type Chunk, chunksLength, Edits, readChunks, writeChunks} from '../../src/dicom/editor.ts';
import {parseInstance, readInstance} from '../../src/dicom/read.ts';
import {scanDataSet} from '../../src/dicom/scan.ts';
import {isPixelData} from '../../src/dicom/tag.ts';
import {explicitBigEndian, explicitLittleEndian, implicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import {characterSetOf, numbers, strings} from '../../src/dicom/values.ts';
import {
  bytesElement,
  encodeDataSet,
  encodeItemHeader,
  type NewElement,
  numberElement,
  sequenceElement,
  textElement,
} from '../../src/dicom/write.ts';
import {allSamples, sample} from './samples.ts';

const patientName = 0x00100010;
const sequence = 0x0040a730;

const joined = (chunks: readonly Chunk[], file?: number) =>
  Buffer.concat([...readChunks(chunks, file)].map(piece => Buffer.from(piece)));

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing there');
  return value;
}

/** Edits a data set and scans what comes out. */
function edited(dataSet: DataSet, edits: Edits, sort = false): DataSet {
  return scanDataSet(joined(applyEdits(dataSet, edits, {sort})), dataSet.encoding);
}

/** A name three sequences deep, beside things that must not change. */
function nested(undefinedLength: boolean): NewElement[] {
  const level = (elements: NewElement[]): NewElement => ({
    tag: sequence,
    vr: 'SQ',
    items: [elements, [textElement(0x00100020, 'LO', 'other')]],
    undefinedLength,
  });
  return [
    textElement(0x00080060, 'CS', 'MR'),
    level([level([level([textElement(patientName, 'PN', 'DOE^JOHN')])])]),
    numberElement(0x00280010, 'US', 512),
  ];
}

const deepest = (dataSet: DataSet): Item =>
  must(itemsOf(must(itemsOf(must(itemsOf(dataSet, sequence)[0]), sequence)[0]), sequence)[0]);

describe('applyEdits', () => {
  it.each([
    ['explicit little endian', explicitLittleEndian, false],
    ['explicit little endian with delimiters', explicitLittleEndian, true],
    ['implicit little endian', implicitLittleEndian, false],
    ['implicit little endian with delimiters', implicitLittleEndian, true],
  ] as const)(
    'changes one value three sequences deep in %s: lengths grow, the ending stays, the rest is the same',
    (_, encoding, undefinedLength) => {
      const original = scanDataSet(encodeDataSet(nested(undefinedLength), encoding), encoding);
      const holder = deepest(original);
      const edits = new Edits();
      edits.replace(
        holder,
        must(findElement(holder, patientName)),
        textElement(patientName, 'PN', 'A much longer name than before'),
      );
      const result = edited(original, edits);
      expect(strings(deepest(result), patientName)).toEqual(['A much longer name than before']);
      const styles: boolean[] = [];
      walkElements(result, element => {
        for (const item of element.items ?? []) styles.push(element.undefinedLength, item.undefinedLength);
      });
      expect(new Set(styles)).toEqual(new Set([undefinedLength]));
      // putting the old value back gives the old bytes
      const back = new Edits();
      const changed = deepest(result);
      back.replace(changed, must(findElement(changed, patientName)), textElement(patientName, 'PN', 'DOE^JOHN'));
      expect(joined(applyEdits(result, back)).equals(original.bytes)).toBe(true);
    },
  );

  it('takes long unchanged neighbours over as one view', () => {
    const original = scanDataSet(
      encodeDataSet(
        [1, 2, 3, 4, 5].map(index => textElement(0x00100020 + index, 'UT', `${index}`.repeat(200_000))),
        explicitLittleEndian,
      ),
      explicitLittleEndian,
    );
    const edits = new Edits();
    edits.remove(original, must(original.elements[2]));
    const chunks = applyEdits(original, edits);
    expect(chunks).toHaveLength(2);
    expect(chunks.every(chunk => Buffer.isBuffer(chunk) && chunk.buffer === original.bytes.buffer)).toBe(true);
  });

  it('removes, replaces and inserts in tag order; every one of several elements with a tag can be named', () => {
    const twice = Buffer.concat([
      encodeDataSet([textElement(0x00100020, 'LO', 'A')], explicitLittleEndian),
      encodeDataSet([textElement(0x00100020, 'LO', 'B')], explicitLittleEndian),
    ]);
    const original = scanDataSet(twice, explicitLittleEndian);
    const edits = new Edits();
    edits.remove(original, must(original.elements[0]));
    edits.replace(original, must(original.elements[1]), textElement(0x00100020, 'LO', 'C'));
    edits.insert(original, textElement(0x00120062, 'CS', 'YES'));
    edits.insert(original, textElement(0x00100010, 'PN', 'X'));
    edits.insert(original, textElement(0x00100030, 'DA', ''));
    const result = edited(original, edits);
    expect(result.elements.map(element => element.tag)).toEqual([0x00100010, 0x00100020, 0x00100030, 0x00120062]);
    expect(strings(result, 0x00100020)).toEqual(['C']);
  });

  it('removes items; a sequence without items stays, empty', () => {
    for (const undefinedLength of [false, true]) {
      const items = [[textElement(patientName, 'PN', 'A')], [textElement(patientName, 'PN', 'B')]];
      const original = scanDataSet(
        encodeDataSet([{tag: sequence, vr: 'SQ', items, undefinedLength}], explicitLittleEndian),
        explicitLittleEndian,
      );
      const [first, second] = itemsOf(original, sequence);
      const edits = new Edits();
      edits.removeItem(must(first));
      expect(itemsOf(edited(original, edits), sequence).map(item => strings(item, patientName))).toEqual([['B']]);
      edits.removeItem(must(second));
      expect(itemsOf(edited(original, edits), sequence)).toEqual([]);
      expect(edited(original, edits).elements).toHaveLength(1);
    }
  });

  it('writes big endian in big endian', () => {
    const original = scanDataSet(
      encodeDataSet(
        [
          numberElement(0x00280010, 'US', 512, false),
          sequenceElement(sequence, [[numberElement(0x00280011, 'US', 256, false)]]),
        ],
        explicitBigEndian,
      ),
      explicitBigEndian,
    );
    const item = must(itemsOf(original, sequence)[0]);
    const edits = new Edits();
    edits.replace(item, must(item.elements[0]), numberElement(0x00280011, 'US', 1000, false));
    edits.insert(item, textElement(patientName, 'PN', 'ODD'));
    const result = edited(original, edits);
    expect(numbers(must(itemsOf(result, sequence)[0]), 0x00280011)).toEqual([1000]);
    expect(strings(must(itemsOf(result, sequence)[0]), patientName)).toEqual(['ODD']);
    expect(numbers(result, 0x00280010)).toEqual([512]);
  });

  it('edits inside UN of undefined length in implicit VR, also in big endian', () => {
    const inner = encodeDataSet([textElement(patientName, 'PN', 'DOE^JOHN')], implicitLittleEndian);
    const value = Buffer.concat([
      encodeItemHeader(0xfffee000, 0xffffffff, true),
      inner,
      encodeItemHeader(0xfffee00d, 0, true),
      encodeItemHeader(0xfffee0dd, 0, true),
    ]);
    for (const encoding of [explicitLittleEndian, explicitBigEndian]) {
      const header = encodeDataSet([bytesElement(0x00091010, 'UN', value)], encoding);
      header.writeUInt32LE(0xffffffff, 8);
      const original = scanDataSet(header, encoding);
      const item = must(itemsOf(original, 0x00091010)[0]);
      const edits = new Edits();
      edits.replace(item, must(item.elements[0]), textElement(patientName, 'PN', 'X'));
      expect(strings(must(itemsOf(edited(original, edits), 0x00091010)[0]), patientName)).toEqual(['X']);
    }
  });

  it('sorts what is out of order, at every depth, only when asked to', () => {
    const disordered = Buffer.concat([
      encodeDataSet([textElement(0x00100020, 'LO', 'id')], explicitLittleEndian),
      encodeDataSet([textElement(patientName, 'PN', 'A')], explicitLittleEndian),
    ]);
    const bytes = Buffer.concat([
      encodeDataSet([sequenceElement(sequence, [[sequenceElement(sequence, [])]])], explicitLittleEndian),
      disordered,
    ]);
    const outer = Buffer.concat([encodeItemHeader(0xfffee000, bytes.length, true), bytes]);
    const original = scanDataSet(
      encodeDataSet([{tag: 0x00081140, vr: 'UN', value: outer}], explicitLittleEndian),
      explicitLittleEndian,
    );
    // the same bytes as a real sequence
    original.bytes.write('SQ', 4);
    const real = scanDataSet(original.bytes, explicitLittleEndian);
    expect(joined(applyEdits(real, new Edits())).equals(real.bytes)).toBe(true);
    const sorted = edited(real, new Edits(), true);
    expect(itemsOf(sorted, 0x00081140)[0]?.elements.map(element => element.tag)).toEqual([
      patientName,
      0x00100020,
      sequence,
    ]);
    expect(sorted.bytes.length).toBe(real.bytes.length);
  });

  it('equals a data set made from scratch, whatever is removed or replaced', () => {
    const tags = [0x00080060, 0x00081140, patientName, 0x00100020, 0x00280010, sequence];
    const plain = (tag: number) =>
      fc.string({maxLength: 9, unit: fc.constantFrom('A', 'b', '^', ' x')}).map(text => textElement(tag, 'LO', text));
    const items = fc.array(
      fc.tuple(plain(patientName), plain(0x00100020)).map(list => [...list] as NewElement[]),
      {maxLength: 3},
    );
    const elements = fc.tuple(
      ...tags.map(tag =>
        tag === 0x00081140 || tag === sequence
          ? fc.record({tag: fc.constant(tag), vr: fc.constant('SQ' as const), items, undefinedLength: fc.boolean()})
          : plain(tag),
      ),
    );
    const fates = fc.array(fc.constantFrom('keep', 'remove', 'replace'), {minLength: 30, maxLength: 30});
    fc.assert(
      fc.property(
        elements,
        fates,
        fc.constantFrom(explicitLittleEndian, implicitLittleEndian, explicitBigEndian),
        (list, decisions, encoding) => {
          const edits = new Edits();
          let next = 0;
          const decide = (wanted: readonly NewElement[], holder: DataSet): NewElement[] =>
            wanted.flatMap((element, index): NewElement[] => {
              const found = must(holder.elements[index]);
              if (element.vr === 'SQ')
                return [{...element, items: element.items.map((item, at) => decide(item, must(found.items?.[at])))}];
              const fate = decisions[next++ % decisions.length];
              if (fate === 'keep') return [element];
              if (fate === 'remove') {
                edits.remove(holder, found);
                return [];
              }
              const replacement = textElement(element.tag, 'LO', `new${next}`);
              edits.replace(holder, found, replacement);
              return [replacement];
            });
          const original = scanDataSet(encodeDataSet(list, encoding), encoding);
          const expected = decide(list, original);
          const chunks = applyEdits(original, edits);
          expect(joined(chunks).equals(encodeDataSet(expected, encoding))).toBe(true);
          expect(chunksLength(chunks)).toBe(joined(chunks).length);
        },
      ),
      {numRuns: 300},
    );
  });

  it('rewrites every sequence of every real file without changing a value', () => {
    for (const name of allSamples()) {
      let dataSet: DataSet;
      try {
        dataSet = parseInstance(readFileSync(sample(name))).dataSet;
      } catch (error) {
        if (error instanceof DicomError) continue;
        throw error;
      }
      const edits = new Edits();
      walkElements(dataSet, (element, holder) => {
        if (
          element.items === undefined &&
          element.fragments === undefined &&
          element.vr !== 'UN' &&
          element.vr !== 'SQ'
        ) {
          edits.replace(holder, element, {
            tag: element.tag,
            vr: element.vr,
            value: holder.bytes.subarray(element.valueStart, element.valueEnd),
          });
        }
      });
      const result = scanDataSet(joined(applyEdits(dataSet, edits)), dataSet.encoding);
      const contents = (set: DataSet) => {
        const found: string[] = [];
        walkElements(set, (element, holder, depth) => {
          const value =
            element.items === undefined ? holder.bytes.toString('latin1', element.valueStart, element.valueEnd) : '';
          found.push(
            `${depth} ${element.tag} ${element.vr} ${element.undefinedLength} ${value.length % 2 === 0 ? value : `${value}${element.vr === 'UI' || element.vr === 'OB' || element.vr === 'OW' ? '\0' : ' '}`}`,
          );
        });
        return found;
      };
      expect(contents(result), name).toEqual(contents(dataSet));
    }
  });
});

describe('files too large to load', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fiona-dicom-'));
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  it.each([
    'test_files/CT_small.dcm',
    'test_files/MR_small_RLE.dcm',
    'test_files/MR_small_padded.dcm',
    'test_files/MR_small_bigendian.dcm',
  ])('%s: pixel data go from file to file, header edits beside them', name => {
    const source = sample(name);
    const instance = readInstance(source);
    const name_ = must(findElement(instance.dataSet, patientName));
    const edits = new Edits();
    edits.replace(instance.dataSet, name_, textElement(patientName, 'PN', 'A', characterSetOf(instance.dataSet)));
    const target = join(folder, 'out');
    const [from, to] = [openSync(source, 'r'), openSync(target, 'w')];
    const chunks = applyEdits(instance.dataSet, edits);
    expect(writeChunks(chunks, from, to)).toBe(chunksLength(chunks));
    closeSync(from);
    closeSync(to);
    const original = parseInstance(readFileSync(source)).dataSet;
    const result = scanDataSet(readFileSync(target), original.encoding);
    expect(strings(result, patientName)).toEqual(['A']);
    const pixels = (set: DataSet) => {
      const element = must(set.elements.find((candidate: Element) => isPixelData(candidate.tag)));
      return set.bytes.subarray(element.start, element.end);
    };
    expect(pixels(result).equals(pixels(original))).toBe(true);
    expect(result.elements.map(element => element.tag)).toEqual(original.elements.map(element => element.tag));
  });

  it('says so when the source became shorter', () => {
    const path = join(folder, 'short');
    writeFileSync(path, readFileSync(sample('test_files/CT_small.dcm')));
    const chunks = applyEdits(readInstance(path).dataSet, new Edits());
    writeFileSync(path, '');
    const file = openSync(path, 'r');
    expect(() => joined(chunks, file)).toThrow(DicomError);
    closeSync(file);
  });
});

it('deflates so that the file reads again', () => {
  const original = readFileSync(sample('test_files/image_dfl.dcm'));
  const instance = parseInstance(original);
  const edits = new Edits();
  edits.insert(instance.dataSet, textElement(0x00120062, 'CS', 'YES'));
  const deflated = deflateDataSet(applyEdits(instance.dataSet, edits));
  expect(deflated.length % 2).toBe(0);
  const again = parseInstance(Buffer.concat([original.subarray(0, instance.dataSetOffset), deflated]));
  expect(strings(again.dataSet, 0x00120062)).toEqual(['YES']);
  expect(again.pixelData?.length).toBe(instance.pixelData?.length);
  expect(inflateRawSync(deflated).equals(again.dataSet.bytes)).toBe(true);
});
