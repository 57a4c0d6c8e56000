import {closeSync, fstatSync, openSync, readSync, readv, readvSync} from 'node:fs';
import {promisify} from 'node:util';
import {whyOf} from '../fs/fileError.ts';
import {type CommandSet, encodeCommandSet} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {dataHeaderLength, frameMessage, writeDataHeader} from './pduWriter.ts';

const readPieces = promisify(readv);

/** What sending needs to know of a Part 10 file. */
export interface InstanceFacts {
  path: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** Byte of the file where the data set begins. */
  dataSetOffset: number;
}

/** The file is gone or cannot be read now: it may be better next time. */
function unreadable(path: string, why: string, cause?: unknown): DimseError {
  return new DimseError('file-unreadable', `${path} ${why}`, {cause});
}

/** The file is no Part 10 file that can be sent. */
function invalid(path: string, why: string): DimseError {
  return new DimseError('file-invalid', `${path} ${why}`);
}

const firstRead = 1024;
const mostMetaLength = 1 << 20;

/**
 * Reads the file meta information (PS3.10 7.1), nothing else: one read for nearly every file. Synchronous, because to hand
 * such a small read to another thread costs three times the read itself.
 * Throws {@link DimseError}: `file-unreadable` or `file-invalid`.
 */
export function readInstanceFacts(path: string): InstanceFacts {
  const descriptor = openToRead(path);
  try {
    let bytes = readStart(path, descriptor, firstRead);
    const length = metaLength(path, bytes);
    if (length > bytes.length) bytes = readStart(path, descriptor, length);
    return {path, ...metaFacts(path, bytes.subarray(0, length)), dataSetOffset: length};
  } finally {
    closeSync(descriptor);
  }
}

/** Opens a file. Throws {@link DimseError}: `file-unreadable`. */
export function openToRead(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, `cannot be opened: ${whyOf(cause)}`, cause);
  }
}

/** The first bytes of the file, at most `length`. */
function readStart(path: string, descriptor: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, 0));
  } catch (cause) {
    throw unreadable(path, `cannot be read: ${whyOf(cause)}`, cause);
  }
}

/** Preamble, prefix and group 0002, whose length stands in its first element. */
function metaLength(path: string, bytes: Buffer): number {
  if (bytes.length < 144 || bytes.toString('latin1', 128, 132) !== 'DICM')
    throw invalid(path, 'is no DICOM Part 10 file');
  if (bytes.readUInt32LE(132) !== 0x00000002) throw invalid(path, 'has no group length in its file meta information');
  const length = 144 + bytes.readUInt32LE(140);
  if (length > mostMetaLength) throw invalid(path, 'has an absurd length of its file meta information');
  return length;
}

const longVrs = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'SQ', 'UC', 'UN', 'UR', 'UT', 'SV', 'UV']);

function metaFacts(
  path: string,
  bytes: Buffer,
): Pick<InstanceFacts, 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'> {
  const found = new Map<number, string>();
  for (let at = 144; at + 8 <= bytes.length; ) {
    const isLong = longVrs.has(bytes.toString('latin1', at + 4, at + 6));
    if (isLong && at + 12 > bytes.length) break;
    const start = at + (isLong ? 12 : 8);
    const end = start + (isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6));
    if (bytes.readUInt16LE(at) !== 2 || end > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2), bytes.toString('latin1', start, end).replace(/[\0 ]+$/g, ''));
    at = end;
  }
  const facts = {
    sopClassUid: found.get(0x0002) ?? '',
    sopInstanceUid: found.get(0x0003) ?? '',
    transferSyntaxUid: found.get(0x0010) ?? '',
  };
  if (Object.values(facts).includes(''))
    throw invalid(path, 'has no SOP class, SOP instance or transfer syntax in its file meta information');
  return facts;
}

/** Bytes that are read and sent at a time. */
const bufferSize = 1 << 20;

/** Up to here a read is done at once: another thread would cost more than it saves. */
const smallRead = 128 << 10;

/** A system call fills at most 1024 pieces. */
const mostPieces = 1024;

/** Buffers are used again: fresh memory costs more than the copy into it. */
export class BufferPool {
  #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferSize);
  }

  give(buffer: Buffer): void {
    if (this.#free.length < 8) this.#free.push(buffer);
  }
}

export interface FrameSettings {
  contextId: number;
  /** The request; its PDUs come first. */
  command: CommandSet;
  /** Longest P-DATA-TF the peer takes. */
  maxPduLength: number;
  pool: BufferPool;
}

/** Whole P-DATA-TF PDUs, ready to be sent. */
export interface Frames {
  bytes: Buffer;
  /** The bytes have been sent: the memory may be used again. */
  release(): void;
}

/** Lays out the PDUs of the request at the begin of a buffer. Returns where they end. */
export function writeCommand(buffer: Buffer, {command, contextId, maxPduLength}: FrameSettings): number {
  let at = 0;
  for (const part of frameMessage(encodeCommandSet(command), contextId, true, maxPduLength))
    at += part.copy(buffer, at);
  return at;
}

/**
 * The data set of a file as P-DATA-TF PDUs: the file is read to where the headers leave room, so no byte is copied by us
 * and none is changed.
 */
export class InstanceReader {
  #path: string;
  #descriptor: number;
  #position: number;
  #left: number;
  #settings: FrameSettings;
  #started = false;
  #first: Frames | undefined;
  readonly dataSetLength: number;

  /** Opens the file. Throws {@link DimseError}: `file-unreadable`. */
  constructor(facts: InstanceFacts, settings: FrameSettings) {
    this.#path = facts.path;
    this.#settings = settings;
    this.#descriptor = openToRead(facts.path);
    this.#position = facts.dataSetOffset;
    this.#left = fstatSync(this.#descriptor).size - facts.dataSetOffset;
    this.dataSetLength = this.#left;
    if (this.#left >= 0) return;
    this.close();
    throw unreadable(facts.path, 'has become shorter');
  }

  /** Reads the first PDUs ahead of time. Throws like `next`. */
  async prepare(): Promise<void> {
    this.#first = await this.next();
  }

  /** The next PDUs, undefined after the last. Throws {@link DimseError}: `file-unreadable` or `file-invalid`. */
  async next(): Promise<Frames | undefined> {
    const first = this.#first;
    this.#first = undefined;
    if (first) return first;
    if (this.#started && this.#left === 0) return undefined;
    const {pool} = this.#settings;
    const buffer = pool.take();
    try {
      const end = await this.#fill(buffer, this.#started ? 0 : writeCommand(buffer, this.#settings));
      this.#started = true;
      return {bytes: buffer.subarray(0, end), release: () => pool.give(buffer)};
    } catch (error) {
      pool.give(buffer);
      throw error;
    }
  }

  /** May be called at any time. */
  close(): void {
    this.#first?.release();
    this.#first = undefined;
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Lays out PDUs from `at` on and reads the file into them. Returns where they end. */
  async #fill(buffer: Buffer, start: number): Promise<number> {
    const {contextId, maxPduLength} = this.#settings;
    const most = (maxPduLength - 6) & ~1;
    const pieces: Buffer[] = [];
    let at = start;
    let left = this.#left;
    do {
      const room = (buffer.length - at - dataHeaderLength) & ~1;
      const length = Math.min(most, left, room);
      writeDataHeader(buffer, at, {contextId, command: false, last: length === left, length});
      at += dataHeaderLength;
      pieces.push(buffer.subarray(at, at + length));
      at += length;
      left -= length;
    } while (left > 0 && pieces.length < mostPieces && buffer.length - at >= dataHeaderLength + 2);
    await this.#read(pieces, this.#left - left);
    this.#left = left;
    return at;
  }

  async #read(pieces: Buffer[], expected: number): Promise<void> {
    if (expected === 0) return;
    let bytesRead: number;
    try {
      bytesRead =
        expected <= smallRead
          ? readvSync(this.#descriptor, pieces, this.#position)
          : (await readPieces(this.#descriptor, pieces, this.#position)).bytesRead;
    } catch (cause) {
      throw unreadable(this.#path, `cannot be read: ${whyOf(cause)}`, cause);
    }
    // A regular file gives less than asked for only at its end.
    if (bytesRead < expected) throw unreadable(this.#path, 'became shorter while it was read');
    this.#position += bytesRead;
  }
}
