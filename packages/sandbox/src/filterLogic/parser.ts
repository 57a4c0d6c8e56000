import {FilterError} from './filterError.ts';
import {FUNCTIONS} from './functions.ts';
import {type Token, tokenize} from './lexer.ts';

/** A parsed expression. Chains (`a or b or c`) are one node, so that depth is nesting only. */
export type Expression =
  | {kind: 'literal'; value: string | number}
  | {kind: 'reference'; path: {name: string; code: string | undefined}[]}
  | {kind: 'call'; name: string; arguments: Expression[]}
  | {kind: 'any' | 'all'; operands: Expression[]}
  | {kind: 'not' | 'minus'; operand: Expression}
  | {kind: 'chain'; first: Expression; rest: {operator: string; operand: Expression}[]}
  | {kind: 'comparison'; operator: string; left: Expression; right: Expression};

export const MAX_DEPTH = 100;

const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'];

/**
 * Parses a filter expression by recursive descent: `or` < `and` < `not` < comparison < `+ -` < `* /` < unary minus.
 * @throws FilterError for anything that is not an expression, or is nested deeper than 100
 */
export function parseFilter(text: string): Expression {
  const parser = new Parser(tokenize(text));
  return parser.whole();
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    const left = this.#tokens[this.#position];
    if (left !== undefined) throw new FilterError(`unexpected ${describe(left)}`);
    return expression;
  }

  #accept(kind: 'word' | 'symbol', ...values: string[]): string | undefined {
    const token = this.#tokens[this.#position];
    if (token === undefined || token.kind !== kind || !values.includes(token.value)) return undefined;
    this.#position++;
    return token.value;
  }

  #expect(symbol: string): void {
    if (this.#accept('symbol', symbol) === undefined) {
      throw new FilterError(`${symbol} expected instead of ${describe(this.#tokens[this.#position])}`);
    }
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new FilterError(`it is nested deeper than ${MAX_DEPTH}`);
    const result = parse();
    this.#depth--;
    return result;
  }

  #or(): Expression {
    return this.#list('any', 'or', () => this.#list('all', 'and', () => this.#not()));
  }

  #list(kind: 'any' | 'all', word: string, parse: () => Expression): Expression {
    const operands = [parse()];
    while (this.#accept('word', word)) operands.push(parse());
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : {kind, operands};
  }

  #not(): Expression {
    if (this.#accept('word', 'not') ?? this.#accept('symbol', '!')) {
      return {kind: 'not', operand: this.#nested(() => this.#not())};
    }
    return this.#comparison();
  }

  #comparison(): Expression {
    const left = this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#unary()));
    const operator = this.#accept('symbol', ...COMPARISONS);
    if (operator === undefined) return left;
    const right = this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#unary()));
    return {kind: 'comparison', operator, left, right};
  }

  #chain(operators: string[], parse: () => Expression): Expression {
    const first = parse();
    const rest: {operator: string; operand: Expression}[] = [];
    for (;;) {
      const operator = this.#accept('symbol', ...operators);
      if (operator === undefined) return rest.length === 0 ? first : {kind: 'chain', first, rest};
      rest.push({operator, operand: parse()});
    }
  }

  #unary(): Expression {
    if (this.#accept('symbol', '-')) return {kind: 'minus', operand: this.#nested(() => this.#unary())};
    if (this.#accept('symbol', '(')) {
      const inner = this.#nested(() => this.#or());
      this.#expect(')');
      return inner;
    }
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#tokens[this.#position++];
    if (token?.kind === 'number' || token?.kind === 'text') return {kind: 'literal', value: token.value};
    if (token?.kind === 'reference') {
      const path = [{name: token.name, code: token.code}];
      for (let next = this.#tokens[this.#position]; next?.kind === 'reference'; next = this.#tokens[this.#position]) {
        path.push({name: next.name, code: next.code});
        this.#position++;
      }
      return {kind: 'reference', path};
    }
    if (token?.kind === 'word') return this.#word(token.value);
    throw new FilterError(`a value is expected instead of ${describe(token)}`);
  }

  #word(name: string): Expression {
    if (this.#accept('symbol', '(') === undefined) {
      if (name === 'today' || name === 'now' || name === 'true' || name === 'false')
        return {kind: 'literal', value: name};
      throw new FilterError(`the word "${name.slice(0, 40)}" is not known`);
    }
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined) throw new FilterError(`the function "${name.slice(0, 40)}" is not known`);
    const parameters: Expression[] = [];
    if (!this.#accept('symbol', ')')) {
      do parameters.push(this.#nested(() => this.#or()));
      while (this.#accept('symbol', ','));
      this.#expect(')');
    }
    const [least, greatest] = known.arguments;
    if (parameters.length < least || parameters.length > greatest) {
      throw new FilterError(
        `the function "${name}" takes ${least === greatest ? least : `${least} to ${greatest}`} values`,
      );
    }
    return {kind: 'call', name, arguments: parameters};
  }
}

function describe(token: Token | undefined): string {
  if (token === undefined) return 'the end';
  if (token.kind === 'reference') return `[${token.name.slice(0, 40)}]`;
  return `"${String(token.value).slice(0, 40)}"`;
}
