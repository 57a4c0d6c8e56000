import {Cursor} from './cursor.ts';
import {PatternError} from './patternError.ts';
import type {ClassItem, PatternFlags, PatternNode, PatternTree} from './syntax.ts';

const mostCharacters = 1000;
const deepestNesting = 100;

/**
 * Parses a pattern in Python's syntax: literals, classes, `. ^ $ | ? * + {n,m}` and lazy forms, groups, `(?P<n>…)`, `(?:…)`,
 * `(?P=n)`, `\1`, lookaround, `\d \w \s \b` and negations, `\A`, `\Z`, leading flags `(?i) (?s) (?m)`. Anything else
 * (conditionals, `\p`, possessive forms, scoped flags) and patterns above 1000 characters are invalid.
 * @throws PatternError
 */
export function parsePattern(source: string): PatternTree {
  if (source.length > mostCharacters) {
    throw new PatternError(`${source.slice(0, 40)}…`, mostCharacters, `longer than ${mostCharacters} characters`);
  }
  return new Parser(source).parse();
}

class Parser {
  readonly #cursor: Cursor;
  #depth = 0;
  #groups = 0;
  readonly #open = new Set<number>();
  readonly #names = new Map<string, number>();

  constructor(source: string) {
    this.#cursor = new Cursor(source);
  }

  parse(): PatternTree {
    const flags = this.#leadingFlags();
    const root = this.#alternatives();
    if (this.#cursor.at < this.#cursor.source.length) this.#cursor.fail('unbalanced )');
    return {root, flags, groups: this.#groups, names: this.#names};
  }

  #leadingFlags(): PatternFlags {
    const flags: PatternFlags = {ignoreCase: false, dotAll: false, multiline: false};
    for (;;) {
      const found = /^\(\?([ims]+)\)/.exec(this.#cursor.source.slice(this.#cursor.at));
      if (!found) return flags;
      const letters = found[1] ?? '';
      if (letters.includes('i')) flags.ignoreCase = true;
      if (letters.includes('s')) flags.dotAll = true;
      if (letters.includes('m')) flags.multiline = true;
      this.#cursor.at += found[0].length;
    }
  }

  #alternatives(): PatternNode {
    if (++this.#depth > deepestNesting) this.#cursor.fail('nested too deeply');
    const branches = [this.#sequence()];
    while (this.#cursor.take('|')) branches.push(this.#sequence());
    this.#depth--;
    return branches.length === 1 && branches[0] ? branches[0] : {kind: 'alternatives', branches};
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#cursor.at < this.#cursor.source.length && !this.#cursor.sees('|') && !this.#cursor.sees(')')) {
      const node = this.#item();
      if (node) nodes.push(this.#repeated(node));
    }
    return {kind: 'sequence', nodes};
  }

  /** One item without its quantifier; undefined for a comment. */
  #item(): PatternNode | undefined {
    const start = this.#cursor.at;
    switch (this.#cursor.source[start]) {
      case '.':
        this.#cursor.at++;
        return {kind: 'any'};
      case '^':
        this.#cursor.at++;
        return {kind: 'anchor', at: 'start'};
      case '$':
        this.#cursor.at++;
        return {kind: 'anchor', at: 'end'};
      case '(':
        return this.#group();
      case '[':
        return this.#characterClass();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        return this.#cursor.fail('nothing to repeat');
      case '{':
        if (this.#quantifier()) this.#cursor.fail('nothing to repeat', start);
        return this.#literal();
      default:
        return this.#literal();
    }
  }

  #literal(): PatternNode {
    return {kind: 'literal', codePoint: this.#cursor.character()};
  }

  #repeated(node: PatternNode): PatternNode {
    const start = this.#cursor.at;
    const count = this.#quantifier();
    if (!count) return node;
    if (node.kind === 'anchor' && node.at !== 'end' && count.max === Number.POSITIVE_INFINITY && count.min === 0) {
      // Python takes `^*`; it says nothing and engines differ
      this.#cursor.fail('nothing to repeat', start);
    }
    const lazy = this.#cursor.take('?');
    if (this.#cursor.sees('+')) this.#cursor.fail('possessive forms are not accepted');
    const next = this.#cursor.at;
    if (this.#quantifier()) this.#cursor.fail('multiple repeat', next);
    return {kind: 'repeat', node, ...count, lazy};
  }

  /** `* + ? {n} {n,} {,m} {n,m}`; undefined (nothing consumed) when something else stands here. */
  #quantifier(): {min: number; max: number} | undefined {
    if (this.#cursor.take('*')) return {min: 0, max: Number.POSITIVE_INFINITY};
    if (this.#cursor.take('+')) return {min: 1, max: Number.POSITIVE_INFINITY};
    if (this.#cursor.take('?')) return {min: 0, max: 1};
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.#cursor.source.slice(this.#cursor.at, this.#cursor.at + 30));
    // `{}` and `{x` are literals in Python, `{,}` is `*`
    if (!found || (found[1] === '' && found[2] === '')) return undefined;
    const min = found[1] === '' ? 0 : Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (max < min) this.#cursor.fail('min repeat greater than max repeat');
    if (min > 1000 || (max > 1000 && max !== Number.POSITIVE_INFINITY))
      this.#cursor.fail('repeats more than 1000 times');
    this.#cursor.at += found[0].length;
    return {min, max};
  }

  #group(): PatternNode | undefined {
    const start = this.#cursor.at;
    this.#cursor.at++;
    if (!this.#cursor.take('?')) return this.#capturing(undefined, start);
    if (this.#cursor.take(':')) return this.#closed({kind: 'group', capture: undefined, name: undefined}, start);
    if (this.#cursor.take('P<')) return this.#capturing(this.#name('>', start), start);
    if (this.#cursor.take('P=')) return this.#namedReference(start);
    if (this.#cursor.take('#')) return this.#comment(start);
    for (const [text, ahead, negated] of lookarounds) {
      if (this.#cursor.take(text)) return this.#closed({kind: 'lookaround', ahead, negated}, start);
    }
    return this.#cursor.fail('this kind of group is not accepted', start);
  }

  #capturing(name: string | undefined, start: number): PatternNode {
    const capture = ++this.#groups;
    if (name !== undefined) {
      if (this.#names.has(name)) this.#cursor.fail(`two groups are named ${name}`, start);
      this.#names.set(name, capture);
    }
    this.#open.add(capture);
    const node = this.#closed({kind: 'group', capture, name}, start);
    this.#open.delete(capture);
    return node;
  }

  #closed(
    shell:
      | {kind: 'group'; capture: number | undefined; name: string | undefined}
      | {kind: 'lookaround'; ahead: boolean; negated: boolean},
    start: number,
  ): PatternNode {
    const node = this.#alternatives();
    if (!this.#cursor.take(')')) this.#cursor.fail('missing )', start);
    return {...shell, node};
  }

  #name(end: string, start: number): string {
    const found = /^[A-Za-z_][A-Za-z0-9_]*/.exec(this.#cursor.source.slice(this.#cursor.at))?.[0];
    if (found === undefined) this.#cursor.fail('bad group name', start);
    this.#cursor.at += found.length;
    if (!this.#cursor.take(end)) this.#cursor.fail('bad group name', start);
    return found;
  }

  #namedReference(start: number): PatternNode {
    const name = this.#name(')', start);
    const group = this.#names.get(name);
    if (group === undefined) this.#cursor.fail(`unknown group ${name}`, start);
    return this.#reference(group, start);
  }

  #reference(group: number, start: number): PatternNode {
    if (group > this.#groups) this.#cursor.fail(`unknown group ${group}`, start);
    if (this.#open.has(group)) this.#cursor.fail('refers to an open group', start);
    return {kind: 'backreference', group};
  }

  #comment(start: number): undefined {
    const end = this.#cursor.source.indexOf(')', this.#cursor.at);
    if (end < 0) this.#cursor.fail('missing )', start);
    this.#cursor.at = end + 1;
  }

  #escape(): PatternNode {
    const start = this.#cursor.at;
    const letter = this.#cursor.source[start + 1];
    if (letter === undefined) this.#cursor.fail('bad escape at the end');
    const anchor = escapedAnchors[letter];
    if (anchor) {
      this.#cursor.at += 2;
      return {kind: 'anchor', at: anchor};
    }
    const category = this.#cursor.category();
    if (category) return {kind: 'class', negated: false, items: [category]};
    const reference = /^\\([1-9]\d?)/.exec(this.#cursor.source.slice(start, start + 3));
    // three octal digits are a character
    if (reference && !/^\\[0-3][0-7]{2}/.test(this.#cursor.source.slice(start, start + 4))) {
      this.#cursor.at += reference[0].length;
      return this.#reference(Number(reference[1]), start);
    }
    return {kind: 'literal', codePoint: this.#cursor.escapedCharacter()};
  }

  #characterClass(): PatternNode {
    const start = this.#cursor.at;
    this.#cursor.at++;
    const negated = this.#cursor.take('^');
    const items: ClassItem[] = [];
    // a `]` in first place is a character
    while (items.length === 0 || !this.#cursor.sees(']')) {
      if (this.#cursor.at >= this.#cursor.source.length) this.#cursor.fail('missing ]', start);
      items.push(this.#classItem());
    }
    this.#cursor.at++;
    return {kind: 'class', negated, items};
  }

  #classItem(): ClassItem {
    const start = this.#cursor.at;
    const category = this.#cursor.category();
    if (category) return category;
    const from = this.#classCharacter();
    if (
      !this.#cursor.sees('-') ||
      this.#cursor.source[this.#cursor.at + 1] === ']' ||
      this.#cursor.at + 1 >= this.#cursor.source.length
    ) {
      return {from, to: from};
    }
    this.#cursor.at++;
    if (this.#cursor.category()) this.#cursor.fail('bad character range', start);
    const to = this.#classCharacter();
    if (to < from) this.#cursor.fail('bad character range', start);
    return {from, to};
  }

  #classCharacter(): number {
    if (!this.#cursor.sees('\\')) return this.#cursor.character();
    if (this.#cursor.source[this.#cursor.at + 1] !== 'b') return this.#cursor.escapedCharacter();
    this.#cursor.at += 2;
    return 8;
  }
}

const lookarounds: readonly (readonly [string, boolean, boolean])[] = [
  ['=', true, false],
  ['!', true, true],
  ['<=', false, false],
  ['<!', false, true],
];

const escapedAnchors: Record<string, 'textStart' | 'textEnd' | 'boundary' | 'noBoundary'> = {
  A: 'textStart',
  Z: 'textEnd',
  b: 'boundary',
  B: 'noBoundary',
};
