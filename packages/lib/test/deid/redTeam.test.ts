import {describe, expect, it} from 'vitest';
import {numericIccProfile} from '../../src/deid/iccProfile.ts';
import {Gatherer} from '../../src/deid/identifiers.ts';
import {InstanceItems} from '../../src/deid/instanceItems.ts';
import {areNumbers} from '../../src/deid/numbers.ts';
import {type CleanedStream, CodestreamError} from '../../src/deid/pixels/codestream.ts';
import {cleanJpeg} from '../../src/deid/pixels/jpeg.ts';
import {cleanJpeg2000} from '../../src/deid/pixels/jpeg2000.ts';
import {cleanRle} from '../../src/deid/pixels/rle.ts';
import {Profile} from '../../src/deid/profile/profile.ts';
import {findElement} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {numbers, text as textAt} from '../../src/dicom/values.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {numberElement} from '../../src/dicom/write.ts';
import {aFile, aRequest, bytes, deidentified, output, sequence, text} from './support/instances.ts';

const name = 'Zyxwvut^Qwertz  ';

async function afterwards(...elements: NewElement[]) {
  const file = await output(aFile(elements));
  expect(file.toString('latin1')).not.toMatch(/zyxwvut/i);
  return parseInstance(file).dataSet;
}

/** The bytes that are left of a coded stream. */
function left(stream: Buffer, {pieces}: CleanedStream): string {
  if (pieces === undefined) return stream.toString('latin1');
  return pieces
    .map(piece => ('zeros' in piece ? '\0'.repeat(piece.zeros) : stream.toString('latin1', piece.from, piece.to)))
    .join('');
}

describe('a name that nobody knows does not survive', () => {
  it('behind the root of well-known UIDs', async () => {
    const root = await afterwards(
      text(0x0008_0017, 'UI', '1.2.840.10008.Zyxwvut'),
      text(0x0020_0052, 'UI', '1.2.840.10008.1.4.1.1'),
    );
    expect(textAt(root, 0x0020_0052)).toBe('1.2.840.10008.1.4.1.1');
  });

  it.each([
    ['FD', 0x0018_9087],
    ['UL', 0x0020_9157],
    ['US', 0x0018_1310],
    ['FL', 0x0070_0022],
    ['AT', 0x0028_0009],
  ] as const)('as numbers of VR %s', async (vr, tag) => {
    const root = await afterwards(bytes(tag, vr, Buffer.from(name)));
    expect(findElement(root, tag)?.valueEnd).toBe(findElement(root, tag)?.valueStart);
  });

  it('as numbers of a safe private element, or as more of them than the element has', async () => {
    await afterwards(
      text(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
      bytes(0x0019_100e, 'FD', Buffer.from(`${name}12345678`)),
    );
    const root = await afterwards(
      text(0x2001_0010, 'LO', 'Philips Imaging DD 001'),
      numberElement(0x2001_1003, 'FL', [800, 2, 3]),
      numberElement(0x2001_1009, 'FL', 5),
    );
    expect(findElement(root, 0x2001_1003)).toBeUndefined();
    expect(numbers(root, 0x2001_1009)).toEqual([5]);
  });

  it('as an image inside a sequence', async () => {
    await afterwards(sequence(0x0008_1250, [[bytes(0x7fe0_0010, 'OW', Buffer.from(name))]]));
  });

  it('as offset tables of pixels that have none', async () => {
    await afterwards(bytes(0x7fe0_0001, 'OV', Buffer.from(name)), bytes(0x7fe0_0002, 'OV', Buffer.from(name)));
  });

  it('in the reserved bytes of a colour profile, or as a colour of it', () => {
    const profile = Buffer.alloc(180);
    profile.write('acsp', 36, 'latin1');
    profile.write('Zyxwvut', 104, 'latin1');
    profile.writeUInt32BE(1, 128);
    profile.write('rXYZ', 132, 'latin1');
    profile.writeUInt32BE(144, 136);
    profile.writeUInt32BE(36, 140);
    profile.write('text    Zyxwvut', 144, 'latin1');
    expect(numericIccProfile(profile)?.toString('latin1')).not.toContain('Zyxwvut');
  });

  it('in a document, wherever it lies: the instance is not sent', async () => {
    const document = bytes(0x0042_0011, 'OB', Buffer.from(name));
    for (const element of [document, sequence(0x0040_a730, [[document]])])
      expect(await deidentified(aFile([element]))).toMatchObject({kind: 'skipped', reason: 'encapsulated-document'});
  });
});

describe('an id or a date in a number field', () => {
  it('goes when it is no number of 32 bits, or a date of the instance; other numbers stay', async () => {
    const root = await afterwards(
      text(0x0020_0011, 'IS', '01017012345'),
      text(0x0020_0012, 'IS', '20240131'),
      text(0x0018_1150, 'IS', '20240132'),
      text(0x0018_1152, 'IS', '-2147483648'),
    );
    expect([0x0020_0011, 0x0020_0012, 0x0018_1150, 0x0018_1152].map(tag => textAt(root, tag))).toEqual([
      '',
      '',
      '20240132',
      '-2147483648',
    ]);
  });
});

describe('numbers', () => {
  const fits = (vr: 'FL' | 'FD' | 'SS' | 'US' | 'UL', value: Buffer) =>
    areNumbers(0x0019_1001, vr, value, 0, value.length);

  it('are told from text in any set of letters', () => {
    expect(fits('UL', Buffer.from('Жщъэ ннн'))).toBe(false);
    expect(fits('US', Buffer.from([0xb6, 0xe9, 0xea, 0xed, 0x20, 0xdc, 0xdb, 0xd3, 0xd6, 0xd6, 0xd6, 0xd6]))).toBe(
      false,
    );
    expect(fits('FL', Buffer.from(`${name}${name}`))).toBe(false);
  });

  it('stay, whatever they are: negative, small, or with any mantissa', () => {
    expect(fits('SS', Buffer.from(Int16Array.from({length: 100}, (_, at) => -1 - at).buffer))).toBe(true);
    expect(fits('US', Buffer.from(Uint16Array.from({length: 4096}, (_, at) => at).buffer))).toBe(true);
    for (let run = 1; run < 2000; run++) {
      expect(fits('FD', Buffer.from(Float64Array.from([Math.sin(run), Math.cos(run), Math.tan(run)]).buffer))).toBe(
        true,
      );
      expect(fits('FL', Buffer.from(Float32Array.from({length: 12}, (_, at) => 500 * Math.sin(run + at)).buffer))).toBe(
        true,
      );
    }
  });
});

describe('in compressed pixels', () => {
  const segment = (marker: number, content: string) =>
    Buffer.concat([Buffer.from([0xff, marker, 0, content.length + 2]), Buffer.from(content)]);
  const end = Buffer.from([0xff, 0xd9]);

  it('reserved segments of JPEG go', () => {
    const stream = Buffer.concat([
      Buffer.from([0xff, 0xd8]),
      segment(0xf4, 'Zyxwvut'),
      segment(0x02, 'Zyxwvut'),
      segment(0xdb, 'table'),
      end,
    ]);
    expect(left(stream, cleanJpeg(stream))).toMatch(/^[^Z]*table[^Z]*$/s);
  });

  it('unknown segments and boxes of JPEG 2000 go, and what lies between two ends of the stream', () => {
    const tile = Buffer.from([0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x93, 1, 2, 3, 4]);
    const stream = Buffer.concat([
      Buffer.from([0xff, 0x4f]),
      segment(0x51, 'size'),
      segment(0x7e, 'Zyxwvut'),
      tile,
      end,
      Buffer.from('Zyxwvut'),
      end,
    ]);
    expect(left(stream, cleanJpeg2000(stream))).toMatch(/^[^Z]*size[^Z]*$/s);
    const box = (type: string, content: Buffer) =>
      Buffer.concat([Buffer.from([0, 0, 0, content.length + 8]), Buffer.from(type), content]);
    const file = Buffer.concat([
      box('jP  ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])),
      box('jp2h', Buffer.concat([box('ihdr', Buffer.from('header')), box('abcd', Buffer.from('Zyxwvut'))])),
      box('free', Buffer.from('Zyxwvut')),
      box('jp2c', stream),
    ]);
    expect(left(file, cleanJpeg2000(file))).toMatch(/^[^Z]*header[^Z]*size[^Z]*$/s);
  });

  it('bytes between and behind the segments of RLE go', () => {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(2, 0);
    header.writeUInt32LE(64, 4);
    header.writeUInt32LE(76, 8);
    const gap = Buffer.concat([Buffer.from([0xfd, 1]), Buffer.from('Zyxwvut1234').subarray(0, 10)]);
    const frame = Buffer.concat([header, gap, Buffer.from([0x01, 5, 6, 0xff, 7]), Buffer.from('Zyxwvut')]);
    const clean = left(frame, cleanRle(frame, 4));
    expect(clean).not.toContain('Z');
    expect(clean.slice(76)).toBe('\x01\x05\x06\xff\x07');
    expect(() => cleanRle(frame.subarray(0, 60), 4)).toThrow(CodestreamError);
  });
});

describe('what is known of an instance', () => {
  it('is the same for slices of a day, so that their texts are cleaned once', () => {
    const signatureOf = (dateTime: string) => {
      const root = parseInstance(aFile([text(0x0008_002a, 'DT', dateTime)])).dataSet;
      const profile = new Profile(aRequest);
      const gatherer = new Gatherer(profile, new InstanceItems(profile, 64));
      gatherer.visit(root);
      return gatherer.signature;
    };
    expect(signatureOf('20240131101112.5')).toBe(signatureOf('20240131121314'));
    expect(signatureOf('20240131101112.5')).not.toBe(signatureOf('20240201101112.5'));
  });
});
