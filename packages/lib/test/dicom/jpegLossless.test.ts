import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, describe, expect, it} from 'vitest';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {type FrameShape, fragmentsOfFrames, frameLength, frameShapeOf, readFrame} from '../../src/dicom/frames.ts';
import {decodeJpegLosslessFrame} from '../../src/dicom/jpegLossless.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {explicitLittleEndian, transferSyntaxUid} from '../../src/dicom/transferSyntax.ts';
import {encodeDataSet, type NewElement, numberElement, part10Header, textElement} from '../../src/dicom/write.ts';
import {randomNumbers, sample} from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'jpeg-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function decode(encoded: Buffer, shape: FrameShape): Buffer {
  const frame = Buffer.allocUnsafeSlow(frameLength(shape));
  decodeJpegLosslessFrame(encoded, shape, frame);
  return frame;
}

/** The frame of an instance as it is encoded, and its shape. */
function frameOf(path: string): {encoded: Buffer; shape: FrameShape} {
  const {dataSet, pixelData} = parseInstance(readFileSync(path));
  if (!pixelData) throw new Error('no pixels');
  const source = {dataSet, element: pixelData.element, file: undefined};
  const shape = frameShapeOf(dataSet);
  return {encoded: Buffer.from(readFrame(source, fragmentsOfFrames(source, 1)[0] ?? [])), shape};
}

function image(bits: number, samples: number, signed: number): {path: string; pixels: Buffer} {
  const random = randomNumbers(bits * samples);
  const bytes = bits > 8 ? 2 : 1;
  const pixels = Buffer.alloc(37 * 53 * samples * bytes + ((37 * 53 * samples * bytes) % 2));
  for (let at = 0; at + bytes <= 37 * 53 * samples * bytes; at += bytes) {
    const extreme = random(9) === 0 ? random(2) * (2 ** bits - 1) : random(2 ** bits);
    if (bytes === 1) pixels.writeUInt8(extreme, at);
    else pixels.writeUInt16LE(extreme, at);
  }
  const elements: NewElement[] = [
    textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'),
    textElement(0x00080018, 'UI', '1.2.3'),
    numberElement(0x00280002, 'US', samples),
    textElement(0x00280004, 'CS', samples === 3 ? 'RGB' : 'MONOCHROME2'),
    ...(samples === 3 ? [numberElement(0x00280006, 'US', 0)] : []),
    numberElement(0x00280010, 'US', 37),
    numberElement(0x00280011, 'US', 53),
    numberElement(0x00280100, 'US', bytes * 8),
    numberElement(0x00280101, 'US', bits),
    numberElement(0x00280102, 'US', bits - 1),
    numberElement(0x00280103, 'US', signed),
    {tag: 0x7fe00010, vr: bytes === 1 ? 'OB' : 'OW', value: pixels},
  ];
  const path = join(folder, 'plain.dcm');
  const meta = {
    sopClassUid: '1.2.3',
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  };
  writeFileSync(path, Buffer.concat([part10Header(meta), encodeDataSet(elements, explicitLittleEndian)]));
  return {path, pixels};
}

describe('JPEG Lossless as DCMTK writes it', () => {
  it.each([
    [8, 1, 0, ['+e1']],
    [12, 1, 0, ['+el', '+sv', '4']],
    [16, 1, 0, ['+el', '+sv', '6']],
    [16, 1, 1, ['+e1']],
    [8, 3, 0, ['+el', '+sv', '7']],
    [16, 3, 0, ['+e1']],
  ])('of %i bits, %i samples, signed %i becomes the pixels that were there', (bits, samples, signed, options) => {
    const {path, pixels} = image(bits, samples, signed);
    const jpeg = join(folder, 'jpeg.dcm');
    execFileSync('dcmcjpeg', [...options, path, jpeg]);
    const {encoded, shape} = frameOf(jpeg);
    const decoded = decode(encoded, shape);
    expect(decoded.equals(pixels.subarray(0, decoded.length))).toBe(true);
  });
});

interface Choice {
  rows: number;
  columns: number;
  samples: number;
  bits: number;
  predictor: number;
  restartLines: number;
  pointTransform: number;
  separate: boolean;
}

/** The simplest encoder of ITU-T T.81 annex H: all code lengths equal, one scan or one for each component. */
function encode(values: Uint16Array, choice: Choice): Buffer {
  const {rows, columns, samples, bits, predictor, restartLines, pointTransform, separate} = choice;
  const head = (code: number, ...body: number[]) =>
    Buffer.from([0xff, code, (body.length + 2) >> 8, body.length + 2, ...body]);
  const ids = Array.from({length: samples}, (_, index) => index + 1);
  // 17 categories in codes of 5 bits
  const parts: Buffer[] = [
    Buffer.from([0xff, 0xd8]),
    head(0xc4, 0, 0, 0, 0, 0, 17, ...Array(11).fill(0), ...Array(17).keys()),
    head(0xc3, bits, rows >> 8, rows & 255, columns >> 8, columns & 255, samples, ...ids.flatMap(id => [id, 0x11, 0])),
    ...(restartLines > 0 ? [head(0xdd, (restartLines * columns) >> 8, (restartLines * columns) & 255)] : []),
  ];
  for (const scan of separate ? ids.map(id => [id]) : [ids]) {
    parts.push(head(0xda, scan.length, ...scan.flatMap(id => [id, 0]), predictor, 0, pointTransform));
    for (let from = 0, number = 0; from < rows; from += restartLines || rows, number++) {
      if (number > 0) parts.push(Buffer.from([0xff, 0xd0 | ((number - 1) & 7)]));
      parts.push(entropy(values, choice, scan, from, Math.min(rows, from + (restartLines || rows))));
    }
  }
  return Buffer.concat([...parts, Buffer.from([0xff, 0xd9])]);
}

function entropy(values: Uint16Array, choice: Choice, scan: number[], from: number, to: number): Buffer {
  const {columns, samples, bits, predictor, pointTransform} = choice;
  const at = (row: number, column: number, id: number) =>
    (values[(row * columns + column) * samples + id - 1] ?? 0) >> pointTransform;
  let text = '';
  for (let row = from; row < to; row++)
    for (let column = 0; column < columns; column++)
      for (const id of scan) {
        const [a, b, c] = [at(row, column - 1, id), at(row - 1, column, id), at(row - 1, column - 1, id)];
        const inner = [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor] ?? 0;
        const first = column === 0 ? 1 << (bits - pointTransform - 1) : a;
        const predicted = row === from ? first : column === 0 ? b : inner;
        const difference = ((at(row, column, id) - predicted + 32768) & 0xffff) - 32768;
        const size = difference === -32768 ? 16 : difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
        text += size.toString(2).padStart(5, '0');
        if (size > 0 && size < 16)
          text += (difference > 0 ? difference : difference + 2 ** size - 1).toString(2).padStart(size, '0');
      }
  text = text.padEnd(Math.ceil(text.length / 8) * 8, '1');
  const bytes = (text.match(/.{8}/g) ?? []).map(each => Number.parseInt(each, 2));
  return Buffer.from(bytes.flatMap(byte => (byte === 0xff ? [0xff, 0] : [byte])));
}

const choices = fc.record({
  rows: fc.integer({min: 1, max: 9}),
  columns: fc.integer({min: 1, max: 9}),
  samples: fc.constantFrom(1, 3),
  bits: fc.integer({min: 2, max: 16}),
  predictor: fc.integer({min: 1, max: 7}),
  restartLines: fc.integer({min: 0, max: 3}),
  pointTransform: fc.constantFrom(0, 0, 1),
  separate: fc.boolean(),
});

const shapeOf = ({rows, columns, samples, bits}: Choice): FrameShape => ({
  rows,
  columns,
  pixels: rows * columns,
  samples,
  bytesPerSample: bits > 8 ? 2 : 1,
  bitsStored: bits,
  signed: false,
  planar: false,
  frames: 1,
});

function made(choice: Choice, seed: number): Uint16Array {
  const random = randomNumbers(seed);
  const values = new Uint16Array(choice.rows * choice.columns * choice.samples);
  return values.map(() => (random(2 ** choice.bits) >> choice.pointTransform) << choice.pointTransform);
}

describe('JPEG Lossless', () => {
  it('of every precision, predictor, restart interval, point transform and order of scans is decoded', () => {
    fc.assert(
      fc.property(choices, fc.integer(), (choice, seed) => {
        const values = made(choice, seed);
        const decoded = decode(encode(values, choice), shapeOf(choice));
        const expected = choice.bits > 8 ? Buffer.from(values.buffer) : Buffer.from(values);
        expect(decoded.equals(expected)).toBe(true);
      }),
      {numRuns: 300},
    );
  });

  it('that is cut anywhere within its image is an error, never half an image', () => {
    const choice = {
      rows: 9,
      columns: 9,
      samples: 3,
      bits: 12,
      predictor: 6,
      restartLines: 2,
      pointTransform: 0,
      separate: false,
    };
    const encoded = encode(made(choice, 1), choice);
    for (let length = 0; length < encoded.length - 2; length++)
      expect(() => decode(encoded.subarray(0, length), shapeOf(choice))).toThrow(DicomError);
  });

  it('with any bytes changed is an image or a DicomError', () => {
    fc.assert(
      fc.property(choices, fc.array(fc.tuple(fc.nat(), fc.nat(255)), {maxLength: 4}), (choice, changes) => {
        const encoded = encode(made(choice, 3), choice);
        for (const [at, byte] of changes) encoded[at % encoded.length] = byte;
        try {
          decode(encoded, shapeOf(choice));
        } catch (error) {
          if (!(error instanceof DicomError)) throw error;
        }
      }),
      {numRuns: 1000},
    );
  });

  it('is told from JPEG that loses something', () => {
    const {encoded, shape} = frameOf(sample('test_files/JPEG-lossy.dcm'));
    expect(() => decode(encoded, shape)).toThrow(/unsupported/);
  });
});
