import {readSync} from 'node:fs';
import {DicomError} from './dicomError.ts';

/** Most headers are shorter, and fresh memory costs more than the reading; a longer one takes few reads more. */
const firstRead = 16 * 1024;
const growth = 4;

/**
 * The bytes a scan runs over: all in memory, or a file that is loaded piece by piece as far as the scan goes. Stretches
 * of the file can be skipped: they are never loaded, and what follows them moves up. So a *position* is a byte
 * of `bytes`, and {@link fileOffset} tells which byte of the file it is.
 */
export class ByteSource {
  /** Grows as the scan goes on: do not keep it. */
  bytes: Buffer;
  /** How many bytes of `bytes` are loaded. */
  loaded: number;
  /** Position behind the last byte of the input. */
  end: number;
  readonly file: number | undefined;
  readonly #maxBytes: number;
  #skipped = 0;

  private constructor(bytes: Buffer, loaded: number, end: number, file: number | undefined, maxBytes: number) {
    this.bytes = bytes;
    this.loaded = loaded;
    this.end = end;
    this.file = file;
    this.#maxBytes = maxBytes;
  }

  static ofBytes(bytes: Buffer, end = bytes.length): ByteSource {
    return new ByteSource(bytes, end, end, undefined, end);
  }

  /** A file that was opened for reading, of `size` bytes; never holds more than `maxBytes` of it. */
  static ofFile(file: number, size: number, maxBytes: number): ByteSource {
    const source = new ByteSource(Buffer.allocUnsafeSlow(Math.min(size, firstRead)), 0, size, file, maxBytes);
    source.#load(source.bytes.length);
    return source;
  }

  /** True when `count` bytes at `position` are loaded, after loading them if need be; false when the input ends before.
   * @throws DicomError too-large beyond the limit, unreadable when the file system fails
   */
  ensure(position: number, count: number): boolean {
    const needed = position + count;
    if (needed <= this.loaded) return true;
    if (needed > this.end || this.file === undefined) return false;
    if (needed > this.#maxBytes)
      throw new DicomError('too-large', `more than ${this.#maxBytes} bytes to hold`, {
        offset: this.fileOffset(position),
      });
    const capacity = Math.min(this.end, this.#maxBytes, Math.max(needed, this.bytes.length * growth));
    if (capacity > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.bytes.copy(grown, 0, 0, this.loaded);
      this.bytes = grown;
    }
    this.#load(Math.max(needed, Math.min(this.bytes.length, this.end)));
    return needed <= this.loaded;
  }

  /** Leaves `length` bytes at `position` out: the next position is the byte behind them. */
  skip(position: number, length: number): void {
    this.#skipped += length;
    this.end -= length;
    if (this.loaded > position + length) {
      this.bytes.copyWithin(position, position + length, this.loaded);
      this.loaded -= length;
    } else {
      this.loaded = Math.min(this.loaded, position);
    }
  }

  /** Byte of the file at a position not before the last skipped stretch. */
  fileOffset(position: number): number {
    return position + this.#skipped;
  }

  #load(upTo: number): void {
    while (this.loaded < upTo) {
      const count = readAt(this.file, this.bytes, this.loaded, upTo - this.loaded, this.fileOffset(this.loaded));
      if (count === 0) {
        this.end = this.loaded;
        return;
      }
      this.loaded += count;
    }
  }
}

/** Reads from an open file. @throws DicomError unreadable, the system's error as cause */
export function readAt(file: number | undefined, target: Buffer, at: number, count: number, offset: number): number {
  if (file === undefined) return 0;
  try {
    return readSync(file, target, at, count, offset);
  } catch (cause) {
    throw new DicomError('unreadable', 'the file cannot be read', {offset, cause});
  }
}
