/** How the text of a data set is encoded: the terms of (0008,0005), parsed. */
export interface CharacterSet {
  /** Defined terms as in the file, trimmed, in order; empty for the default repertoire. */
  readonly terms: readonly string[];
  /** False when a term is not known: text beyond ASCII cannot be read with certainty. */
  readonly known: boolean;
}
