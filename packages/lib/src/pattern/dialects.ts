import type {Anchor, ClassItem, PatternFlags, PatternNode, PatternTree} from './syntax.ts';

/**
 * The same pattern for RE2, which is linear in time. Exact only for subjects for which {@link needsV8} says no.
 * @returns undefined when RE2 cannot say it (backreference, lookaround)
 */
export function toRe2(tree: PatternTree): string | undefined {
  const body = write(tree.root, re2(tree.flags));
  return body === undefined ? undefined : `${tree.flags.ignoreCase ? '(?i)' : ''}${body}`;
}

/** The same pattern for V8 with the flags `v` and, when the pattern ignores case, `i`. */
export function toV8(tree: PatternTree): string {
  return write(tree.root, v8(tree.flags)) ?? '';
}

/** What the RE2 form leaves out: `$` before a trailing line feed, `\b` at letters outside ASCII. */
export function needsV8(tree: PatternTree, subject: string): boolean {
  const anchors = anchorsOf(tree.root);
  if (!tree.flags.multiline && anchors.has('end') && subject.endsWith('\n')) return true;
  return (anchors.has('boundary') || anchors.has('noBoundary')) && /[^\0-\x7f]/.test(subject);
}

function anchorsOf(node: PatternNode, found = new Set<Anchor>()): Set<Anchor> {
  if (node.kind === 'anchor') found.add(node.at);
  if ('node' in node) anchorsOf(node.node, found);
  for (const child of node.kind === 'sequence' ? node.nodes : node.kind === 'alternatives' ? node.branches : []) {
    anchorsOf(child, found);
  }
  return found;
}

/** How a dialect writes the parts in which dialects differ; undefined = cannot say it. */
interface Dialect {
  literal(codePoint: number): string;
  any: string;
  anchors: Record<Anchor, string>;
  characterClass(negated: boolean, items: ClassItem[]): string | undefined;
  lookarounds: boolean;
}

function write(node: PatternNode, dialect: Dialect): string | undefined {
  switch (node.kind) {
    case 'literal':
      return dialect.literal(node.codePoint);
    case 'any':
      return dialect.any;
    case 'anchor':
      return dialect.anchors[node.at];
    case 'class':
      return dialect.characterClass(node.negated, node.items);
    case 'backreference':
      return dialect.lookarounds ? `(?:\\${node.group})` : undefined;
    case 'lookaround': {
      const inner = dialect.lookarounds ? write(node.node, dialect) : undefined;
      return inner && `(?${node.ahead ? '' : '<'}${node.negated ? '!' : '='}${inner})`;
    }
    case 'group': {
      const inner = write(node.node, dialect);
      // names are resolved by number, so that both engines need to know nothing of them
      return inner === undefined ? undefined : node.capture === undefined ? `(?:${inner})` : `(${inner})`;
    }
    case 'repeat': {
      const inner = write(node.node, dialect);
      return inner === undefined ? undefined : `(?:${inner})${count(node.min, node.max)}${node.lazy ? '?' : ''}`;
    }
    case 'sequence':
      return joined(node.nodes, '', dialect);
    case 'alternatives':
      return joined(node.branches, '|', dialect);
  }
}

function joined(nodes: readonly PatternNode[], separator: string, dialect: Dialect): string | undefined {
  const parts = nodes.map(node => write(node, dialect));
  return parts.includes(undefined) ? undefined : parts.join(separator);
}

function count(min: number, max: number): string {
  if (min === 0 && max === Number.POSITIVE_INFINITY) return '*';
  if (min === 1 && max === Number.POSITIVE_INFINITY) return '+';
  if (min === 0 && max === 1) return '?';
  return max === min ? `{${min}}` : `{${min},${max === Number.POSITIVE_INFINITY ? '' : max}}`;
}

/** What `str.isspace` of Python holds for white space; `\w` are letters, numbers and the underscore. */
const space = {re2: '\\t-\\r\\x{1c}-\\x{20}\\x{85}\\p{Z}', v8: '\\t-\\r\\u{1c}-\\u{20}\\u{85}\\p{Z}'};
const word = '\\p{L}\\p{N}_';

function re2(flags: PatternFlags): Dialect {
  const sets = {d: '0-9', w: word, s: space.re2};
  const range = (item: {from: number; to: number}) => `\\x{${item.from.toString(16)}}-\\x{${item.to.toString(16)}}`;
  return {
    literal: codePoint => `\\x{${codePoint.toString(16)}}`,
    any: flags.dotAll ? '(?s:.)' : '[^\\n]',
    anchors: {
      start: flags.multiline ? '(?m:^)' : '\\A',
      end: flags.multiline ? '(?m:$)' : '\\z',
      textStart: '\\A',
      textEnd: '\\z',
      boundary: '\\b',
      noBoundary: '\\B',
    },
    characterClass(negated, items) {
      const inside = items.filter(item => !('category' in item && item.negated));
      const outside = items.filter(item => 'category' in item && item.negated) as {category: 'd' | 'w' | 's'}[];
      const body = inside.map(item => ('category' in item ? sets[item.category] : range(item))).join('');
      if (outside.length === 0) return `[${negated ? '^' : ''}${body}]`;
      // RE2 has no class in a class: alternatives say the same, but not in a negated class of several
      if (!negated)
        return `(?:${[...(body ? [`[${body}]`] : []), ...outside.map(o => `[^${sets[o.category]}]`)].join('|')})`;
      return items.length === 1 && outside[0] ? `[${sets[outside[0].category]}]` : undefined;
    },
    lookarounds: false,
  };
}

function v8(flags: PatternFlags): Dialect {
  const sets = {d: '0-9', w: word, s: space.v8};
  const one = `[${word}]`;
  const boundary = `(?:(?<=${one})(?!${one})|(?<!${one})(?=${one}))`;
  const anything = '[\\s\\S]';
  return {
    literal: codePoint => `\\u{${codePoint.toString(16)}}`,
    any: flags.dotAll ? anything : '[^\\n]',
    anchors: {
      start: flags.multiline ? '(?<![^\\n])' : `(?<!${anything})`,
      end: flags.multiline ? '(?![^\\n])' : `(?=\\n?(?!${anything}))`,
      textStart: `(?<!${anything})`,
      textEnd: `(?!${anything})`,
      boundary,
      noBoundary: `(?!${boundary})`,
    },
    characterClass(negated, items) {
      const body = items.map(item => {
        if ('category' in item) return item.negated ? `[^${sets[item.category]}]` : sets[item.category];
        return `\\u{${item.from.toString(16)}}-\\u{${item.to.toString(16)}}`;
      });
      return `[${negated ? '^' : ''}${body.join('')}]`;
    },
    lookarounds: true,
  };
}
