import type {Pattern} from '../pattern/pattern.ts';
import type {TagPath} from './tagPath.ts';
import type {Value} from './value.ts';

/** The operators of a condition. */
export const operators = ['regexp', '==', '!=', '<', '>', 'contains', 'approx', 'exist', 'notexist'] as const;
export type Operator = (typeof operators)[number];

/** What a condition compares with. `none`: the member is missing (fine for `exist` and `notexist`). */
export type Comparison = {kind: 'literal'; value: Value} | {kind: 'reference'; path: TagPath} | {kind: 'none'};

/** One condition, checked and compiled. */
export interface Condition {
  tag: TagPath;
  operator: Operator;
  comparison: Comparison;
  negate: boolean;
  /** Tolerance of `approx`. */
  approxLevel: number;
  /** Compiled `regexp` of a literal. */
  pattern: Pattern | undefined;
  /** The condition as it stands in the file, for printing. */
  source: Record<string, unknown>;
}

/** Conditions with references resolved. */
export type RuleNode =
  | {kind: 'leaf'; condition: Condition}
  | {kind: 'all'; nodes: RuleNode[]}
  | {kind: 'any'; nodes: RuleNode[]}
  | {kind: 'not'; node: RuleNode};

/** One object of the rule file. */
export interface RuleObject {
  /** Position in the file, from 1. */
  number: number;
  type: string;
  id: string | undefined;
  description: string | undefined;
  /** The type must be true for every image of the series. */
  seriesLevel: boolean;
  /** Undefined: the object is disabled and never matches. */
  node: RuleNode | undefined;
  /** Whether it looks at `ClassifyType`, also through references. */
  looksAtTypes: boolean;
}

/** What is wrong with a rule file. `disabled`: the object never matches. */
export interface RuleProblem {
  severity: 'disabled' | 'warning';
  /** Number of the object, from 1. */
  object: number;
  type: string;
  message: string;
}

/** Rules ready to be applied. */
export interface RuleSet {
  objects: RuleObject[];
  problems: RuleProblem[];
  /** First 16 hexadecimal digits of the SHA-256 of the file. */
  hash: string;
}
