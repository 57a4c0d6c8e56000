import {execFileSync} from 'node:child_process';
import {closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {deflateRawSync} from 'node:zlib';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {findElement} from '../../src/dicom/dataSet.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {parseInstance, readHeader, readInstance} from '../../src/dicom/read.ts';
import {
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  transferSyntaxUid,
} from '../../src/dicom/transferSyntax.ts';
import {strings, uid} from '../../src/dicom/values.ts';
import {
  bytesElement,
  encodeDataSet,
  encodeElementHeader,
  encodeItemHeader,
  numberElement,
  part10Header,
  sequenceElement,
  textElement,
} from '../../src/dicom/write.ts';
import {sample} from './samples.ts';

const header = (transferSyntaxUid: string) =>
  part10Header({sopClassUid: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUid: '1.2.3', transferSyntaxUid});
const small = [
  textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.4'),
  textElement(0x00080018, 'UI', '1.2.3'),
  textElement(0x00100010, 'PN', 'DOE^JOHN'),
];
const pixels = bytesElement(0x7fe00010, 'OW', Buffer.alloc(1000, 1));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fiona-dicom-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

let count = 0;
/** A file with these bytes. */
function file(...parts: Buffer[]): string {
  const path = join(folder, `${count++}`);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

function errorOf(run: () => unknown): DicomError {
  try {
    run();
  } catch (error) {
    if (error instanceof DicomError) return error;
    throw error;
  }
  throw new Error('no DicomError');
}

describe('what stands before the data set', () => {
  const body = encodeDataSet(small, explicitLittleEndian);

  it.each([
    ['preamble and meta', [header(transferSyntaxUid.explicitLittleEndian), body], false],
    ['meta without preamble', [header(transferSyntaxUid.explicitLittleEndian).subarray(132), body], false],
    ['preamble without meta', [Buffer.alloc(128), Buffer.from('DICM'), body], true],
    ['nothing, explicit', [body], true],
    ['nothing, implicit', [encodeDataSet(small, implicitLittleEndian)], true],
    ['nothing, big endian', [encodeDataSet(small, explicitBigEndian)], true],
    [
      'meta without transfer syntax',
      [
        Buffer.alloc(128),
        Buffer.from('DICM'),
        encodeDataSet([textElement(0x00020003, 'UI', '1.2.3')], explicitLittleEndian),
        encodeDataSet(small, explicitBigEndian),
      ],
      true,
    ],
    [
      'meta with a wrong group length',
      [
        Buffer.alloc(128),
        Buffer.from('DICM'),
        encodeDataSet(
          [numberElement(0x00020000, 'UL', 7), textElement(0x00020010, 'UI', '1.2.840.10008.1.2')],
          explicitLittleEndian,
        ),
        encodeDataSet(small, implicitLittleEndian),
      ],
      false,
    ],
    [
      'meta in implicit VR',
      [
        Buffer.alloc(128),
        Buffer.from('DICM'),
        encodeDataSet(
          [textElement(0x00020003, 'UI', '1.2.3'), textElement(0x00020010, 'UI', '1.2.840.10008.1.2')],
          implicitLittleEndian,
        ),
        encodeDataSet(small, implicitLittleEndian),
      ],
      false,
    ],
    [
      'a transfer syntax that is not kept to',
      [header(transferSyntaxUid.explicitLittleEndian), encodeDataSet(small, implicitLittleEndian)],
      false,
    ],
    ['a private transfer syntax', [header('1.2.840.113619.5.2.99'), body], false],
  ] as const)('%s: reads', (_, parts, guessed) => {
    const path = file(...parts);
    for (const instance of [readHeader(path), readInstance(path), parseInstance(readFileSync(path))]) {
      expect(uid(instance.dataSet, 0x00080018)).toBe('1.2.3');
      expect(strings(instance.dataSet, 0x00100010)).toEqual(['DOE^JOHN']);
      expect(instance.guessed).toBe(guessed);
      expect(instance.trailingBytes).toBe(0);
    }
  });

  it.each([
    ['empty', ''],
    ['text', 'Dear colleague, please find attached the images of the patient.'],
    ['a few bytes', '\x08'],
    ['PNG', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR'],
  ])('%s: is not DICOM', (_, content) => {
    expect(errorOf(() => readHeader(file(Buffer.from(content, 'latin1'))))).toMatchObject({
      reason: 'not-dicom',
      offset: 0,
    });
  });

  it('says why a file cannot be read', () => {
    expect(errorOf(() => readHeader(join(folder, 'missing'))).message).toContain('ENOENT');
    expect(errorOf(() => readInstance(folder))).toMatchObject({reason: 'unreadable'});
  });
});

describe('what stands behind the data set', () => {
  const start = [
    header(transferSyntaxUid.explicitLittleEndian),
    encodeDataSet([...small, pixels], explicitLittleEndian),
  ];

  it.each([
    ['three bytes', Buffer.from('abc')],
    ['text', Buffer.from('some text that is no element')],
    ['zeros', Buffer.alloc(4096)],
    ['a second file', Buffer.concat(start)],
    ['an element cut off', encodeElementHeader(0xfffcfffc, 'OB', 1000, explicitLittleEndian)],
  ])('%s behind pixel data: counted, not an error', (_, rest) => {
    const path = file(...start, rest);
    for (const instance of [readInstance(path), parseInstance(readFileSync(path))]) {
      expect(instance.trailingBytes).toBe(rest.length);
      expect(instance.pixelData?.length).toBe(1000);
    }
  });

  it('counts zeros and a few bytes behind a data set without pixel data; anything else there is damage', () => {
    const bare = [header(transferSyntaxUid.explicitLittleEndian), encodeDataSet(small, explicitLittleEndian)];
    expect(readInstance(file(...bare, Buffer.alloc(100))).trailingBytes).toBe(100);
    expect(readInstance(file(...bare, Buffer.from('abc'))).trailingBytes).toBe(3);
    expect(errorOf(() => readInstance(file(...bare, Buffer.from('some text that is no element'))))).toMatchObject({
      reason: 'bad-structure',
    });
  });

  it('reads elements behind the pixel data', () => {
    const path = file(
      ...start,
      encodeDataSet([bytesElement(0xfffcfffc, 'OB', Buffer.alloc(10))], explicitLittleEndian),
    );
    expect(readInstance(path).dataSet.elements.at(-1)?.tag).toBe(0xfffcfffc);
    expect(readHeader(path).dataSet.elements).toHaveLength(3);
  });
});

describe('large files', () => {
  const fragment = (bytes: Buffer) => Buffer.concat([encodeItemHeader(0xfffee000, bytes.length, true), bytes]);

  it('tells where pixel data and fragments are in the file', () => {
    const frames = [
      Buffer.alloc(0),
      Buffer.alloc(5000, 1),
      Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
      Buffer.alloc(100_000, 3),
    ];
    const path = file(
      header('1.2.840.10008.1.2.4.50'),
      encodeDataSet(small, explicitLittleEndian),
      encodeElementHeader(0x7fe00010, 'OB', 0xffffffff, explicitLittleEndian),
      ...frames.map(fragment),
      encodeItemHeader(0xfffee0dd, 0, true),
      encodeDataSet([bytesElement(0xfffcfffc, 'OB', Buffer.alloc(10))], explicitLittleEndian),
    );
    const bytes = readFileSync(path);
    for (const instance of [readInstance(path), parseInstance(bytes)]) {
      const found = instance.pixelData?.fragments?.map(({offset, length}) => bytes.subarray(offset, offset + length));
      expect(found?.map(part => part.toString('hex'))).toEqual(frames.map(part => part.toString('hex')));
      expect(instance.dataSet.elements).toHaveLength(5);
    }
    expect(readHeader(path).pixelData).toMatchObject({
      length: undefined,
      inFile: true,
      offset: readInstance(path).pixelData?.offset,
    });
  });

  it('leaves a large value in the file and reads on behind it', () => {
    const large = bytesElement(0x00420011, 'OB', Buffer.alloc(300_000, 5));
    const path = file(
      header(transferSyntaxUid.explicitLittleEndian),
      encodeDataSet([...small, large, textElement(0x00420012, 'LO', 'application/pdf')], explicitLittleEndian),
    );
    const {dataSet} = readHeader(path, {maxElementBytes: 100_000});
    const element = findElement(dataSet, 0x00420011);
    expect(element?.outside).toMatchObject({length: 300_000});
    expect(readFileSync(path)[element?.outside?.offset ?? 0]).toBe(5);
    expect(strings(dataSet, 0x00420012)).toEqual(['application/pdf']);
    expect(dataSet.bytes.length).toBeLessThan(100_000);
  });

  it('grows over a header of megabytes, and refuses one beyond the limit', () => {
    const item = Array.from({length: 50}, (_, index) => textElement(0x00091000 + index, 'LO', 'x'.repeat(50)));
    const path = file(
      header(transferSyntaxUid.explicitLittleEndian),
      encodeDataSet([...small, sequenceElement(0x0040a730, new Array(1000).fill(item)), pixels], explicitLittleEndian),
    );
    expect(readHeader(path).dataSet.elements).toHaveLength(4);
    expect(readInstance(path).pixelData?.length).toBe(1000);
    expect(errorOf(() => readHeader(path, {maxHeaderBytes: 1_000_000}))).toMatchObject({reason: 'too-large'});
    expect(errorOf(() => readHeader(path, {maxElements: 1000}))).toMatchObject({reason: 'too-many-elements'});
  });

  it('never inflates beyond the limit', () => {
    const bomb = deflateRawSync(Buffer.concat([encodeDataSet(small, explicitLittleEndian), Buffer.alloc(50_000_000)]));
    const path = file(header(transferSyntaxUid.deflated), bomb);
    expect(errorOf(() => readInstance(path, {maxHeaderBytes: 1_000_000}))).toMatchObject({reason: 'too-large'});
    expect(
      errorOf(() => readInstance(file(header(transferSyntaxUid.deflated), Buffer.from('not deflated at all')))),
    ).toMatchObject({reason: 'bad-deflate'});
    expect(errorOf(() => readInstance(file(header(transferSyntaxUid.deflated), bomb.subarray(0, 20))))).toMatchObject({
      reason: 'bad-deflate',
    });
  });

  it('reads a file of 2 GB in less than 250 MB', () => {
    const path = join(folder, 'large');
    const target = openSync(path, 'w');
    const length = 2 * 1024 ** 3 - 2;
    const start = Buffer.concat([
      header(transferSyntaxUid.explicitLittleEndian),
      encodeDataSet(small, explicitLittleEndian),
      encodeElementHeader(0x7fe00010, 'OW', length, explicitLittleEndian),
    ]);
    const end = encodeDataSet([bytesElement(0xfffcfffc, 'OB', Buffer.alloc(10))], explicitLittleEndian);
    writeSync(target, start);
    ftruncateSync(target, start.length + length);
    writeSync(target, end, 0, end.length, start.length + length);
    closeSync(target);
    const module = fileURLToPath(new URL('../../src/dicom/read.ts', import.meta.url));
    const program = `import {readInstance} from ${JSON.stringify(module)};
      const {dataSet, pixelData} = readInstance(${JSON.stringify(path)});
      console.log(JSON.stringify([dataSet.elements.length, pixelData.length, process.memoryUsage().rss]));`;
    const [elements, pixelBytes, rss] = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {encoding: 'utf8'}),
    );
    expect([elements, pixelBytes]).toEqual([5, length]);
    expect(rss).toBeLessThan(250_000_000);
  });

  it('gives back what stands before the damage when asked to', () => {
    const {damage, dataSet} = readHeader(sample('test_files/rtplan_truncated.dcm'), {tolerant: true});
    expect(damage).toMatchObject({reason: 'truncated', tag: 0x300a00b0});
    expect(strings(dataSet, 0x00080060)).toEqual(['RTPLAN']);
  });
});
