import type {Condition, RuleNode, RuleObject, RuleProblem} from './ruleTree.ts';

/** A rule object before its references are resolved; `nodes` undefined: disabled already. */
export interface DraftObject {
  number: number;
  type: string;
  id: string | undefined;
  description: string | undefined;
  seriesLevel: boolean;
  nodes: DraftNode[] | undefined;
}

export type DraftNode = {kind: 'condition'; condition: Condition} | {kind: 'reference'; id: string; negated: boolean};

/** References that double with each step would otherwise make an image take for ever. */
const mostConditions = 10_000;

/**
 * Replaces references by what they refer to: `rule` by AND of the target's conditions, `notrule` by NOT of it; an id that
 * several objects have means any of them. An object with a reference to an unknown id, to a disabled object or in a
 * cycle is disabled and reported.
 */
export function resolveReferences(drafts: readonly DraftObject[], problems: RuleProblem[]): RuleObject[] {
  const resolver = new Resolver(drafts);
  return drafts.map(draft => {
    const {number, type, id, description, seriesLevel} = draft;
    const resolved = draft.nodes ? resolver.resolve(draft) : undefined;
    if (typeof resolved === 'string') problems.push({severity: 'disabled', object: number, type, message: resolved});
    const node = typeof resolved === 'object' ? resolved : undefined;
    return {number, type, id, description, seriesLevel, node, looksAtTypes: node !== undefined && looksAtTypes(node)};
  });
}

class Resolver {
  readonly #byId = new Map<string, DraftObject[]>();
  readonly #done = new Map<DraftObject, RuleNode | string>();
  readonly #open = new Set<DraftObject>();
  readonly #sizes = new Map<RuleNode, number>();

  constructor(drafts: readonly DraftObject[]) {
    for (const draft of drafts) {
      if (draft.id !== undefined) this.#byId.set(draft.id, [...(this.#byId.get(draft.id) ?? []), draft]);
    }
  }

  /** The tree, or a sentence why there is none. */
  resolve(draft: DraftObject): RuleNode | string {
    const known = this.#done.get(draft);
    if (known !== undefined) return known;
    if (this.#open.has(draft)) return 'its references form a cycle';
    this.#open.add(draft);
    const nodes: RuleNode[] = [];
    let trouble: string | undefined;
    for (const node of draft.nodes ?? []) {
      const resolved =
        node.kind === 'condition' ? ({kind: 'leaf', condition: node.condition} as const) : this.#follow(node);
      if (typeof resolved === 'string') trouble ??= resolved;
      else nodes.push(resolved);
    }
    this.#open.delete(draft);
    const size = nodes.reduce((sum, node) => sum + this.#sizeOf(node), 1);
    if (size > mostConditions) trouble ??= `has more than ${mostConditions} conditions with what it refers to`;
    const result: RuleNode | string = trouble ?? {kind: 'all', nodes};
    if (typeof result === 'object') this.#sizes.set(result, size);
    this.#done.set(draft, result);
    return result;
  }

  /** Conditions a node stands for; targets that several objects refer to are counted each time. */
  #sizeOf(node: RuleNode): number {
    if (node.kind === 'leaf') return 1;
    if (node.kind === 'not') return this.#sizeOf(node.node);
    return this.#sizes.get(node) ?? node.nodes.reduce((sum, child) => sum + this.#sizeOf(child), 1);
  }

  #follow({id, negated}: {id: string; negated: boolean}): RuleNode | string {
    const targets = this.#byId.get(id);
    if (!targets) return `refers to the unknown id ${JSON.stringify(id)}`;
    if (targets.some(target => !target.nodes)) return `refers to ${JSON.stringify(id)}, which is disabled`;
    const resolved = targets.map(target => this.resolve(target));
    const trouble = resolved.find(node => typeof node === 'string');
    if (trouble !== undefined) {
      return trouble.includes('cycle') ? trouble : `refers to ${JSON.stringify(id)}, which is disabled`;
    }
    const nodes = resolved as RuleNode[];
    const node: RuleNode = nodes.length === 1 && nodes[0] ? nodes[0] : {kind: 'any', nodes};
    return negated ? {kind: 'not', node} : node;
  }
}

function looksAtTypes(node: RuleNode): boolean {
  switch (node.kind) {
    case 'leaf': {
      const {tag, comparison} = node.condition;
      const paths = comparison.kind === 'reference' ? [tag, comparison.path] : [tag];
      return paths.some(path => path.kind === 'name' && path.name === 'ClassifyType');
    }
    case 'not':
      return looksAtTypes(node.node);
    default:
      return node.nodes.some(looksAtTypes);
  }
}
