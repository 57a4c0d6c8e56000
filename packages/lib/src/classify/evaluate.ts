import type {DataSet} from '../dicom/dataSet.ts';
import {tagOf} from '../dicom/dictionary.ts';
import type {Tag} from '../dicom/tag.ts';
import {PatternTooSlow} from '../pattern/patternError.ts';
import {evaluateCondition, type Lookup, type Outcome} from './condition.ts';
import {elementValue} from './elementValue.ts';
import type {RuleNode, RuleObject, RuleSet} from './ruleTree.ts';
import {missing, seriesValue, type Value, valueAt} from './value.ts';

/** What an image is classified by. */
export interface ImageToClassify {
  /** The series summary of this moment, by key. */
  series: Readonly<Record<string, unknown>>;
  dataSet: DataSet;
  /** Types found on earlier images of the series, in order of discovery. */
  types: readonly string[];
  /** SeriesLevel types that an earlier image failed. */
  failed: readonly string[];
}

/** The types of a series after one more image. */
export interface Classification {
  types: string[];
  /** SeriesLevel types that some image failed: never to be added again. */
  failed: string[];
  /** Sentences about rules that could not be evaluated (a pattern took too long); they count as not matching. */
  problems: string[];
}

/**
 * Classifies one image: types found on any image of a series stay, SeriesLevel types must be true for all. Objects that look
 * at `ClassifyType` come last and see what the others found. Objects disabled at load never match.
 */
export function classifyImage(rules: RuleSet, image: ImageToClassify): Classification {
  const pass = new Pass(rules, image);
  pass.run(object => !object.looksAtTypes);
  pass.run(object => object.looksAtTypes);
  return pass.result;
}

/** One image going through the rules. */
class Pass {
  readonly result: Classification;
  readonly #rules: RuleSet;
  readonly #image: ImageToClassify;
  readonly #elements = new Map<Tag, Value>();
  readonly #seriesLevel: ReadonlyMap<string, readonly RuleObject[]>;
  readonly #matched = new Set<string>();
  readonly #evaluated = new Set<RuleObject>();

  constructor(rules: RuleSet, image: ImageToClassify) {
    this.#rules = rules;
    this.#image = image;
    this.#seriesLevel = seriesLevelTypes(rules);
    this.result = {types: [...image.types], failed: [...image.failed], problems: []};
  }

  run(inThisStage: (object: RuleObject) => boolean): void {
    for (const object of this.#rules.objects) {
      if (!object.node || !inThisStage(object)) continue;
      if (this.#isTrue(object, object.node)) this.#found(object.type);
      this.#evaluated.add(object);
    }
    this.#settleSeriesLevel();
  }

  #isTrue(object: RuleObject, node: RuleNode): boolean {
    try {
      return outcomeOf(node, this.#lookup) !== 'fail';
    } catch (error) {
      if (!(error instanceof PatternTooSlow)) throw error;
      this.result.problems.push(`rule ${object.number} (${object.type}): ${error.message}`);
      return false;
    }
  }

  #found(type: string): void {
    this.#matched.add(type);
    if (!this.result.types.includes(type) && !this.result.failed.includes(type)) this.result.types.push(type);
  }

  /** A SeriesLevel type is settled as soon as all its objects had their turn, so that the second stage sees it right. */
  #settleSeriesLevel(): void {
    for (const [type, objects] of this.#seriesLevel) {
      if (this.#matched.has(type) || !objects.every(object => this.#evaluated.has(object))) continue;
      this.result.types = this.result.types.filter(found => found !== type);
      if (!this.result.failed.includes(type)) this.result.failed.push(type);
    }
  }

  readonly #lookup: Lookup = path => {
    if (path.kind === 'element') {
      const value = this.#element(path.tag);
      return path.index === undefined ? value : valueAt(value, path.index);
    }
    const key = path.name === 'ClassifyType' ? this.result.types : this.#image.series[path.name];
    if (key !== undefined) return seriesValue(key);
    const tag = tagOf(path.name);
    return tag === undefined ? missing : this.#element(tag);
  };

  #element(tag: Tag): Value {
    const known = this.#elements.get(tag);
    if (known) return known;
    const value = elementValue(this.#image.dataSet, tag);
    this.#elements.set(tag, value);
    return value;
  }
}

const seriesLevelCache = new WeakMap<RuleSet, Map<string, RuleObject[]>>();

/** Types of which one object is SeriesLevel: then all are. Types without a usable object are left out. */
function seriesLevelTypes(rules: RuleSet): Map<string, RuleObject[]> {
  const known = seriesLevelCache.get(rules);
  if (known) return known;
  const types = new Map<string, RuleObject[]>();
  for (const {type, seriesLevel} of rules.objects) {
    if (!seriesLevel || types.has(type)) continue;
    const usable = rules.objects.filter(object => object.type === type && object.node);
    if (usable.length > 0) types.set(type, usable);
  }
  seriesLevelCache.set(rules, types);
  return types;
}

/** Ignored conditions decide nothing; only when all are ignored the whole is, and counts as true. */
function outcomeOf(node: RuleNode, lookup: Lookup): Outcome {
  switch (node.kind) {
    case 'leaf':
      return evaluateCondition(node.condition, lookup);
    case 'not': {
      const inner = outcomeOf(node.node, lookup);
      return inner === 'ignored' ? inner : inner === 'pass' ? 'fail' : 'pass';
    }
    case 'all': {
      // no conditions at all are always true
      let result: Outcome = node.nodes.length === 0 ? 'pass' : 'ignored';
      for (const child of node.nodes) {
        const outcome = outcomeOf(child, lookup);
        if (outcome === 'fail') return 'fail';
        if (outcome === 'pass') result = 'pass';
      }
      return result;
    }
    case 'any': {
      let result: Outcome = 'fail';
      for (const child of node.nodes) {
        const outcome = outcomeOf(child, lookup);
        if (outcome === 'pass') return 'pass';
        if (outcome === 'ignored') result = 'ignored';
      }
      return result;
    }
  }
}
