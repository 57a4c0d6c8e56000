import {compilePattern, escapePattern, type Pattern} from '../pattern/pattern.ts';
import {PatternError} from '../pattern/patternError.ts';
import {type Comparison, type Condition, type Operator, operators} from './ruleTree.ts';
import {parseTagPath} from './tagPath.ts';
import {listValue, numberOf, numbersOf, parseNumber, type Scalar, textForm, textValue, type Value} from './value.ts';

/** How a condition ends. `ignored` counts as true whether negated or not. */
export type Outcome = 'pass' | 'fail' | 'ignored';

/** Finds what a condition looks at. */
export type Lookup = (path: Condition['tag']) => Value;

/** A condition that cannot be used; the message says why. Only inside the parser. */
export class ConditionProblem extends Error {}

const defaultApproxLevel = 1e-4;

/**
 * Checks and compiles one condition of a rule file.
 * @throws ConditionProblem
 */
export function parseCondition(source: Record<string, unknown>): Condition {
  const tag = parseTagPath(source.tag);
  if (!tag) throw new ConditionProblem(`malformed tag ${JSON.stringify(source.tag)}`);
  const operator = (source.operator ?? 'regexp') as Operator;
  if (!operators.includes(operator)) throw new ConditionProblem(`unknown operator ${JSON.stringify(source.operator)}`);
  const comparison = parseComparison(source.value);
  return {
    tag,
    operator,
    comparison,
    negate: source.negate === 'yes',
    approxLevel: parseLevel(source.approxLevel),
    pattern: operator === 'regexp' && comparison.kind === 'literal' ? compileLiteral(comparison.value) : undefined,
    source,
  };
}

function parseLevel(level: unknown): number {
  if (level === undefined) return defaultApproxLevel;
  const number = typeof level === 'number' ? level : typeof level === 'string' ? parseNumber(level) : undefined;
  if (number === undefined) throw new ConditionProblem(`approxLevel ${JSON.stringify(level)} is no number`);
  return number;
}

/** Only an array of one to three strings that is a tag is a reference; a plain text never is. */
function parseComparison(value: unknown): Comparison {
  if (value === undefined) return {kind: 'none'};
  const path = parseTagPath(value);
  if (path) return {kind: 'reference', path};
  if (Array.isArray(value)) return {kind: 'literal', value: listValue(value.map(literalScalar))};
  if (typeof value === 'string') return {kind: 'literal', value: textValue(value)};
  return {kind: 'literal', value: literalScalar(value)};
}

function literalScalar(value: unknown): Scalar {
  if (typeof value === 'string') return {kind: 'text', text: value};
  if (typeof value === 'number') return {kind: 'number', text: String(value), number: value};
  throw new ConditionProblem(`value ${JSON.stringify(value)} is neither text, number, list of these nor tag`);
}

function compileLiteral(value: Value): Pattern {
  const source = value.kind === 'list' ? escapePattern(value.text) : textForm(value);
  try {
    return compilePattern(source);
  } catch (error) {
    if (error instanceof PatternError) throw new ConditionProblem(error.message);
    throw error;
  }
}

/**
 * Applies a condition. Never throws but for a pattern that needs too long.
 * @throws PatternTooSlow
 */
export function evaluateCondition(condition: Condition, lookup: Lookup): Outcome {
  const outcome = outcomeOf(condition, lookup(condition.tag), lookup);
  if (outcome === 'never') return 'fail';
  if (!condition.negate || outcome === 'ignored') return outcome;
  return outcome === 'pass' ? 'fail' : 'pass';
}

/** `never`: fails, also when negated. */
function outcomeOf(condition: Condition, value: Value, lookup: Lookup): Outcome | 'never' {
  const {operator} = condition;
  if (operator === 'exist' || operator === 'notexist')
    return passIf((value.kind !== 'missing') === (operator === 'exist'));
  const wanted = wantedValue(condition.comparison, lookup);
  if (!wanted) return operator === 'approx' ? 'never' : isNumeric(operator) ? 'ignored' : 'fail';
  switch (operator) {
    case 'regexp':
      // header content is no pattern: what is referred to is searched literally
      if (!condition.pattern) return passIf(textForm(value).includes(textForm(wanted)));
      return passIf(condition.pattern.found(textForm(value)));
    case 'contains':
      return passIf(contains(value, wanted));
    case 'approx':
      return approximates(value, wanted, condition.approxLevel);
    default:
      return compares(operator, numberOf(value), numberOf(wanted));
  }
}

function wantedValue(comparison: Comparison, lookup: Lookup): Value | undefined {
  if (comparison.kind === 'literal') return comparison.value;
  if (comparison.kind === 'none') return undefined;
  const found = lookup(comparison.path);
  return found.kind === 'missing' ? undefined : found;
}

function passIf(condition: boolean): 'pass' | 'fail' {
  return condition ? 'pass' : 'fail';
}

/** Operators that compare single numbers; they are ignored when a side is no number. */
export function isNumeric(operator: Operator): operator is '==' | '!=' | '<' | '>' {
  return operator === '==' || operator === '!=' || operator === '<' || operator === '>';
}

function compares(operator: '==' | '!=' | '<' | '>', left: number | undefined, right: number | undefined): Outcome {
  if (left === undefined || right === undefined) return 'ignored';
  switch (operator) {
    case '==':
      return passIf(left === right);
    case '!=':
      return passIf(left !== right);
    case '<':
      return passIf(left < right);
    case '>':
      return passIf(left > right);
  }
}

/** A text holds it somewhere; a list has it as an element. */
function contains(value: Value, wanted: Value): boolean {
  if (value.kind !== 'list') return wanted.kind !== 'list' && textForm(value).includes(textForm(wanted));
  if (wanted.kind === 'list') return false;
  const number = numberOf(wanted);
  return value.items.some(
    item => item.text === textForm(wanted) || (number !== undefined && numberOf(item) === number),
  );
}

function approximates(value: Value, wanted: Value, level: number): 'pass' | 'fail' | 'never' {
  const left = numbersOf(value);
  const right = numbersOf(wanted);
  if (!left || !right) return 'never';
  if (left.length !== right.length) return 'fail';
  return passIf(left.every((number, index) => Math.abs(number - (right[index] ?? Number.NaN)) <= level));
}
