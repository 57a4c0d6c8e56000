/** A stretch of a frame's bytes that stays, or zeros that take the place of something. */
export type Piece = {readonly from: number; readonly to: number} | {readonly zeros: number};

/**
 * What stays of the coded bytes of one frame: pieces in order, or undefined when all of it stays. `cut` counts what went.
 */
export interface CleanedStream {
  readonly pieces: readonly Piece[] | undefined;
  readonly cut: number;
}

/** The coded bytes are not what the transfer syntax says: nobody can tell what is in them. */
export class CodestreamError extends Error {}

/** Bytes of all pieces together. */
export function piecesLength(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + ('zeros' in piece ? piece.zeros : piece.to - piece.from), 0);
}

/** Collects what stays of a stream while it is read from begin to end. */
export class PieceList {
  readonly #pieces: Piece[] = [];
  #keptTo = 0;
  #cut = 0;

  /** Leaves bytes out. */
  cut(from: number, to: number): void {
    this.#keep(from);
    this.#keptTo = to;
    this.#cut++;
  }

  /** Puts zeros in the place of bytes. */
  blank(from: number, to: number): void {
    this.#keep(from);
    this.#pieces.push({zeros: to - from});
    this.#keptTo = to;
    this.#cut++;
  }

  /** Everything up to `end` that was neither cut nor blanked stays, what is behind it goes. */
  finish(end: number, length: number): CleanedStream {
    if (length > end) this.#cut++;
    if (this.#cut === 0) return {pieces: undefined, cut: 0};
    this.#keep(end);
    return {pieces: this.#pieces, cut: this.#cut};
  }

  #keep(to: number): void {
    if (to > this.#keptTo) this.#pieces.push({from: this.#keptTo, to});
    this.#keptTo = Math.max(this.#keptTo, to);
  }
}

/** True when what follows the end of an image is at most the byte that makes its length even. */
export function isPadding(bytes: Buffer, from: number): boolean {
  return bytes.length - from === 0 || (bytes.length - from === 1 && bytes[from] === 0);
}
