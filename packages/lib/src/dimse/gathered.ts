/** Less than this is not worth a buffer of its own. */
const smallest = 256;

/**
 * Bytes that come in pieces of any size and are wanted as a whole. They are copied: a piece may be one byte of a large chunk,
 * and to keep a thousand of those would keep a thousand chunks.
 */
export class Gathered {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    const wanted = this.#length + piece.length;
    if (wanted > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(smallest, this.#bytes.length * 2, wanted));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = wanted;
  }

  /** What has come so far, which is nobody else's from now on; begins anew. */
  take(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return whole;
  }
}
