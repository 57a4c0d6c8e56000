import {createContext, Script} from 'node:vm';
import {RE2JS} from 're2js';
import {needsV8, toRe2, toV8} from './dialects.ts';
import {parsePattern} from './parse.ts';
import {PatternError, PatternTooSlow} from './patternError.ts';

/** Where a match may lie: anywhere (`re.search`), at the start (`re.match`), over the whole subject (`re.fullmatch`). */
export type Anchoring = 'anywhere' | 'start' | 'whole';

export interface PatternMatch {
  text: string;
  /** Capturing groups in order; undefined = took no part. */
  groups: (string | undefined)[];
  /** The groups that have a name. */
  named: Record<string, string | undefined>;
}

/** A compiled pattern; evaluation is bounded in time whatever the pattern and the subject. */
export interface Pattern {
  readonly source: string;
  /**
   * Looks for the pattern in the subject (cut at 10,240 characters).
   * @throws PatternTooSlow
   */
  search(subject: string, anchoring?: Anchoring): PatternMatch | undefined;
  /**
   * Whether the pattern is found. Remembers recent answers: headers of a series repeat themselves.
   * @throws PatternTooSlow
   */
  found(subject: string, anchoring?: Anchoring): boolean;
}

const longestSubject = 10_240;
const answersRemembered = 256;

/**
 * Compiles a pattern in Python syntax (see `parsePattern`). It runs in RE2, linear in time; what RE2 cannot say
 * (backreferences, lookaround) runs in V8 under a time limit.
 * @param limitMs limit of one evaluation in V8
 * @throws PatternError
 */
export function compilePattern(source: string, {limitMs = 100}: {limitMs?: number} = {}): Pattern {
  const tree = parsePattern(source);
  const re2Source = toRe2(tree);
  const linear = re2Source === undefined ? undefined : compileRe2(source, re2Source);
  const bounded = new BoundedRegExp(source, toV8(tree), tree.flags.ignoreCase, limitMs);
  const answers = new Map<string, boolean>();

  function groupsOf(subject: string, anchoring: Anchoring): (string | undefined)[] | undefined {
    const cut = subject.slice(0, longestSubject);
    return linear && !needsV8(tree, cut) ? searchRe2(linear, cut, anchoring) : bounded.search(cut, anchoring);
  }

  return {
    source,
    search(subject, anchoring = 'anywhere') {
      const all = groupsOf(subject, anchoring);
      if (!all) return undefined;
      const named = Object.fromEntries([...tree.names].map(([name, group]) => [name, all[group]]));
      return {text: all[0] ?? '', groups: all.slice(1), named};
    },
    found(subject, anchoring = 'anywhere') {
      const key = `${anchoring} ${subject}`;
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = groupsOf(subject, anchoring) !== undefined;
      if (answers.size >= answersRemembered) answers.clear();
      answers.set(key, answer);
      return answer;
    },
  };
}

/** A pattern that finds exactly this text. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}-]/g, '\\$&');
}

function compileRe2(source: string, re2Source: string): RE2JS {
  try {
    return RE2JS.compile(re2Source);
  } catch (error) {
    // only its size limits are left
    throw new PatternError(source, 0, error instanceof Error ? error.message : String(error));
  }
}

function searchRe2(program: RE2JS, subject: string, anchoring: Anchoring): (string | undefined)[] | undefined {
  const matcher = program.matcher(subject);
  const found =
    anchoring === 'anywhere' ? matcher.find() : anchoring === 'start' ? matcher.lookingAt() : matcher.matches();
  if (!found) return undefined;
  const groups: (string | undefined)[] = [];
  for (let group = 0; group <= matcher.groupCount(); group++) groups.push(matcher.group(group) ?? undefined);
  return groups;
}

/** V8's backtracking engine, stopped by the clock. */
class BoundedRegExp {
  readonly #source: string;
  readonly #limitMs: number;
  readonly #expressions: Record<Anchoring, () => RegExp>;

  constructor(source: string, v8Source: string, ignoreCase: boolean, limitMs: number) {
    this.#source = source;
    this.#limitMs = limitMs;
    const flags = ignoreCase ? 'iv' : 'v';
    const lazily = (text: string): (() => RegExp) => {
      let expression: RegExp | undefined;
      return () => {
        expression ??= new RegExp(text, flags);
        return expression;
      };
    };
    this.#expressions = {
      anywhere: lazily(v8Source),
      start: lazily(`(?<![\\s\\S])(?:${v8Source})`),
      whole: lazily(`(?<![\\s\\S])(?:${v8Source})(?![\\s\\S])`),
    };
  }

  search(subject: string, anchoring: Anchoring): (string | undefined)[] | undefined {
    sandbox ??= createSandbox();
    sandbox.context.expression = this.#expressions[anchoring]();
    sandbox.context.subject = subject;
    try {
      const match = sandbox.script.runInContext(sandbox.context, {timeout: this.#limitMs}) as RegExpExecArray | null;
      return match ? [...match] : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        throw new PatternTooSlow(this.#source, this.#limitMs);
      }
      throw error;
    }
  }
}

let sandbox: {context: Record<string, unknown>; script: Script} | undefined;

function createSandbox(): {context: Record<string, unknown>; script: Script} {
  return {context: createContext({}) as Record<string, unknown>, script: new Script('expression.exec(subject)')};
}
