import type {Plants} from './plants.ts';

const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number) => Buffer.from([value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);

function segment(marker: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker]), u16(content.length + 2), content]);
}

/** A coded frame, and the stretches of it that make its image. */
export interface Stream {
  readonly bytes: Buffer;
  readonly picture: readonly Buffer[];
}

/** A JPEG or JPEG-LS stream of 8 x 8 samples with texts in comments, application segments, reserved segments and behind its end. */
export function jpegStream(plants: Plants, isLossless: boolean): Stream {
  const tables = segment(0xdb, Buffer.alloc(65, 1));
  const frame = segment(isLossless ? 0xf7 : 0xc0, Buffer.from([8, 0, 8, 0, 8, 1, 1, 0x11, 0]));
  const scan = Buffer.concat([
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from([0x12, 0x34, 0x56, 0x78, 0xff, 0x00, 0x11]),
  ]);
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.concat([Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')])),
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), plants.bytes()])),
    segment(0xee, Buffer.from(`Comment ${plants.name()}`, 'latin1')),
    segment(0xfe, Buffer.from(plants.phrase(), 'utf8')),
    segment(plants.random.pick([0xe2, 0xe7, 0xed, 0xef]), plants.bytes()),
    plants.random.chance(0.2) ? segment(plants.random.pick([0xf0, 0xf4, 0xfd, 0x02]), plants.bytes()) : Buffer.alloc(0),
    tables,
    frame,
    scan,
    Buffer.from([0xff, 0xd9]),
    plants.random.chance(0.5) ? plants.bytes() : Buffer.alloc(0),
  ]);
  return {bytes, picture: [tables, frame, scan]};
}

function jp2Box(name: string, content: Buffer): Buffer {
  return Buffer.concat([u32(content.length + 8), Buffer.from(name, 'latin1'), content]);
}

/** A JPEG 2000 codestream, or a JP2 file around one, with texts in comments and boxes. */
export function jpeg2000Stream(plants: Plants): Stream {
  const comment = () => segment(0x64, Buffer.concat([u16(1), plants.bytes()]));
  const size = segment(
    0x51,
    Buffer.concat([
      u16(0),
      u32(8),
      u32(8),
      u32(0),
      u32(0),
      u32(8),
      u32(8),
      u32(0),
      u32(0),
      u16(1),
      Buffer.from([7, 1, 1]),
    ]),
  );
  const data = Buffer.from([0xff, 0x93, 1, 2, 3, 4]);
  const tileContent = Buffer.concat([comment(), data]);
  const picture = [size, data];
  const isOpen = plants.random.chance(0.3);
  const tile = Buffer.concat([
    Buffer.from([0xff, 0x90]),
    u16(10),
    u16(0),
    u32(isOpen ? 0 : tileContent.length + 12),
    Buffer.from([0, 1]),
    tileContent,
  ]);
  const tail = plants.random.chance(0.4) ? plants.bytes() : Buffer.alloc(0);
  const lyingEnd = plants.random.chance(0.3) ? Buffer.from([0xff, 0xd9]) : Buffer.alloc(0);
  const stream = Buffer.concat([
    Buffer.from([0xff, 0x4f]),
    size,
    segment(0x52, Buffer.from([0, 0, 0, 1, 0, 0, 4, 4, 0, 0])),
    segment(0x5c, Buffer.from([0x40, 0x40])),
    comment(),
    plants.random.chance(0.2) ? segment(0x7e, plants.bytes()) : Buffer.alloc(0),
    tile,
    Buffer.from([0xff, 0xd9]),
    tail,
    lyingEnd,
  ]);
  if (plants.random.chance(0.5)) return {bytes: stream, picture};
  const file = Buffer.concat([
    jp2Box('jP  ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])),
    jp2Box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
    jp2Box(
      'jp2h',
      Buffer.concat([
        jp2Box('ihdr', Buffer.concat([u32(8), u32(8), u16(1), Buffer.from([7, 7, 0, 0])])),
        jp2Box('colr', Buffer.concat([Buffer.from([1, 0, 0]), u32(17)])),
        plants.random.chance(0.4) ? jp2Box('abcd', plants.bytes()) : Buffer.alloc(0),
      ]),
    ),
    jp2Box('xml ', Buffer.from(`<name>${plants.name()}</name>`, 'utf8')),
    jp2Box('uuid', Buffer.concat([Buffer.alloc(16, 3), plants.bytes()])),
    plants.random.chance(0.4) ? jp2Box('free', plants.bytes()) : Buffer.alloc(0),
    jp2Box('jp2c', stream),
  ]);
  return {bytes: file, picture};
}

/** RLE (PS3.5 annex G): 64 samples in one segment, with a text where offsets are not used, and behind the segment. */
export function rleStream(plants: Plants): Stream {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(64, 4);
  Buffer.from(plants.word()).copy(header, 8);
  plants.bytes().copy(header, 20, 0, 44);
  const samples = Buffer.concat([Buffer.from([0xc1, 7])]);
  const tail = plants.random.chance(0.4) ? plants.bytes() : Buffer.alloc(0);
  return {bytes: Buffer.concat([header, samples, tail]), picture: [samples]};
}

/** Items of encapsulated pixel data (PS3.5 A.4): offset table or none, one or several fragments a frame. */
export function encapsulate(plants: Plants, frames: readonly Buffer[]): Buffer {
  const withTable = plants.random.chance(0.5);
  const items: Buffer[] = [];
  const offsets: number[] = [];
  let position = 0;
  // without a table nobody could tell the fragments of several frames apart
  const maySplit = withTable || frames.length === 1;
  for (const frame of frames) {
    const even = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)]);
    const cut = 2 * (1 + plants.random.below(Math.max(1, even.length / 2 - 2)));
    const fragments = maySplit && plants.random.chance(0.5) ? [even.subarray(0, cut), even.subarray(cut)] : [even];
    offsets.push(position);
    for (const fragment of fragments) {
      items.push(item(fragment));
      position += fragment.length + 8;
    }
  }
  const table = Buffer.alloc(withTable ? offsets.length * 4 : 0);
  if (withTable) for (const [index, offset] of offsets.entries()) table.writeUInt32LE(offset, index * 4);
  return Buffer.concat([item(table), ...items, Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
}

function item(content: Buffer): Buffer {
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

/** An ICC profile with its maker, description and copyright in words. */
export function iccProfile(plants: Plants): Buffer {
  const text = Buffer.concat([Buffer.from('desc\0\0\0\0', 'latin1'), plants.bytes()]);
  const fake = Buffer.concat([Buffer.from('text\0\0\0\0', 'latin1'), plants.bytes()]);
  const xyz = Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), Buffer.alloc(12, 1)]);
  const contents = [text, fake, xyz];
  const table = Buffer.alloc(4 + contents.length * 12);
  table.writeUInt32BE(contents.length, 0);
  let offset = 128 + table.length;
  contents.forEach((content, index) => {
    table.write(['desc', 'rXYZ', 'gXYZ'][index] ?? '', 4 + index * 12, 'latin1');
    table.writeUInt32BE(offset, 8 + index * 12);
    table.writeUInt32BE(content.length, 12 + index * 12);
    offset += content.length;
  });
  const header = Buffer.alloc(128);
  header.write('acsp', 36, 'latin1');
  header.write('RGB XYZ ', 16, 'latin1');
  plants.bytes().copy(header, 80, 0, 20);
  plants.bytes().copy(header, 100, 0, 28);
  return Buffer.concat([header, table, ...contents]);
}
