/**
 * A Siemens CSA header, layout "SV10": element name -> value. No value -> `''`, one -> its text, several -> a list.
 */
export type CsaHeader = ReadonlyMap<string, string | readonly string[]>;

const maxElements = 1000;
const maxItems = 10_000;
const elementHeaderSize = 84;
const itemHeaderSize = 16;
const delimiters = new Set([77, 205]);

/** Latin-1 up to the first NUL. */
function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** Reads forward; undefined as soon as a read leaves the bytes. */
class CsaReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined;
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /** Skips up to `length` bytes: the padding of the last item may be missing. */
  skip(length: number): void {
    this.#at = Math.min(this.#at + length, this.#bytes.length);
  }
}

function readItem(reader: CsaReader): string | undefined {
  const header = reader.take(itemHeaderSize);
  if (header === undefined || !delimiters.has(header.readUInt32LE(8))) return undefined;
  const length = header.readUInt32LE(0);
  const data = reader.take(length);
  if (data === undefined) return undefined;
  reader.skip((4 - (length % 4)) % 4);
  return untilNul(data).trim();
}

function readElement(reader: CsaReader): {name: string; value: string | string[]} | undefined {
  const header = reader.take(elementHeaderSize);
  if (header === undefined || !delimiters.has(header.readUInt32LE(80))) return undefined;
  const count = header.readUInt32LE(76);
  if (count > maxItems) return undefined;
  const values: string[] = [];
  for (let index = 0; index < count; index++) {
    const value = readItem(reader);
    if (value === undefined) return undefined;
    if (value !== '') values.push(value);
  }
  const [first = ''] = values;
  return {name: untilNul(header.subarray(0, 64)), value: values.length > 1 ? values : first};
}

/**
 * Parses the value of (0029,xx10) or (0029,xx20) under `SIEMENS CSA HEADER`. Of elements with the same name the last wins.
 * @returns undefined when the bytes are no SV10 header or any part of them is damaged
 */
export function parseCsa(bytes: Buffer): CsaHeader | undefined {
  const start = bytes.subarray(0, 16);
  const isSv10 = start.length === 16 && start.toString('latin1', 0, 8) === 'SV10\x04\x03\x02\x01';
  if (!isSv10 || start.readUInt32LE(12) !== 77) return undefined;
  const count = start.readUInt32LE(8);
  if (count > maxElements) return undefined;
  const reader = new CsaReader(bytes, 16);
  const elements = new Map<string, string | string[]>();
  for (let index = 0; index < count; index++) {
    const element = readElement(reader);
    if (element === undefined) return undefined;
    elements.set(element.name, element.value);
  }
  return elements;
}
