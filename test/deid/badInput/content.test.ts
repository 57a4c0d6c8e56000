import {closeSync, ftruncateSync, openSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {constants, deflateRawSync} from 'node:zlib';
import {Deidentifier} from '@fiona/lib/deid/engine';
import {countPatients, originalOf} from '@fiona/lib/deid/original';
import {parseCharacterSet} from '@fiona/lib/dicom/charset';
import {itemsOf} from '@fiona/lib/dicom/dataSet';
import {encodeText} from '@fiona/lib/dicom/encodeText';
import {parseInstance, readInstance} from '@fiona/lib/dicom/read';
import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {text as textAt} from '@fiona/lib/dicom/values';
import {encodeDataSet, encodeElement, encodeElementHeader, numberElement, part10Header} from '@fiona/lib/dicom/write';
import {describe, expect, it} from 'vitest';
import {
  aFile,
  aRequest,
  bytes,
  identity,
  mrImageStorage,
  sequence,
  text,
} from '../../../packages/lib/test/deid/support/instances.ts';
import {
  become,
  cleaned,
  delimiter,
  folder,
  header,
  item,
  itemEnd,
  name,
  person,
  rootOf,
  sequenceEnd,
  undefinedLength,
} from './become.ts';

describe('texts', () => {
  it('in invalid UTF-8 go', async () => {
    const broken = Buffer.concat([Buffer.from('T1 '), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from(` ${name}`)]);
    const root = await rootOf(
      aFile([
        text(0x0008_0005, 'CS', 'ISO_IR 192'),
        {tag: 0x0008_103e, vr: 'LO', value: broken},
        {tag: 0x0010_1001, vr: 'PN', value: broken},
      ]),
    );
    expect(textAt(root, 0x0008_103e)).toBeUndefined();
  });

  it('a person’s name of 64 kB goes, and the descriptions that hold a part of it are cleaned', async () => {
    const long = Buffer.from(`${name}^`.repeat(6500));
    const root = await rootOf(
      aFile([{tag: 0x0010_0010, vr: 'PN', value: long.subarray(0, 65_000)}, text(0x0008_103e, 'LO', `T1 ${name} sag`)]),
    );
    expect(textAt(root, 0x0008_103e)).toBe('T1 sag');
  });

  it('of a megabyte take as long as they are long: twice the text, not four times the time', async () => {
    const timeOf = async (words: number) => {
      const value = Buffer.from(`brain ${name} 12.5mm Dr. X/1-2 `.repeat(words));
      const file = aFile([0x0020_4000, 0x0018_9424, 0x0040_a160].map(tag => ({tag, vr: 'UT', value})));
      const start = process.cpuUsage();
      await cleaned(file, {narrative: 'clean'});
      return process.cpuUsage(start).user;
    };
    await timeOf(1000);
    const [half, whole] = [await timeOf(16_000), await timeOf(32_000)];
    expect(whole / half).toBeLessThan(4);
  });

  const terms = [
    '6',
    '100',
    '101',
    '109',
    '110',
    '144',
    '127',
    '126',
    '138',
    '148',
    '13',
    '87',
    '159',
    '149',
    '58',
    '166',
  ];
  it.each(terms)('with escape sequences of ISO 2022 IR %s are read, and lose the name', async term => {
    const set = parseCharacterSet(['', `ISO 2022 IR ${term}`]);
    const candidates = [
      name,
      'Øzvælgård',
      'Čzvłő',
      'Жщъэб',
      'Ξψζωβ',
      'קץטףא',
      'ظغثذب',
      'ฆฌฒฎก',
      'ﾇﾍﾒﾂ',
      '蠱鬱纒',
      '丂丄丅',
      '쐬뢰쾨',
      '魑魅魍',
      'Ğzvşı',
    ];
    const spelling = candidates.toReversed().find(one => encodeText(one, set, true) !== undefined) ?? name;
    const encoded = encodeText(spelling, set, true) ?? Buffer.alloc(0);
    const file = aFile([
      text(0x0008_0005, 'CS', `\\ISO 2022 IR ${term}`),
      {tag: 0x0010_0010, vr: 'PN', value: encoded},
      {
        tag: 0x0008_103e,
        vr: 'LO',
        value: Buffer.concat([Buffer.from('T1 '), encodeText(spelling, set) ?? encoded, Buffer.from(' sag')]),
      },
    ]);
    const root = await rootOf(file);
    expect(textAt(root, 0x0008_103e)).toBe('T1 sag');
    expect(root.bytes.includes(encoded)).toBe(false);
  });
});

describe('large instances', () => {
  it('of 200,000 elements are cleaned in all of them', async () => {
    const frame = [
      sequence(0x0020_9113, [[text(0x0020_0032, 'DS', ['1', '2', '3'])]]),
      sequence(0x0020_9111, [[text(0x0018_9074, 'DT', '20200101120000'), text(0x0020_9056, 'SH', name.slice(0, 8))]]),
    ];
    const root = await rootOf(aFile([sequence(0x5200_9230, new Array(40_000).fill(frame))]));
    const frames = itemsOf(root, 0x5200_9230);
    expect(frames).toHaveLength(40_000);
    const last = frames.at(-1);
    const content = last === undefined ? undefined : itemsOf(last, 0x0020_9111)[0];
    expect(content === undefined ? '' : textAt(content, 0x0018_9074)).toBe('20200212120000');
  }, 60_000);

  it('with a private sequence of 30 MB lose it', async () => {
    const inside = [text(0x0009_0010, 'LO', 'HOSPITAL'), bytes(0x0009_1001, 'OB', Buffer.alloc(30_000, name))];
    const file = aFile([text(0x0009_0010, 'LO', 'HOSPITAL'), sequence(0x0009_1002, new Array(1000).fill(inside))]);
    expect(file.length).toBeGreaterThan(30_000_000);
    expect((await cleaned(file)).length).toBeLessThan(5000);
  });

  it('with a private sequence in implicit VR, of any length and depth, lose it and nothing behind it', async () => {
    const inner = encodeDataSet([text(0x0010_0010, 'PN', name)], implicitLittleEndian);
    const items = Buffer.concat([item(undefinedLength), inner, delimiter(itemEnd), delimiter(sequenceEnd)]);
    const elements = encodeDataSet([...identity, text(0x0009_0010, 'LO', 'HOSPITAL')], implicitLittleEndian).subarray(
      0,
    );
    const meta = part10Header({
      sopClassUid: mrImageStorage,
      sopInstanceUid: '1.2.3',
      transferSyntaxUid: transferSyntaxUid.implicitLittleEndian,
    });
    const behind = encodeDataSet([text(0x0018_0050, 'DS', '1.5')], implicitLittleEndian);
    const privateHeader = encodeElementHeader(0x0009_1001, 'UN', undefinedLength, implicitLittleEndian);
    const root = await rootOf(Buffer.concat([meta, elements, privateHeader, items, behind]));
    expect(root.elements.some(({tag}) => tag >>> 16 === 0x0009)).toBe(false);
    expect(textAt(root, 0x0018_0050)).toBe('1.5');
  });

  it('of 2 GB are planned without reading their pixels', async () => {
    const path = join(folder, 'large.dcm');
    const frames = 4096;
    const length = frames * 512 * 512 * 2;
    const image = [
      [0x0028_0002, 1],
      [0x0028_0010, 512],
      [0x0028_0011, 512],
      [0x0028_0100, 16],
      [0x0028_0101, 16],
      [0x0028_0102, 15],
      [0x0028_0103, 0],
    ].map(([tag = 0, value = 0]) => numberElement(tag, 'US', [value]));
    const start = Buffer.concat([
      aFile([person, ...image, text(0x0028_0008, 'IS', String(frames)), text(0x0028_0301, 'CS', 'NO')]),
      header(0x7fe0_0010, 'OW', length),
    ]);
    const file = openSync(path, 'w');
    writeSync(file, start);
    ftruncateSync(file, start.length + length);
    closeSync(file);
    const before = process.memoryUsage().rss;
    const deidentifier = await Deidentifier.create(aRequest);
    const outcome = deidentifier.deidentify(readInstance(path), () => expect.fail('pixels are copied, not read'));
    if (outcome.kind !== 'written') throw new Error(outcome.reason);
    expect(outcome.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBeGreaterThan(length);
    expect(outcome.chunks.filter(Buffer.isBuffer).some(chunk => chunk.includes(name))).toBe(false);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('pixel data and packed data', () => {
  const base = '1.2.840.10008.1.2.4.50';
  const image = [0x0028_0010, 0x0028_0011, 0x0028_0100].map(tag => numberElement(tag, 'US', [8]));
  const stream = Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9]);
  const opened = (...parts: Buffer[]) =>
    Buffer.concat([aFile(image, base), header(0x7fe0_0010, 'OB', undefinedLength), item(0), ...parts]);

  it('without an end of the fragments are set aside', async () => {
    expect(await become(opened(item(stream.length), stream))).toBe('unreadable');
    expect(await become(opened(item(5000), stream, delimiter(sequenceEnd)))).toBe('unreadable');
  });

  it('without an end of the coded image are set aside', async () => {
    const cut = stream.subarray(0, -2);
    expect(await become(opened(item(cut.length), cut, delimiter(sequenceEnd)))).toBe('bitstream-not-checked');
    expect(typeof (await become(opened(item(stream.length), stream, delimiter(sequenceEnd))))).toBe('object');
  });

  it('that inflate beyond the limit are set aside before memory is', async () => {
    const meta = part10Header({
      sopClassUid: mrImageStorage,
      sopInstanceUid: '1.2.3',
      transferSyntaxUid: transferSyntaxUid.deflated,
    });
    const plain = Buffer.concat([
      encodeDataSet(identity, explicitLittleEndian),
      header(0x0042_0011, 'OB', 200_000_000),
      Buffer.alloc(200_000_000),
    ]);
    const bomb = Buffer.concat([meta, deflateRawSync(plain, {level: constants.Z_BEST_SPEED})]);
    expect(bomb.length).toBeLessThan(2_000_000);
    const before = process.memoryUsage().rss;
    expect(await become(bomb)).toBe('too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  it('that inflate to millions of elements within the limit end, in an outcome', async () => {
    const meta = part10Header({
      sopClassUid: mrImageStorage,
      sopInstanceUid: '1.2.3',
      transferSyntaxUid: transferSyntaxUid.deflated,
    });
    const small = encodeElement(text(0x0018_0022, 'CS', 'A'), explicitLittleEndian);
    const plain = Buffer.concat([encodeDataSet(identity, explicitLittleEndian), ...new Array(500_000).fill(small)]);
    expect(await become(Buffer.concat([meta, deflateRawSync(plain)]))).toBeDefined();
  }, 60_000);

  it('cut anywhere in a deflated stream are set aside', async () => {
    const meta = part10Header({
      sopClassUid: mrImageStorage,
      sopInstanceUid: '1.2.3',
      transferSyntaxUid: transferSyntaxUid.deflated,
    });
    const packed = deflateRawSync(encodeDataSet([...identity, person], explicitLittleEndian));
    for (const end of [1, packed.length >> 1, packed.length - 1])
      expect(await become(Buffer.concat([meta, packed.subarray(0, end)]))).toBe('unreadable');
  });
});

describe('identity', () => {
  it('of two patients in one series is told apart, whatever is written', () => {
    const of = (id: string, patient: string) =>
      originalOf(parseInstance(aFile([text(0x0010_0010, 'PN', patient), text(0x0010_0020, 'LO', id)]))).patient;
    const marks = (...list: (readonly [string, string])[]) => list.flatMap(([id, patient]) => of(id, patient) ?? []);
    expect(countPatients(marks(['1', 'BERG^A'], ['2', 'DAL^B']))).toBe(2);
    expect(countPatients(marks(['1', 'BERG^A'], ['1', 'Berg A']))).toBe(1);
  });

  it('that is missing but for its UIDs is made', async () => {
    const root = await rootOf(aFile([]));
    expect(textAt(root, 0x0010_0010)).toBe('SUBJ-001');
    expect(textAt(root, 0x0008_0020)).toBe('20240313');
  });

  it('of an empty file, of a preamble alone, of text: set aside', async () => {
    expect(await become(Buffer.alloc(0))).toBe('unreadable');
    expect(await become(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]))).not.toBeInstanceOf(Buffer);
    expect(await become(Buffer.from(`patient: ${name}\n`.repeat(100)))).toBe('unreadable');
  });

  it('with UIDs of 64 characters is mapped, of 65 set aside', async () => {
    const uid = `1.2.826.0.1.9999999.${'3'.repeat(44)}`;
    expect(uid).toHaveLength(64);
    const root = await rootOf(aFile([0x0008_0018, 0x0020_000d, 0x0020_000e].map(tag => text(tag, 'UI', uid))));
    expect(textAt(root, 0x0008_0018)).toMatch(/^1\.3\.6\.1\.4\.1\.45037\.\d{45}$/);
    expect(await become(aFile([text(0x0008_0018, 'UI', `${uid}3`)]))).toBe('bad-uid');
  });

  it('of a project of 64 letters beyond ASCII and a subject with a blank is written in UTF-8', async () => {
    const project = 'Ø'.repeat(64);
    const root = await rootOf(aFile([person]), {project, subject: 'SUBJ 001'});
    expect(textAt(root, 0x0008_0005)).toBe('ISO_IR 192');
    expect(textAt(root, 0x0008_0080)).toBe(project);
    expect(textAt(root, 0x0010_0020)).toBe('SUBJ 001');
  });

  it.each([
    [0, '20240131'],
    [-31, '20231231'],
    [100_000, '22971115'],
    [-1_000_000, '19700101'],
  ])('on dates moved by %i days', async (dateIncrement, expected) => {
    const root = await rootOf(aFile([]), {dateIncrement});
    if (expected.startsWith('1970')) expect(textAt(root, 0x0008_0020)).toMatch(/^1970\d\d01$/);
    else expect(textAt(root, 0x0008_0020)).toBe(expected);
  });
});
