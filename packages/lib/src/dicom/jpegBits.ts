import {DicomError} from './dicomError.ts';

/** For every 16 bits that may come: length of the code they begin with, times 256, plus its value; 0 = no code. */
export type HuffmanTable = Uint16Array;

const longestCode = 16;

function bad(detail: string): DicomError {
  return new DicomError('bad-structure', `JPEG: ${detail}`);
}

/**
 * The tables of a DHT segment by their destination (ITU-T T.81 B.2.4.2); lossless processes have those of class 0 only.
 * @throws DicomError bad-structure
 */
export function* huffmanTables(body: Buffer): Generator<[number, HuffmanTable]> {
  for (let at = 0; at < body.length; ) {
    const lengths = body.subarray(at + 1, at + 1 + longestCode);
    const count = lengths.reduce((sum, each) => sum + each, 0);
    const values = body.subarray(at + 1 + longestCode, at + 1 + longestCode + count);
    if (lengths.length < longestCode || values.length < count) throw bad('a Huffman table is cut off');
    yield [body[at] ?? 0, tableOf(lengths, values)];
    at += 1 + longestCode + count;
  }
}

/** T.81 annex C: codes of one length follow each other, and are followed by those that are longer. */
function tableOf(lengths: Buffer, values: Buffer): HuffmanTable {
  const table = new Uint16Array(1 << longestCode);
  let next = 0;
  let used = 0;
  for (const [index, count] of lengths.entries()) {
    const span = 1 << (longestCode - index - 1);
    for (let left = count; left > 0; left--) {
      const value = values[used++] ?? 0;
      if (next + span > table.length || value > longestCode) throw bad('a Huffman table that cannot be');
      table.fill(((index + 1) << 8) | value, next, next + span);
      next += span;
    }
  }
  return table;
}

/** The bits of entropy-coded segments: stuffed zero bytes taken out, never beyond a marker (T.81 F.2.2.5). */
export class JpegBits {
  readonly #bytes: Buffer;
  #at: number;
  #bits = 0;
  #count = 0;
  /** How many of the bits at hand are not from the stream: they may be looked at, not used. */
  #padding = 0;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.#at = from;
  }

  /** Where reading goes on: no marker lies before. */
  get position(): number {
    return this.#at;
  }

  /** One coded difference (T.81 H.1.2.2). @throws DicomError truncated, bad-structure */
  difference(table: HuffmanTable): number {
    this.#fill();
    const entry = table[(this.#bits >>> (this.#count - longestCode)) & 0xffff] ?? 0;
    if (entry === 0) throw this.#padding > 0 ? this.#tooShort() : bad('a code that is in no table');
    this.#take(entry >> 8);
    const size = entry & 0xff;
    if (size === 0) return 0;
    if (size === longestCode) return 32768;
    this.#fill();
    const value = (this.#bits >>> (this.#count - size)) & ((1 << size) - 1);
    this.#take(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Goes on behind the restart marker of this number (T.81 F.2.1.3.1). */
  restart(number: number): void {
    this.#count = 0;
    this.#padding = 0;
    const code = 0xd0 | (number & 7);
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++;
    if (this.#bytes[this.#at] !== 0xff || this.#bytes[this.#at + 1] !== code) throw bad('a restart marker is missing');
    this.#at += 2;
  }

  #take(count: number): void {
    this.#count -= count;
    if (this.#count < this.#padding) throw this.#tooShort();
  }

  #tooShort(): DicomError {
    return new DicomError('truncated', 'JPEG: the stream ends before the image');
  }

  #fill(): void {
    while (this.#count <= 24) {
      const byte = this.#bytes[this.#at];
      const isMarker = byte === 0xff && this.#bytes[this.#at + 1] !== 0;
      if (byte === undefined || isMarker) {
        this.#bits <<= 8;
        this.#padding += 8;
      } else {
        this.#bits = (this.#bits << 8) | byte;
        this.#at += byte === 0xff ? 2 : 1;
      }
      this.#count += 8;
    }
  }
}
