import {tagOf} from '../dicom/dictionary.ts';
import {isNumeric} from './condition.ts';
import type {Condition, RuleNode, RuleObject, RuleProblem} from './ruleTree.ts';
import type {TagPath} from './tagPath.ts';
import {numberOf} from './value.ts';

/** What works in a rule file but is probably not meant. Objects that cannot work are reported where they are parsed. */
export function lintRules(objects: readonly RuleObject[], isSeriesKey?: (name: string) => boolean): RuleProblem[] {
  return [
    ...lintIds(objects),
    ...lintSeriesLevel(objects),
    ...objects.flatMap(object => lintObject(object, isSeriesKey)),
  ];
}

function warning({number, type}: RuleObject, message: string): RuleProblem {
  return {severity: 'warning', object: number, type, message};
}

function lintIds(objects: readonly RuleObject[]): RuleProblem[] {
  return [...groupBy(objects, object => object.id)]
    .filter(([id, same]) => id !== undefined && same.length > 1)
    .map(([id, same]) => {
      const numbers = same.map(({number}) => number).join(', ');
      return warning(
        same[0] as RuleObject,
        `${same.length} objects (${numbers}) have the id ${JSON.stringify(id)}, a reference means any of them`,
      );
    });
}

function lintSeriesLevel(objects: readonly RuleObject[]): RuleProblem[] {
  return [...groupBy(objects, object => object.type)]
    .filter(([, same]) => same.some(({seriesLevel}) => seriesLevel) && same.some(({seriesLevel}) => !seriesLevel))
    .map(([, same]) =>
      warning(same[0] as RuleObject, 'only some objects of this type are SeriesLevel, all are taken as such'),
    );
}

function groupBy<K>(objects: readonly RuleObject[], keyOf: (object: RuleObject) => K): Map<K, RuleObject[]> {
  const groups = new Map<K, RuleObject[]>();
  for (const object of objects) groups.set(keyOf(object), [...(groups.get(keyOf(object)) ?? []), object]);
  return groups;
}

function lintObject(object: RuleObject, isSeriesKey?: (name: string) => boolean): RuleProblem[] {
  const {node} = object;
  if (!node) return [];
  if (node.kind === 'all' && node.nodes.length === 0) return [warning(object, 'empty rules match every image')];
  return ownConditions(node).flatMap(condition => {
    const found = lintCondition(condition, isSeriesKey);
    return found.map(message => warning(object, message));
  });
}

/** The conditions written in the object itself: those behind references are reported where they stand. */
function ownConditions(node: RuleNode): Condition[] {
  return node.kind === 'all' ? node.nodes.flatMap(child => (child.kind === 'leaf' ? [child.condition] : [])) : [];
}

function lintCondition({tag, operator, comparison}: Condition, isSeriesKey?: (name: string) => boolean): string[] {
  const messages: string[] = [];
  const paths: TagPath[] = comparison.kind === 'reference' ? [tag, comparison.path] : [tag];
  for (const path of paths) {
    if (path.kind !== 'name' || !isSeriesKey || isSeriesKey(path.name) || tagOf(path.name) !== undefined) continue;
    messages.push(`${path.name} is neither a key of the series nor a DICOM keyword`);
  }
  if (comparison.kind === 'none' && operator !== 'exist' && operator !== 'notexist')
    messages.push('a value is missing');
  if (comparison.kind !== 'literal') return messages;
  const {value} = comparison;
  if (isNumeric(operator) && numberOf(value) === undefined) {
    messages.push(`${operator} compares numbers, the value is none: the condition is always ignored`);
  }
  if (operator === 'approx' && value.kind !== 'number' && value.kind !== 'list') {
    messages.push('approx compares numbers, the value is a text');
  }
  return messages;
}
