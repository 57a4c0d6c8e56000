import type {RuleNode, RuleObject} from './ruleTree.ts';

type Printed = Record<string, unknown>;

/**
 * The rules with references resolved, as JSON: conditions in one flat array where that means the same, otherwise with the
 * members `not`, `all`, `any`. Disabled objects have `disabled: true` and no conditions. Keys sorted, indent 2.
 */
export function printRules(objects: readonly RuleObject[]): string {
  return JSON.stringify(objects.map(printObject), null, 2);
}

function printObject({type, id, description, seriesLevel, node}: RuleObject): Printed {
  return sorted({
    ...(seriesLevel && {check: 'SeriesLevel'}),
    ...(description !== undefined && {description}),
    ...(node === undefined && {disabled: true}),
    ...(id !== undefined && {id}),
    rules: node ? conjunction(node) : [],
    type,
  });
}

/** The members of an AND, nested ANDs opened up. */
function conjunction(node: RuleNode): Printed[] {
  return node.kind === 'all' ? node.nodes.flatMap(conjunction) : [printNode(node)];
}

function printNode(node: RuleNode): Printed {
  switch (node.kind) {
    case 'leaf':
      return sorted(node.condition.source);
    case 'not':
      return printNot(node.node);
    case 'all':
      return {all: conjunction(node)};
    case 'any':
      return {any: node.nodes.map(child => (child.kind === 'all' ? {all: conjunction(child)} : printNode(child)))};
  }
}

/** A single negated condition is the condition with `negate` turned; only `approx` fails either way and stays as it is. */
function printNot(inner: RuleNode): Printed {
  const parts = conjunction(inner);
  const [only] = parts;
  if (parts.length === 1 && only && 'tag' in only && only.operator !== 'approx') {
    const {negate, ...condition} = only;
    return sorted(negate === 'yes' ? condition : {...condition, negate: 'yes'});
  }
  return {not: parts.length === 1 && only ? only : {all: parts}};
}

function sorted(source: Printed): Printed {
  return Object.fromEntries(Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1)));
}
