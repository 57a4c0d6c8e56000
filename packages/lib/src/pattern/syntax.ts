/** What a pattern in Python syntax says, as a tree. */
export type PatternNode =
  | {kind: 'literal'; codePoint: number}
  | {kind: 'any'}
  | {kind: 'class'; negated: boolean; items: ClassItem[]}
  | {kind: 'anchor'; at: Anchor}
  | {kind: 'group'; capture: number | undefined; name: string | undefined; node: PatternNode}
  | {kind: 'lookaround'; ahead: boolean; negated: boolean; node: PatternNode}
  | {kind: 'backreference'; group: number}
  | {kind: 'repeat'; node: PatternNode; min: number; max: number; lazy: boolean}
  | {kind: 'sequence'; nodes: PatternNode[]}
  | {kind: 'alternatives'; branches: PatternNode[]};

/** `\d`, `\w`, `\s` (negated: `\D`, `\W`, `\S`) or a range of code points, both ends included. */
export type ClassItem = {category: 'd' | 'w' | 's'; negated: boolean} | {from: number; to: number};

/** `^`, `$`, `\A`, `\Z`, `\b`, `\B`. */
export type Anchor = 'start' | 'end' | 'textStart' | 'textEnd' | 'boundary' | 'noBoundary';

export interface PatternFlags {
  ignoreCase: boolean;
  dotAll: boolean;
  multiline: boolean;
}

/** A parsed pattern. `groups` is the number of capturing groups, `names` their names. */
export interface PatternTree {
  root: PatternNode;
  flags: PatternFlags;
  groups: number;
  names: Map<string, number>;
}
