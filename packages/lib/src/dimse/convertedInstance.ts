import {closeSync} from 'node:fs';
import {setImmediate as immediate} from 'node:timers/promises';
import {DicomError} from '../dicom/dicomError.ts';
import {type Transcoded, transcode} from '../dicom/transcode.ts';
import {DimseError} from './dimseError.ts';
import {type FrameSettings, type Frames, type InstanceFacts, openToRead, writeCommand} from './instanceFile.ts';
import {dataHeaderLength, writeDataHeader} from './pduWriter.ts';

/** Up to here everything is converted before the first byte is sent, so that a damaged file costs no association. */
const mostAhead = 8 << 20;

/** The data set of a file as P-DATA-TF PDUs, converted to another transfer syntax while it is read. */
export class ConvertedReader {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #settings: FrameSettings;
  readonly #transferSyntax: string;
  #pieces: Iterator<Buffer> | undefined;
  #piece = Buffer.alloc(0);
  #left = 0;
  #started = false;
  #closed = false;
  dataSetLength = 0;

  /** Opens the file. Throws {@link DimseError}: `file-unreadable`. */
  constructor(facts: InstanceFacts, transferSyntax: string, settings: FrameSettings) {
    this.#path = facts.path;
    this.#settings = settings;
    this.#transferSyntax = transferSyntax;
    this.#descriptor = openToRead(facts.path);
  }

  /** Finds out whether it can be converted. Throws {@link DimseError}: `context` when it cannot, `file-*`. */
  async prepare(): Promise<void> {
    const converted = this.#guard(() => transcode(this.#descriptor, this.#transferSyntax));
    const pieces = converted.length > mostAhead ? converted.pieces() : await this.#readAll(converted);
    this.#pieces = pieces[Symbol.iterator]();
    this.dataSetLength = converted.length;
    this.#left = converted.length;
  }

  /** The next PDUs, undefined after the last. Throws {@link DimseError}: `file-unreadable`, `file-invalid`, `context`. */
  async next(): Promise<Frames | undefined> {
    if (this.#started && this.#left === 0) return undefined;
    // all that follows is synchronous: without a turn nobody would hear that what was sent before has been written
    await immediate();
    const {pool} = this.#settings;
    const buffer = pool.take();
    try {
      const end = this.#guard(() => this.#fill(buffer));
      this.#started = true;
      return {bytes: buffer.subarray(0, end), release: () => pool.give(buffer)};
    } catch (error) {
      pool.give(buffer);
      throw error;
    }
  }

  /** May be called at any time. */
  close(): void {
    if (!this.#closed) closeSync(this.#descriptor);
    this.#closed = true;
  }

  /** The buffer of a piece may be used again, so each is copied. */
  async #readAll(converted: Transcoded): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    const read = converted.pieces();
    for (;;) {
      const {value, done} = this.#guard(() => read.next());
      if (done) return pieces;
      pieces.push(Buffer.from(value));
      await immediate();
    }
  }

  #fill(buffer: Buffer): number {
    const {contextId, maxPduLength} = this.#settings;
    const most = (maxPduLength - 6) & ~1;
    let at = this.#started ? 0 : writeCommand(buffer, this.#settings);
    do {
      const room = (buffer.length - at - dataHeaderLength) & ~1;
      const length = Math.min(most, this.#left, room);
      writeDataHeader(buffer, at, {contextId, command: false, last: length === this.#left, length});
      at += dataHeaderLength;
      this.#copy(buffer, at, length);
      at += length;
      this.#left -= length;
    } while (this.#left > 0 && buffer.length - at >= dataHeaderLength + 2);
    return at;
  }

  #copy(buffer: Buffer, start: number, length: number): void {
    for (let at = start; at < start + length; ) {
      if (this.#piece.length === 0) this.#piece = this.#pieces?.next().value ?? missing();
      const count = this.#piece.copy(buffer, at, 0, start + length - at);
      this.#piece = this.#piece.subarray(count);
      at += count;
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      const failure =
        error.reason === 'unsupported' ? 'context' : error.reason === 'unreadable' ? 'file-unreadable' : 'file-invalid';
      throw new DimseError(failure, `${this.#path} cannot be converted for the peer: ${error.message}`, {cause: error});
    }
  }
}

function missing(): never {
  throw new DicomError('truncated', 'less than was announced');
}
