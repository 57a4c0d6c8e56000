import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Deidentifier} from '../../src/deid/engine.ts';
import {deidentifyFile} from '../../src/deid/fileTask.ts';
import {numericIccProfile} from '../../src/deid/iccProfile.ts';
import {CodestreamError} from '../../src/deid/pixels/codestream.ts';
import {cleanJpeg} from '../../src/deid/pixels/jpeg.ts';
import {cleanJpeg2000} from '../../src/deid/pixels/jpeg2000.ts';
import {valueBytes} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {explicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import {
  encodeDataSet,
  encodeElementHeader,
  encodeItemHeader,
  type NewElement,
  part10Header,
} from '../../src/dicom/write.ts';
import {aFile, aRequest, bytes, deidentified, identity, mrImageStorage, output, text} from './support/instances.ts';

const us = (tag: number, value: number) => bytes(tag, 'US', Buffer.from([value & 0xff, value >> 8]));
const image = (rows: number, columns: number, bits: number): NewElement[] => [
  us(0x0028_0002, 1),
  us(0x0028_0010, rows),
  us(0x0028_0011, columns),
  us(0x0028_0100, bits),
  us(0x0028_0101, bits === 16 ? 12 : bits),
  us(0x0028_0102, bits === 16 ? 11 : bits - 1),
];
const pixels = (value: Buffer) => bytes(0x7fe0_0010, 'OW', value);
const pixelsOf = (file: Buffer) => {
  const {dataSet, pixelData} = parseInstance(file);
  return pixelData === undefined ? undefined : valueBytes(dataSet, pixelData.element);
};

/** A file with encapsulated pixel data: offset table and fragments as given. */
function encapsulated(
  elements: readonly NewElement[],
  transferSyntaxUid: string,
  table: Buffer,
  fragments: readonly Buffer[],
): Buffer {
  const item = (value: Buffer) => Buffer.concat([encodeItemHeader(0xfffe_e000, value.length, true), value]);
  const meta = part10Header({sopClassUid: mrImageStorage, sopInstanceUid: '1.2.3', transferSyntaxUid});
  return Buffer.concat([
    meta,
    encodeDataSet([...identity, ...elements], explicitLittleEndian),
    encodeElementHeader(0x7fe0_0010, 'OB', 0xffffffff, explicitLittleEndian),
    item(table),
    ...fragments.map(item),
    encodeItemHeader(0xfffe_e0dd, 0, true),
  ]);
}

const segment = (marker: number, content: string | Buffer) => {
  const body = Buffer.from(content as string, 'latin1');
  return Buffer.concat([Buffer.from([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff]), body]);
};
const scan = Buffer.concat([
  segment(0xda, '\x01\x01\x00\x00\x3f\x00'),
  Buffer.from([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]),
]);
const soi = Buffer.from([0xff, 0xd8]);
const eoi = Buffer.from([0xff, 0xd9]);
const plainJpeg = Buffer.concat([
  soi,
  segment(0xe0, 'JFIF\0\x01\x02\x00\x00\x01\x00\x01\x00\x00'),
  segment(0xdb, 'table'),
  scan,
  eoi,
]);
const namedJpeg = Buffer.concat([
  soi,
  segment(0xe0, 'JFIF\0\x01\x02\x00\x00\x01\x00\x01\x00\x00'),
  segment(0xfe, 'Nordmann'),
  segment(0xe1, 'Exif Nordmann'),
  segment(0xdb, 'table'),
  scan,
  eoi,
  Buffer.from('Nordmann!'),
]);
const even = (value: Buffer) => (value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.alloc(1)]));

describe('pixels that are not compressed', () => {
  it('are as long as the header says, whatever is behind them', async () => {
    const outcome = await deidentified(
      aFile([...image(2, 3, 8), pixels(Buffer.from([1, 2, 3, 4, 5, 6, ...Buffer.from('Nordmann')]))]),
    );
    expect(outcome).toMatchObject({
      kind: 'written',
      tallies: expect.arrayContaining([expect.objectContaining({counts: {pixelExcess: 1}})]),
    });
    expect(pixelsOf(await output(aFile([...image(1, 3, 8), pixels(Buffer.from([1, 2, 3, 77]))])))).toEqual(
      Buffer.from([1, 2, 3, 0]),
    );
  });

  it.each([
    ['too short', [...image(2, 3, 8), pixels(Buffer.from([1, 2]))]],
    ['of unknown size', [pixels(Buffer.from([1, 2]))]],
    ['of no number of frames', [...image(1, 2, 8), text(0x0028_0008, 'IS', '1A'), pixels(Buffer.from([1, 2]))]],
  ])('are set aside when %s', async (_, elements) => {
    expect(await deidentified(aFile(elements))).toMatchObject({kind: 'quarantined', reason: 'bad-pixel-data'});
  });

  it.each(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'])(
    'lose the overlay in their unused bits (%s)',
    async syntax => {
      const cells = Buffer.from(syntax.endsWith('.2') ? [0x1a, 0xbc, 0x01, 0x23] : [0xbc, 0x1a, 0x23, 0x01]);
      const overlay = [us(0x6000_0100, 16), us(0x6000_0102, 12)];
      const swapped = (element: NewElement) =>
        element.vr === 'US' && syntax.endsWith('.2')
          ? bytes(element.tag, 'US', Buffer.from(element.value).swap16())
          : element;
      const outcome = await deidentified(
        aFile([...image(1, 2, 16), ...overlay].map(swapped).concat(pixels(cells)), syntax),
      );
      expect(outcome).toMatchObject({
        kind: 'written',
        tallies: expect.arrayContaining([expect.objectContaining({counts: {overlayBitsCleared: 1}})]),
      });
      const clean =
        outcome.kind === 'written' ? pixelsOf(Buffer.concat(outcome.chunks.filter(Buffer.isBuffer))) : undefined;
      expect(clean).toEqual(Buffer.from(syntax.endsWith('.2') ? [0x0a, 0xbc, 0x01, 0x23] : [0xbc, 0x0a, 0x23, 0x01]));
    },
  );

  it('are copied from the file, not held', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'deid-pixels-'));
    const path = join(folder, 'a.dcm');
    const samples = Buffer.alloc(3_000_000, 'pixel');
    writeFileSync(path, aFile([...image(1500, 2000, 8), pixels(samples)]));
    const {outcome} = deidentifyFile(
      await Deidentifier.create(aRequest),
      {path},
      {folder: join(folder, 'out'), made: new Set()},
      aRequest.limits,
    );
    if (outcome.kind !== 'written') throw new Error(outcome.kind);
    expect(pixelsOf(readFileSync(outcome.path))?.equals(samples)).toBe(true);
    rmSync(folder, {recursive: true});
  });
});

describe('compressed pixels', () => {
  const jpegBaseline = '1.2.840.10008.1.2.4.50';

  it('stay byte for byte when nothing is in them that is no image', async () => {
    const fragments = [even(plainJpeg)];
    const result = await output(encapsulated(image(2, 2, 8), jpegBaseline, Buffer.alloc(0), fragments));
    expect(result.includes(plainJpeg)).toBe(true);
    expect(parseInstance(result).pixelData?.fragments).toHaveLength(2);
  });

  it('lose comments, application segments and what is behind the image', async () => {
    const result = await output(encapsulated(image(2, 2, 8), jpegBaseline, Buffer.alloc(4), [even(namedJpeg)]));
    expect(result.includes('Nordmann')).toBe(false);
    expect(result.includes(even(plainJpeg))).toBe(true);
  });

  it('have offset tables that fit afterwards', async () => {
    const frames = [even(namedJpeg), even(plainJpeg), even(namedJpeg)];
    const offsets = Buffer.alloc(12);
    offsets.writeUInt32LE((frames[0]?.length ?? 0) + 8, 4);
    offsets.writeUInt32LE((frames[0]?.length ?? 0) + (frames[1]?.length ?? 0) + 16, 8);
    const result = await output(
      encapsulated([...image(2, 2, 8), text(0x0028_0008, 'IS', '3')], jpegBaseline, offsets, frames),
    );
    const {pixelData, dataSet} = parseInstance(result);
    const [table, ...fragments] = pixelData?.fragments ?? [];
    const read = Array.from({length: 3}, (_, index) => dataSet.bytes.readUInt32LE((table?.offset ?? 0) + index * 4));
    expect(read).toEqual(fragments.map(fragment => fragment.offset - (fragments[0]?.offset ?? 0)));
    expect(fragments.map(fragment => fragment.length)).toEqual([
      even(plainJpeg).length,
      even(plainJpeg).length,
      even(plainJpeg).length,
    ]);
  });

  it('in several fragments a frame are told apart by the offset table, or as one frame', async () => {
    const half = [even(namedJpeg).subarray(0, 20), even(namedJpeg).subarray(20)];
    const result = await output(encapsulated(image(2, 2, 8), jpegBaseline, Buffer.alloc(0), half));
    expect(result.includes('Nordmann')).toBe(false);
    const unknown = encapsulated(
      [...image(2, 2, 8), text(0x0028_0008, 'IS', '3')],
      jpegBaseline,
      Buffer.alloc(0),
      half,
    );
    expect(await deidentified(unknown)).toMatchObject({kind: 'quarantined', reason: 'bad-pixel-data'});
  });

  it.each([
    ['video', '1.2.840.10008.1.2.4.102'],
    ['a stream that is no JPEG', jpegBaseline],
  ])('of %s are set aside', async (_, syntax) => {
    const file = encapsulated(image(2, 2, 8), syntax, Buffer.alloc(0), [Buffer.from('no stream ')]);
    expect(await deidentified(file)).toMatchObject({kind: 'quarantined', reason: 'bitstream-not-checked'});
  });
});

describe('coded streams', () => {
  it('cut anywhere end with an error or a result, never hang', () => {
    fc.assert(
      fc.property(fc.nat(namedJpeg.length), fc.nat(namedJpeg.length - 1), fc.nat(255), (length, at, value) => {
        const broken = Buffer.from(namedJpeg);
        broken[at] = value;
        for (const clean of [cleanJpeg, cleanJpeg2000]) {
          try {
            clean(broken.subarray(0, length));
          } catch (error) {
            expect(error).toBeInstanceOf(CodestreamError);
          }
        }
      }),
    );
  });

  it('of JPEG 2000 lose comments; where lengths count, these become zeros', () => {
    const com = (content: string) =>
      Buffer.concat([Buffer.from([0xff, 0x64, 0, content.length + 4, 0, 1]), Buffer.from(content)]);
    const tileHeader = com('Zyxwvut');
    const data = Buffer.from([1, 2, 3, 4]);
    const tileLength = 12 + tileHeader.length + 2 + data.length;
    const sot = Buffer.from([0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, tileLength, 0, 1]);
    const stream = Buffer.concat([
      Buffer.from([0xff, 0x4f, 0xff, 0x51, 0, 4, 9, 9]),
      com('Nordmann'),
      sot,
      tileHeader,
      Buffer.from([0xff, 0x93]),
      data,
      Buffer.from([0xff, 0xd9]),
      Buffer.from('behind'),
    ]);
    const {pieces, cut} = cleanJpeg2000(stream);
    const clean = Buffer.concat(
      (pieces ?? []).map(piece =>
        'zeros' in piece ? Buffer.alloc(piece.zeros) : stream.subarray(piece.from, piece.to),
      ),
    );
    expect(cut).toBe(3);
    expect(clean.toString('latin1')).not.toMatch(/Nordmann|Zyxwvut|behind/);
    expect(clean.subarray(-2)).toEqual(Buffer.from([0xff, 0xd9]));
    expect(clean.length).toBe(stream.length - com('Nordmann').length - 'behind'.length);
  });
});

describe('an ICC profile', () => {
  it('keeps numbers and loses texts and gaps', () => {
    const profile = Buffer.alloc(300, 'Nordmann');
    profile.write('acsp', 36, 'latin1');
    profile.writeUInt32BE(2, 128);
    profile.write('desc', 132, 'latin1');
    profile.writeUInt32BE(160, 136);
    profile.writeUInt32BE(40, 140);
    profile.write('rXYZ', 144, 'latin1');
    profile.writeUInt32BE(200, 148);
    profile.writeUInt32BE(20, 152);
    profile.write('XYZ 12345678abcdefgh', 200, 'latin1');
    const clean = numericIccProfile(profile);
    expect(clean?.toString('latin1', 200, 220)).toBe('XYZ 12345678abcdefgh');
    expect(clean?.toString('latin1', 156)).not.toMatch(/Nordmann/);
    expect(numericIccProfile(Buffer.from('no profile'))).toBeUndefined();
  });
});

describe('a deflated instance', () => {
  it('is inflated, cleaned and deflated again', async () => {
    const plain = aFile([text(0x0010_0010, 'PN', 'Nordmann^X'), text(0x0008_103e, 'LO', 'T1 Nordmann')]);
    const start = parseInstance(plain).dataSetOffset;
    const uid = '1.2.840.10008.1.2.1.99';
    const file = Buffer.concat([
      part10Header({sopClassUid: mrImageStorage, sopInstanceUid: '1.2.3', transferSyntaxUid: uid}),
      deflateRawSync(plain.subarray(start)),
    ]);
    const result = await output(file);
    const {dataSetOffset, transferSyntax} = parseInstance(result);
    expect(transferSyntax.uid).toBe(uid);
    const inflated = inflateRawSync(result.subarray(dataSetOffset)).toString('latin1');
    expect(inflated).toMatch(/SUBJ-001/);
    expect(inflated).not.toMatch(/Nordmann/);
  });
});
