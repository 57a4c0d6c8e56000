import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {errorCode, FileError} from '../fs/fileError.ts';
import {ConditionProblem, parseCondition} from './condition.ts';
import {lintRules} from './lint.ts';
import {type DraftNode, type DraftObject, resolveReferences} from './references.ts';
import type {RuleProblem, RuleSet} from './ruleTree.ts';

/** A rule file that is no JSON array of rule objects: none of it can be used. */
export class RuleFileError extends FionaError {
  readonly exitCode = exitCode.config;
  readonly path: string;

  constructor(path: string, why: string) {
    super(`classification rules ${path}: ${why}`);
    this.path = path;
  }
}

/** What a rule file is checked against. */
export interface RuleContext {
  /** For messages. */
  path?: string;
  /** Whether a name is a key of the series summary; DICOM keywords are known anyway. Without it names are not checked. */
  isSeriesKey?: (name: string) => boolean;
}

/**
 * Reads a rule file.
 * @returns undefined when there is no such file
 * @throws RuleFileError when it is no JSON array; FileError when it cannot be read
 */
export async function readRuleFile(
  path: string,
  isSeriesKey?: RuleContext['isSeriesKey'],
): Promise<RuleSet | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
  return parseRules(bytes, {path, ...(isSeriesKey && {isSeriesKey})});
}

/**
 * Compiles rules. An object that cannot be used is disabled and reported in `problems`, the others work.
 * @throws RuleFileError
 */
export function parseRules(content: string | Uint8Array, context: RuleContext = {}): RuleSet {
  const bytes = Buffer.from(content);
  const problems: RuleProblem[] = [];
  const drafts = parseArray(bytes, context.path ?? 'classifyRules.json').map((value, index) =>
    draftOf(value, index + 1, problems),
  );
  const objects = resolveReferences(drafts, problems);
  problems.push(...lintRules(objects, context.isSeriesKey));
  problems.sort((a, b) => a.object - b.object);
  return {objects, problems, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16)};
}

function parseArray(bytes: Buffer, path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new RuleFileError(path, `not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (!Array.isArray(value)) throw new RuleFileError(path, 'expected an array of rule objects');
  return value;
}

function draftOf(value: unknown, number: number, problems: RuleProblem[]): DraftObject {
  const source = isRecord(value) ? value : {};
  const type = typeof source.type === 'string' ? source.type : '';
  const draft: DraftObject = {
    number,
    type,
    id: typeof source.id === 'string' ? source.id : undefined,
    description: typeof source.description === 'string' ? source.description : undefined,
    seriesLevel: source.check === 'SeriesLevel',
    nodes: [],
  };
  try {
    if (!isRecord(value)) throw new ConditionProblem('is no object');
    if (type === '') throw new ConditionProblem('has no type');
    if (!Array.isArray(source.rules)) throw new ConditionProblem('has no array "rules"');
    draft.nodes = source.rules.map((rule, index) => draftNode(rule, index + 1));
  } catch (error) {
    if (!(error instanceof ConditionProblem)) throw error;
    problems.push({severity: 'disabled', object: number, type, message: error.message});
    draft.nodes = undefined;
  }
  return draft;
}

function draftNode(rule: unknown, number: number): DraftNode {
  if (!isRecord(rule)) throw new ConditionProblem(`condition ${number} is no object`);
  if (typeof rule.rule === 'string') return {kind: 'reference', id: rule.rule, negated: false};
  if (typeof rule.notrule === 'string') return {kind: 'reference', id: rule.notrule, negated: true};
  try {
    return {kind: 'condition', condition: parseCondition(rule)};
  } catch (error) {
    if (error instanceof ConditionProblem) throw new ConditionProblem(`condition ${number}: ${error.message}`);
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
