import {closeSync, fstatSync, openSync} from 'node:fs';
import {inflateRawSync} from 'node:zlib';
import {ByteSource} from './byteSource.ts';
import type {DataSet, Element} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {undefinedLength} from './elementHeader.ts';
import {recognise} from './fileFormat.ts';
import type {Instance, PixelData, ReadLimits} from './instance.ts';
import {scanLimits} from './scan.ts';
import {Scanner} from './scanner.ts';
import {isPixelData, type Tag} from './tag.ts';
import type {Encoding} from './transferSyntax.ts';

type Extent = 'header' | 'everything';

const defaultMaxHeaderBytes = 512 * 1024 * 1024;
/** How much behind the data set is looked at to tell padding from damage. */
const maxPaddingBytes = 1024 * 1024;

function systemCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
}

/**
 * Opens a file for {@link readOpenInstance}; the caller closes it.
 * @throws DicomError unreadable
 */
export function openInstance(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new DicomError('unreadable', `the file cannot be opened (${systemCode(cause)})`, {cause});
  }
}

function readFile(file: number, limits: ReadLimits, extent: Extent): Instance {
  const stat = fstatSync(file);
  if (!stat.isFile()) throw new DicomError('unreadable', 'not a regular file');
  return readSource(ByteSource.ofFile(file, stat.size, limits.maxHeaderBytes ?? defaultMaxHeaderBytes), limits, extent);
}

function readPath(path: string, limits: ReadLimits, extent: Extent): Instance {
  const file = openInstance(path);
  try {
    return readFile(file, limits, extent);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a file up to its pixel data, in one read of 16 KiB when the header fits. The pixel data element is not among the elements;
 * `pixelData` tells where it begins. Values beyond `maxElementBytes` stay in the file.
 * @throws DicomError
 */
export function readHeader(path: string, limits: ReadLimits = {}): Instance {
  return readPath(path, limits, 'header');
}

/**
 * Reads a whole file but for its pixel data, which stay in the file (`outside`, fragments included); elements behind
 * them are read. Holds a few bytes more than the header, however large the file. Only a deflated file is held whole.
 * @throws DicomError
 */
export function readInstance(path: string, limits: ReadLimits = {}): Instance {
  return readPath(path, limits, 'everything');
}

/**
 * {@link readInstance} of a file that is open, and stays open.
 * @throws DicomError
 */
export function readOpenInstance(file: number, limits: ReadLimits = {}): Instance {
  return readFile(file, limits, 'everything');
}

/**
 * Reads a file that is in memory, pixel data included. Nothing is copied: `dataSet.bytes` is `bytes` (inflated when deflated).
 * @throws DicomError
 */
export function parseInstance(bytes: Buffer, limits: ReadLimits = {}): Instance {
  return readSource(ByteSource.ofBytes(bytes), limits, 'everything');
}

interface Root {
  dataSet: DataSet;
  pixelData: PixelData | undefined;
  trailingBytes: number;
  damage: DicomError | undefined;
}

function readSource(source: ByteSource, limits: ReadLimits, extent: Extent): Instance {
  const fileSize = source.end;
  const scanner = new Scanner(source, scanLimits(limits));
  const format = recognise(scanner);
  const {transferSyntax, dataSetOffset} = format;
  const facts = {meta: format.meta, transferSyntax, guessed: format.guessed, dataSetOffset, fileSize};
  if (transferSyntax.deflated) {
    const {inflated, trailingBytes} = inflate(source, dataSetOffset, limits);
    scanner.finish();
    const inner = new Scanner(ByteSource.ofBytes(inflated), scanLimits(limits));
    const root = readRoot(inner, 0, transferSyntax.encoding, limits, extent);
    return {...facts, ...root, trailingBytes: root.trailingBytes + trailingBytes};
  }
  return {...facts, ...readRoot(scanner, dataSetOffset, format.encoding, limits, extent)};
}

/** Inflates a deflated data set (PS3.5 A.5), never to more than `maxHeaderBytes`. */
function inflate(source: ByteSource, offset: number, limits: ReadLimits): {inflated: Buffer; trailingBytes: number} {
  const count = source.end - offset;
  if (count === 0) return {inflated: Buffer.alloc(0), trailingBytes: 0};
  if (!source.ensure(offset, count)) throw new DicomError('truncated', 'the file became shorter', {offset});
  try {
    const {buffer, engine} = inflateRawSync(source.bytes.subarray(offset, source.end), {
      info: true,
      maxOutputLength: limits.maxHeaderBytes ?? defaultMaxHeaderBytes,
    }) as unknown as {buffer: Buffer; engine: {bytesWritten: number}};
    return {inflated: buffer, trailingBytes: count - engine.bytesWritten};
  } catch (cause) {
    const tooLarge = systemCode(cause) === 'ERR_BUFFER_TOO_LARGE';
    throw new DicomError(tooLarge ? 'too-large' : 'bad-deflate', 'the deflated data set does not inflate', {
      offset,
      cause,
    });
  }
}

function isPixelElement(element: Element | undefined): element is Element {
  return element !== undefined && isPixelData(element.tag);
}

function readRoot(scanner: Scanner, start: number, encoding: Encoding, limits: ReadLimits, extent: Extent): Root {
  const {source} = scanner;
  const root = scanner.begin(start, encoding);
  let position = start;
  let trailingBytes = 0;
  let pixelData: PixelData | undefined;
  let damage: DicomError | undefined;
  while (position < source.end) {
    try {
      if (extent === 'header' && isPixelData(scanner.peekTag(position, encoding) ?? 0)) {
        pixelData = pixelDataAhead(scanner, position, encoding);
        break;
      }
      position = scanner.scanElement(root, position, source.end, 0);
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      if (isPadding(source, position, pixelData !== undefined, error)) trailingBytes = source.end - position;
      else if (limits.tolerant === true) damage = error;
      else throw error;
      break;
    }
    const element = root.elements[root.elements.length - 1];
    if (isPixelElement(element)) pixelData = pixelDataOf(element);
  }
  root.valueEnd = position;
  scanner.finish();
  return {dataSet: root, pixelData, trailingBytes, damage};
}

/**
 * Whether bytes that are no element are only left-overs behind the data set: anything behind the pixel data, elsewhere
 * fewer than 8 bytes or zeros. Everything else is damage in the middle of something.
 */
function isPadding(source: ByteSource, position: number, behindPixels: boolean, error: DicomError): boolean {
  if (error.reason !== 'truncated' && error.reason !== 'bad-structure' && error.reason !== 'bad-length') return false;
  const rest = source.end - position;
  if (behindPixels || rest < 8) return true;
  return (
    rest <= maxPaddingBytes &&
    source.ensure(position, rest) &&
    source.bytes.subarray(position, source.end).every(byte => byte === 0)
  );
}

function pixelDataOf(element: Element): PixelData {
  const {outside, fragments} = element;
  return outside === undefined
    ? {element, inFile: false, offset: element.valueStart, length: element.end - element.valueStart, fragments}
    : {element, inFile: true, offset: outside.offset, length: outside.length, fragments};
}

/** What the header of the pixel data says, the value itself not looked at. */
function pixelDataAhead(scanner: Scanner, position: number, encoding: Encoding): PixelData {
  const {tag, vr, length, valueStart}: {tag: Tag; vr: Element['vr']; length: number; valueStart: number} =
    scanner.peekHeader(position, encoding);
  const element: Element = {
    tag,
    vr,
    start: position,
    valueStart,
    valueEnd: valueStart,
    end: valueStart,
    undefinedLength: length === undefinedLength,
    items: undefined,
    fragments: undefined,
    outside: undefined,
  };
  const inFile = scanner.source.file !== undefined;
  return {
    element,
    inFile,
    offset: scanner.source.fileOffset(valueStart),
    length: length === undefinedLength ? undefined : length,
    fragments: undefined,
  };
}
