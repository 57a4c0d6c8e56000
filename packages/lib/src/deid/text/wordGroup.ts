/** Words of one origin that may stand in a description. */
export interface WordGroup {
  /** Where the words come from. */
  readonly source: string;
  /** Lower case, separated by blanks and line breaks. */
  readonly words: string;
}
