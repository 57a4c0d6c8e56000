import {execFileSync} from 'node:child_process';
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import fc from 'fast-check';
import {afterAll, describe, expect, it} from 'vitest';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {parseInstance, readHeader} from '../../src/dicom/read.ts';
import {decodeRleFrame} from '../../src/dicom/rle.ts';
import {canTranscode, transcode} from '../../src/dicom/transcode.ts';
import {explicitBigEndian, transferSyntaxUid} from '../../src/dicom/transferSyntax.ts';
import {encodeDataSet, type NewElement, numberElement, part10Header, textElement} from '../../src/dicom/write.ts';
import {python} from './pydicom.ts';
import {allSamples, randomNumbers, sample} from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'transcode-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const {explicitLittleEndian: explicitUid, implicitLittleEndian: implicitUid, rleLossless} = transferSyntaxUid;

/** Converts a file into a Part 10 file of ours. */
function convert(path: string, to: string, name = 'converted.dcm'): string {
  const file = openSync(path, 'r');
  try {
    const {length, pieces} = transcode(file, to);
    const dataSet = Buffer.concat(Array.from(pieces(), piece => Buffer.from(piece)));
    expect(dataSet.length).toBe(length);
    const target = join(folder, name);
    const meta = {sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3', transferSyntaxUid: to};
    writeFileSync(target, Buffer.concat([part10Header(meta), dataSet]));
    return target;
  } finally {
    closeSync(file);
  }
}

/** What two files hold, element by element at every depth, as pydicom reads them; group 0002 and group lengths aside. */
function differences(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  return python(
    `
import pydicom, warnings
warnings.simplefilter('ignore')
pydicom.config.settings.reading_validation_mode = 0
def canon(ds, path):
    out = {}
    for tag in sorted(ds.keys()):
        where = path + str(tag)
        try:
            e = ds[tag]
            if e.VR == 'SQ':
                out[where] = len(e.value)
                for n, item in enumerate(e.value): out.update(canon(item, where + '[%d]' % n))
            elif isinstance(e.value, bytes):
                out[where] = [e.VR if not tag.is_private and tag != 0x7fe00010 else '', e.value.hex()]
            else:
                out[where] = [e.VR, str(e.value)]
        except Exception as error:
            out[where] = repr(ds.get_item(tag).value)
    return out
result = {}
for one, other in data:
    a, b = (canon(pydicom.dcmread(p, force=True), '') for p in (one, other))
    wrong = [k for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)]
    result[one] = [k + ': ' + str(a.get(k))[:60] + ' / ' + str(b.get(k))[:60] for k in wrong]
`,
    pairs,
  ) as Record<string, string[]>;
}

/** Real files whose transfer syntax we say we can convert, but for those that end in the middle. */
function convertible(): string[] {
  return allSamples().filter(name => {
    try {
      return !/truncated|DICOMDIR/.test(name) && canTranscode(readHeader(sample(name)).transferSyntax.uid);
    } catch {
      return false;
    }
  });
}

const kindOf = (name: string): string => readHeader(sample(name)).transferSyntax.uid;

const decoders = new Map<string, string>([
  [rleLossless, 'dcmdrle'],
  [transferSyntaxUid.jpegLossless, 'dcmdjpeg'],
  [transferSyntaxUid.jpegLosslessFirstOrder, 'dcmdjpeg'],
]);

/** Our conversion beside that of dcmconv, of compressed files beside that of dcmdrle or dcmdjpeg; and what we refuse. */
function beside(names: readonly string[], to: string): {pairs: [string, string][]; refused: string[]} {
  const pairs: [string, string][] = [];
  const refused: string[] = [];
  for (const [index, name] of names.entries()) {
    const plain = join(folder, `${index}-plain.dcm`);
    const decoder = decoders.get(kindOf(name));
    const source = decoder === undefined ? sample(name) : plain;
    if (decoder !== undefined) execFileSync(decoder, [sample(name), plain]);
    const theirs = join(folder, `${index}-${to}-dcmtk.dcm`);
    execFileSync('dcmconv', [to === implicitUid ? '+ti' : '+te', '-g', source, theirs], {stdio: 'ignore'});
    try {
      pairs.push([convert(sample(name), to, `${index}-${to}.dcm`), theirs]);
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      refused.push(`${basename(name)} ${error.reason}`);
    }
  }
  return {pairs, refused};
}

describe('conversion of real files', () => {
  it('to explicit little endian gives what DCMTK gives', () => {
    const names = convertible().filter(name => kindOf(name) !== explicitUid && !name.includes('dicomdirtests'));
    const {pairs, refused} = beside(names, explicitUid);
    expect(pairs.length).toBeGreaterThan(20);
    expect(refused).toEqual(['rtdose_expb.dcm unsupported', 'rtdose_expb_1frame.dcm unsupported']);
    expect(differences(pairs)).toEqual(Object.fromEntries(pairs.map(([ours]) => [ours, []])));
  });

  it('to implicit little endian gives what DCMTK gives', () => {
    // nested_priv_SQ: the items of an unknown element get lengths from DCMTK, keep their delimiters with us
    const explicit = convertible().filter(name => kindOf(name) === explicitUid && !/nested_priv|meta_miss/.test(name));
    const {pairs, refused} = beside(
      explicit.filter((_, index) => index % 2 === 0),
      implicitUid,
    );
    expect(pairs.length).toBeGreaterThan(10);
    expect(refused).toEqual([]);
    expect(differences(pairs)).toEqual(Object.fromEntries(pairs.map(([ours]) => [ours, []])));
  });

  it('and back gives what was there', () => {
    const there = convert(sample('test_files/CT_small.dcm'), implicitUid);
    const back = convert(there, explicitUid, 'back.dcm');
    expect(differences([[back, sample('test_files/CT_small.dcm')]])[back]).toEqual([]);
  });

  it('says that it cannot decode JPEG that loses something', () => {
    for (const name of ['JPEG-lossy', 'JPGExtended'])
      expect(() => convert(sample(`test_files/${name}.dcm`), explicitUid)).toThrow(
        /cannot be converted.*\[unsupported]/,
      );
  });

  it('inflates a deflated data set and changes nothing else', () => {
    const path = sample('test_files/image_dfl.dcm');
    const {dataSet, dataSetOffset} = parseInstance(readFileSync(path));
    const converted = readFileSync(convert(path, explicitUid));
    const {dataSetOffset: offset} = parseInstance(converted);
    expect(dataSetOffset).toBeGreaterThan(0);
    expect(converted.subarray(offset).equals(dataSet.bytes.subarray(0, dataSet.valueEnd))).toBe(true);
  });
});

/** A Part 10 file of these elements. */
function write(elements: NewElement[], syntax: string, encoding = explicitBigEndian): string {
  const path = join(folder, 'made.dcm');
  const meta = {sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3', transferSyntaxUid: syntax};
  writeFileSync(path, Buffer.concat([part10Header(meta), encodeDataSet(elements, encoding)]));
  return path;
}

const big = transferSyntaxUid.explicitBigEndian;

describe('conversion from big endian', () => {
  it('keeps the numbers of every VR, in sequences too', () => {
    const values = (little: boolean): NewElement[] => [
      numberElement(0x00280010, 'US', [1, 0xfffe], little),
      numberElement(0x00280106, 'SS', [-2, 300], little),
      numberElement(0x00186020, 'SL', -70000, little),
      numberElement(0x00080001, 'UL', 0x01020304, little),
      numberElement(0x00189517, 'FD', Math.PI, little),
      numberElement(0x00089459, 'FL', 0.1, little),
      numberElement(0x00090011, 'UV', 0x0102030405060708n, little),
      numberElement(0x00280009, 'AT', 0x00181063, little),
      textElement(0x00100020, 'LO', 'odd'),
    ];
    const sequence = (little: boolean): NewElement[] => [
      ...values(little),
      {tag: 0x00081140, vr: 'SQ', items: [values(little), []], undefinedLength: true},
      {tag: 0x00081115, vr: 'SQ', items: [[{tag: 0x00081140, vr: 'SQ', items: [values(little)]}]]},
    ];
    const converted = readFileSync(convert(write(sequence(false), big), explicitUid));
    const expected = encodeDataSet(sequence(true), {explicit: true, littleEndian: true});
    expect(converted.subarray(-expected.length).equals(expected)).toBe(true);
  });

  it('turns pixels round piece by piece', () => {
    const pixels = Buffer.alloc(5 << 20);
    for (let at = 0; at < pixels.length; at += 2) pixels.writeUInt16BE((at * 7) & 0xffff, at);
    const path = write([numberElement(0x00280100, 'US', 16, false), {tag: 0x7fe00010, vr: 'OW', value: pixels}], big);
    const converted = readFileSync(convert(path, implicitUid));
    expect(converted.subarray(-pixels.length).equals(Buffer.from(pixels).swap16())).toBe(true);
  });
});

describe('RLE', () => {
  const image = {columns: 100, rows: 50, pixels: 5000, samples: 3, bytesPerSample: 2, bitsStored: 16, signed: false};

  it.each([0, 1])('written by DCMTK with planar configuration %i becomes the pixels that were there', planar => {
    const random = randomNumbers(5);
    const value = Buffer.alloc(30_000);
    for (let at = 0; at < value.length; at++) value[at] = random(4) === 0 ? random(256) : (value[at - 6] ?? 7);
    const elements: NewElement[] = [
      textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'),
      textElement(0x00080018, 'UI', '1.2.3'),
      numberElement(0x00280002, 'US', 3),
      textElement(0x00280004, 'CS', 'RGB'),
      numberElement(0x00280006, 'US', planar),
      numberElement(0x00280010, 'US', 50),
      numberElement(0x00280011, 'US', 100),
      numberElement(0x00280100, 'US', 16),
      numberElement(0x00280101, 'US', 16),
      numberElement(0x00280102, 'US', 15),
      numberElement(0x00280103, 'US', 0),
      {tag: 0x7fe00010, vr: 'OW', value},
    ];
    const plain = write(elements, explicitUid, {explicit: true, littleEndian: true});
    const rle = join(folder, 'rle.dcm');
    execFileSync('dcmcrle', [plain, rle]);
    expect(readHeader(rle).transferSyntax.uid).toBe(rleLossless);
    const converted = readFileSync(convert(rle, explicitUid));
    expect(converted.subarray(-value.length).equals(value)).toBe(true);
  });

  it('of any bytes is pixels or a DicomError', () => {
    const shape = {...image, planar: false, frames: 1};
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 3000}), fc.boolean(), (bytes, headed) => {
        const encoded = Buffer.from(bytes);
        if (headed && encoded.length >= 64) {
          encoded.fill(0, 0, 64).writeUInt32LE(6, 0);
          for (let index = 0; index < 6; index++)
            encoded.writeUInt32LE(64 + Math.floor(((encoded.length - 64) * index) / 6), 4 + 4 * index);
        }
        try {
          decodeRleFrame(encoded, shape, Buffer.alloc(30_000));
          return true;
        } catch (error) {
          return error instanceof DicomError;
        }
      }),
      {numRuns: 500},
    );
  });
});

describe('damaged files', () => {
  it('are converted or refused with a DicomError, wherever they are cut or changed', () => {
    const random = randomNumbers(11);
    const names = ['MR_small_bigendian', 'SC_rgb_rle_2frame', 'image_dfl', 'MR_small_implicit', 'UN_sequence'];
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(readFileSync(sample(`test_files/${names[round % names.length]}.dcm`)));
      for (let changes = random(6); changes > 0; changes--) bytes[132 + random(bytes.length - 132)] = random(256);
      const path = join(folder, 'damaged.dcm');
      writeFileSync(path, bytes.subarray(0, random(3) === 0 ? random(bytes.length) : bytes.length));
      const file = openSync(path, 'r');
      try {
        const {length, pieces} = transcode(file, random(2) === 0 ? explicitUid : implicitUid);
        let sum = 0;
        for (const piece of pieces()) sum += piece.length;
        expect(sum).toBe(length);
      } catch (error) {
        if (!(error instanceof DicomError)) throw error;
      } finally {
        closeSync(file);
      }
    }
  });
});
