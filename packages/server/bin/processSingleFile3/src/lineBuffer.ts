const longestLine = 65_536;
const quietMs = 2000;

/**
 * Cuts a stream of bytes into lines: pieces of a line are kept until its end comes, `\n` or `\r\n` are dropped, blank lines left
 * out, undecodable bytes replaced. A piece that stays alone for two seconds counts as a line: its writer forgot the end.
 */
export class LineBuffer {
  readonly #onLine: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    clearTimeout(this.#timer);
    let rest = Buffer.concat([this.#rest, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#emit(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    if (rest.length > longestLine) this.end();
    if (this.#rest.length > 0) this.#timer = setTimeout(() => this.end(), quietMs).unref();
  }

  /** Takes what is left as a line. */
  end(): void {
    clearTimeout(this.#timer);
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#emit(rest);
  }

  #emit(bytes: Buffer): void {
    const line = bytes.toString('utf8').replace(/\r$/, '');
    if (line.trim() !== '') this.#onLine(line);
  }
}
