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

const controlEscapes: Record<string, number> = {a: 7, f: 12, n: 10, r: 13, t: 9, v: 11};

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #groups = 0;
  readonly #open = new Set<number>();
  readonly #names = new Map<string, number>();

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternTree {
    const flags = this.#leadingFlags();
    const root = this.#alternatives();
    if (this.#at < this.#source.length) this.#fail('unbalanced )');
    return {root, flags, groups: this.#groups, names: this.#names};
  }

  #fail(reason: string, offset = this.#at): never {
    throw new PatternError(this.#source, offset, reason);
  }

  #leadingFlags(): PatternFlags {
    const flags: PatternFlags = {ignoreCase: false, dotAll: false, multiline: false};
    for (;;) {
      const found = /^\(\?([ims]+)\)/.exec(this.#source.slice(this.#at));
      if (!found) return flags;
      const letters = found[1] ?? '';
      if (letters.includes('i')) flags.ignoreCase = true;
      if (letters.includes('s')) flags.dotAll = true;
      if (letters.includes('m')) flags.multiline = true;
      this.#at += found[0].length;
    }
  }

  #alternatives(): PatternNode {
    if (++this.#depth > deepestNesting) this.#fail('nested too deeply');
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    this.#depth--;
    return branches.length === 1 && branches[0] ? branches[0] : {kind: 'alternatives', branches};
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      const node = this.#item();
      if (node) nodes.push(this.#repeated(node));
    }
    return {kind: 'sequence', nodes};
  }

  /** One item without its quantifier; undefined for a comment. */
  #item(): PatternNode | undefined {
    const start = this.#at;
    switch (this.#source[start]) {
      case '.':
        this.#at++;
        return {kind: 'any'};
      case '^':
        this.#at++;
        return {kind: 'anchor', at: 'start'};
      case '$':
        this.#at++;
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
        return this.#fail('nothing to repeat');
      case '{':
        if (this.#quantifier()) this.#fail('nothing to repeat', start);
        return this.#literal();
      default:
        return this.#literal();
    }
  }

  #literal(): PatternNode {
    return {kind: 'literal', codePoint: this.#character()};
  }

  #character(): number {
    const codePoint = this.#source.codePointAt(this.#at);
    if (codePoint === undefined) this.#fail('ends too early');
    this.#at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  #repeated(node: PatternNode): PatternNode {
    const start = this.#at;
    const count = this.#quantifier();
    if (!count) return node;
    if (node.kind === 'anchor' && node.at !== 'end' && count.max === Number.POSITIVE_INFINITY && count.min === 0) {
      // Python takes `^*`; it says nothing and engines differ
      this.#fail('nothing to repeat', start);
    }
    const lazy = this.#take('?');
    if (this.#sees('+')) this.#fail('possessive forms are not accepted');
    const next = this.#at;
    if (this.#quantifier()) this.#fail('multiple repeat', next);
    return {kind: 'repeat', node, ...count, lazy};
  }

  /** `* + ? {n} {n,} {,m} {n,m}`; undefined (nothing consumed) when something else stands here. */
  #quantifier(): {min: number; max: number} | undefined {
    if (this.#take('*')) return {min: 0, max: Number.POSITIVE_INFINITY};
    if (this.#take('+')) return {min: 1, max: Number.POSITIVE_INFINITY};
    if (this.#take('?')) return {min: 0, max: 1};
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 30));
    // `{}` and `{x` are literals in Python, `{,}` is `*`
    if (!found || (found[1] === '' && found[2] === '')) return undefined;
    const min = found[1] === '' ? 0 : Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (max < min) this.#fail('min repeat greater than max repeat');
    if (min > 1000 || (max > 1000 && max !== Number.POSITIVE_INFINITY)) this.#fail('repeats more than 1000 times');
    this.#at += found[0].length;
    return {min, max};
  }

  #group(): PatternNode | undefined {
    const start = this.#at;
    this.#at++;
    if (!this.#take('?')) return this.#capturing(undefined, start);
    if (this.#take(':')) return this.#closed({kind: 'group', capture: undefined, name: undefined}, start);
    if (this.#take('P<')) return this.#capturing(this.#name('>', start), start);
    if (this.#take('P=')) return this.#namedReference(start);
    if (this.#take('#')) return this.#comment(start);
    for (const [text, ahead, negated] of lookarounds) {
      if (this.#take(text)) return this.#closed({kind: 'lookaround', ahead, negated}, start);
    }
    return this.#fail('this kind of group is not accepted', start);
  }

  #capturing(name: string | undefined, start: number): PatternNode {
    const capture = ++this.#groups;
    if (name !== undefined) {
      if (this.#names.has(name)) this.#fail(`two groups are named ${name}`, start);
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
    if (!this.#take(')')) this.#fail('missing )', start);
    return {...shell, node};
  }

  #name(end: string, start: number): string {
    const found = /^[A-Za-z_][A-Za-z0-9_]*/.exec(this.#source.slice(this.#at))?.[0];
    if (found === undefined) this.#fail('bad group name', start);
    this.#at += found.length;
    if (!this.#take(end)) this.#fail('bad group name', start);
    return found;
  }

  #namedReference(start: number): PatternNode {
    const name = this.#name(')', start);
    const group = this.#names.get(name);
    if (group === undefined) this.#fail(`unknown group ${name}`, start);
    return this.#reference(group, start);
  }

  #reference(group: number, start: number): PatternNode {
    if (group > this.#groups) this.#fail(`unknown group ${group}`, start);
    if (this.#open.has(group)) this.#fail('refers to an open group', start);
    return {kind: 'backreference', group};
  }

  #comment(start: number): undefined {
    const end = this.#source.indexOf(')', this.#at);
    if (end < 0) this.#fail('missing )', start);
    this.#at = end + 1;
  }

  #escape(): PatternNode {
    const start = this.#at;
    const letter = this.#source[start + 1];
    if (letter === undefined) this.#fail('bad escape at the end');
    const anchor = escapedAnchors[letter];
    if (anchor) {
      this.#at += 2;
      return {kind: 'anchor', at: anchor};
    }
    const category = this.#category();
    if (category) return {kind: 'class', negated: false, items: [category]};
    const reference = /^\\([1-9]\d?)/.exec(this.#source.slice(start, start + 3));
    // three octal digits are a character
    if (reference && !/^\\[0-3][0-7]{2}/.test(this.#source.slice(start, start + 4))) {
      this.#at += reference[0].length;
      return this.#reference(Number(reference[1]), start);
    }
    return {kind: 'literal', codePoint: this.#escapedCharacter()};
  }

  /** `\d \D \w \W \s \S`, or undefined with nothing consumed. */
  #category(): ClassItem | undefined {
    const letter = this.#source[this.#at + 1];
    if (this.#source[this.#at] !== '\\' || letter === undefined || !/[dDwWsS]/.test(letter)) return undefined;
    this.#at += 2;
    const lower = letter.toLowerCase() as 'd' | 'w' | 's';
    return {category: lower, negated: letter !== lower};
  }

  /** The code point of an escape that means one character, in a class or outside. */
  #escapedCharacter(): number {
    const start = this.#at;
    const rest = this.#source.slice(start + 1, start + 10);
    const digits =
      /^x([0-9a-fA-F]{2})/.exec(rest) ?? /^u([0-9a-fA-F]{4})/.exec(rest) ?? /^U([0-9a-fA-F]{8})/.exec(rest);
    if (digits) {
      this.#at += 1 + digits[0].length;
      const codePoint = Number.parseInt(digits[1] ?? '', 16);
      if (codePoint > 0x10ffff) this.#fail('no such character', start);
      return codePoint;
    }
    const octal = /^(0[0-7]{0,2}|[1-3][0-7]{2})/.exec(rest)?.[0];
    if (octal !== undefined) {
      this.#at += 1 + octal.length;
      return Number.parseInt(octal, 8);
    }
    this.#at++;
    const letter = rest[0] ?? '';
    const control = controlEscapes[letter];
    if (control !== undefined) {
      this.#at++;
      return control;
    }
    if (/[A-Za-z0-9]/.test(letter)) this.#fail(`bad escape \\${letter}`, start);
    return this.#character();
  }

  #characterClass(): PatternNode {
    const start = this.#at;
    this.#at++;
    const negated = this.#take('^');
    const items: ClassItem[] = [];
    // a `]` in first place is a character
    while (items.length === 0 || !this.#sees(']')) {
      if (this.#at >= this.#source.length) this.#fail('missing ]', start);
      items.push(this.#classItem());
    }
    this.#at++;
    return {kind: 'class', negated, items};
  }

  #classItem(): ClassItem {
    const start = this.#at;
    const category = this.#category();
    if (category) return category;
    const from = this.#classCharacter();
    if (!this.#sees('-') || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length) {
      return {from, to: from};
    }
    this.#at++;
    if (this.#category()) this.#fail('bad character range', start);
    const to = this.#classCharacter();
    if (to < from) this.#fail('bad character range', start);
    return {from, to};
  }

  #classCharacter(): number {
    if (!this.#sees('\\')) return this.#character();
    if (this.#source[this.#at + 1] !== 'b') return this.#escapedCharacter();
    this.#at += 2;
    return 8;
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
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
