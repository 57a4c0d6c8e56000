import {DicomError} from './dicomError.ts';
import type {FrameShape} from './frames.ts';
import {type HuffmanTable, huffmanTables, JpegBits} from './jpegBits.ts';

/** Markers of ITU-T T.81 table B.1. */
const marker = {sof3: 0xc3, dht: 0xc4, rst0: 0xd0, soi: 0xd8, eoi: 0xd9, sos: 0xda, dnl: 0xdc, dri: 0xdd};

/** What stands in the headers before a scan. */
interface Headers {
  precision: number;
  components: number[];
  tables: Map<number, HuffmanTable>;
  restartInterval: number;
}

interface Scan {
  components: {index: number; table: HuffmanTable}[];
  predictor: number;
  pointTransform: number;
}

function bad(detail: string): DicomError {
  return new DicomError('bad-structure', `JPEG: ${detail}`);
}

/**
 * Decodes one frame of JPEG Lossless, process 14 (ITU-T T.81 annex H; PS3.5 A.4.1). Strict: a stream that ends early, or holds
 * another image than the attributes say, is an error, never half an image. Samples are arranged as the shape's planar
 * configuration says.
 * @throws DicomError bad-structure, truncated, unsupported
 */
export function decodeJpegLosslessFrame(encoded: Buffer, shape: FrameShape, into: Buffer): void {
  const {pixels, samples, bytesPerSample} = shape;
  if (bytesPerSample > 2) throw new DicomError('unsupported', 'JPEG Lossless has at most 16 bits a sample');
  const isWide = bytesPerSample === 2;
  const frame = isWide
    ? new Uint16Array(into.buffer, into.byteOffset, pixels * samples)
    : new Uint16Array(pixels * samples);
  const headers: Headers = {precision: 0, components: [], tables: new Map(), restartInterval: 0};
  const decoded = new Set<number>();
  let at = 0;
  while (decoded.size < samples) {
    const found = nextMarker(encoded, at);
    if (found.code === marker.soi) {
      at = found.end;
      continue;
    }
    if (found.code === marker.eoi) throw new DicomError('truncated', 'JPEG: the image ends without all its samples');
    const {body, end} = segment(encoded, found.end);
    at = end;
    if (found.code !== marker.sos) readHeader(found.code, body, headers, shape);
    else {
      const scan = readScan(body, headers);
      at = decodeScan(encoded, end, {scan, headers, shape, frame});
      for (const {index} of scan.components) decoded.add(index);
    }
  }
  if (isWide) return;
  if (frame.some(value => value > 0xff)) throw bad('a sample has more bits than are allocated');
  into.set(frame);
}

/** The next marker; fill bytes FF may stand before it (T.81 B.1.1.2). */
function nextMarker(bytes: Buffer, from: number): {code: number; end: number} {
  for (let at = from; at + 1 < bytes.length; at++) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && code !== 0 && code !== 0xff) return {code, end: at + 2};
  }
  throw new DicomError('truncated', 'JPEG: the stream ends before the image');
}

function segment(bytes: Buffer, at: number): {body: Buffer; end: number} {
  const length = at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
  if (length < 2 || at + length > bytes.length) throw new DicomError('truncated', 'JPEG: a segment is cut off');
  return {body: bytes.subarray(at + 2, at + length), end: at + length};
}

function readHeader(code: number, body: Buffer, headers: Headers, shape: FrameShape): void {
  if (code === marker.sof3) readFrameHeader(body, headers, shape);
  else if (code === marker.dht) for (const [id, table] of huffmanTables(body)) headers.tables.set(id, table);
  else if (code === marker.dri && body.length === 2) headers.restartInterval = body.readUInt16BE(0);
  else if (code === marker.dnl || (code >= 0xc0 && code <= 0xcf))
    throw new DicomError(
      'unsupported',
      `JPEG: not the lossless process with Huffman codes (marker ${code.toString(16)})`,
    );
}

function readFrameHeader(body: Buffer, headers: Headers, {rows, columns, samples, bytesPerSample}: FrameShape): void {
  const count = body[5] ?? 0;
  if (body.length !== 6 + 3 * count) throw bad('a frame header of another length');
  headers.precision = body.readUInt8(0);
  headers.components = Array.from({length: count}, (_, index) => body.readUInt8(6 + 3 * index));
  const isSubsampled = headers.components.some((_, index) => body[7 + 3 * index] !== 0x11);
  if (isSubsampled) throw new DicomError('unsupported', 'JPEG: components of different sizes');
  if (body.readUInt16BE(1) !== rows || body.readUInt16BE(3) !== columns || count !== samples)
    throw bad('another size than that of the attributes');
  if (headers.precision < 2 || headers.precision > 8 * bytesPerSample) throw bad('more bits than are allocated');
}

/** T.81 B.2.3. */
function readScan(body: Buffer, {components, tables}: Headers): Scan {
  const count = body[0] ?? 0;
  if (count === 0 || body.length !== 4 + 2 * count) throw bad('a scan header of another length');
  const predictor = body.readUInt8(1 + 2 * count);
  if (predictor < 1 || predictor > 7) throw bad('no such predictor');
  return {
    components: Array.from({length: count}, (_, position) => {
      const index = components.indexOf(body.readUInt8(1 + 2 * position));
      const table = tables.get(body.readUInt8(2 + 2 * position) >> 4);
      if (index < 0 || table === undefined) throw bad('a scan without its component or table');
      return {index, table};
    }),
    predictor,
    pointTransform: body.readUInt8(3 + 2 * count) & 0x0f,
  };
}

interface ScanWork {
  scan: Scan;
  headers: Headers;
  shape: FrameShape;
  frame: Uint16Array;
}

/** Decodes the samples of a scan into the frame. Returns where the next marker may stand. */
function decodeScan(encoded: Buffer, from: number, work: ScanWork): number {
  const {rows, columns, pixels, samples, planar} = work.shape;
  const {restartInterval, precision} = work.headers;
  const {components, pointTransform} = work.scan;
  if (pointTransform >= precision) throw bad('a point transform of all bits');
  if (restartInterval % columns !== 0) throw bad('a restart within a line');
  const bits = new JpegBits(encoded, from);
  const step = planar ? 1 : samples;
  const planes = components.map(({index, table}) => ({table, start: index * (planar ? pixels : 1)}));
  const linesBetween = restartInterval / columns;
  for (let row = 0; row < rows; row++) {
    const isFirst = row === 0 || (linesBetween > 0 && row % linesBetween === 0);
    if (isFirst && row > 0) bits.restart(row / linesBetween - 1);
    decodeLine(bits, work, {planes, step, row, isFirst});
  }
  if (pointTransform > 0)
    for (const {start} of planes)
      for (let pixel = 0; pixel < pixels; pixel++) {
        const at = start + pixel * step;
        work.frame[at] = (work.frame[at] ?? 0) << pointTransform;
      }
  return bits.position;
}

interface Line {
  planes: {table: HuffmanTable; start: number}[];
  step: number;
  row: number;
  /** Of the scan or after a restart: there is nothing above. */
  isFirst: boolean;
}

/** T.81 H.1.2.1: prediction and difference, modulo 65536. */
function decodeLine(bits: JpegBits, {scan, headers, shape, frame}: ScanWork, {planes, step, row, isFirst}: Line): void {
  const {columns} = shape;
  const above = columns * step;
  const first = 1 << (headers.precision - scan.pointTransform - 1);
  for (let column = 0; column < columns; column++) {
    for (const {table, start} of planes) {
      const at = start + (row * columns + column) * step;
      let predicted: number;
      if (isFirst) predicted = column === 0 ? first : (frame[at - step] ?? 0);
      else if (column === 0) predicted = frame[at - above] ?? 0;
      else
        predicted = predict(
          scan.predictor,
          frame[at - step] ?? 0,
          frame[at - above] ?? 0,
          frame[at - above - step] ?? 0,
        );
      frame[at] = predicted + bits.difference(table);
    }
  }
}

/** T.81 table H.1. */
function predict(selection: number, left: number, up: number, corner: number): number {
  switch (selection) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return corner;
    case 4:
      return left + up - corner;
    case 5:
      return left + ((up - corner) >> 1);
    case 6:
      return up + ((left - corner) >> 1);
    default:
      return (left + up) >> 1;
  }
}
