import {vrRules} from '../dicom/vr.ts';
import type {Pattern} from '../pattern/pattern.ts';
import {PatternError, PatternTooSlow} from '../pattern/patternError.ts';
import {type Decision, removeInvalid} from './decision.ts';
import {quarantine} from './outcome.ts';
import type {DeidRequest} from './request.ts';
import {encodeFor, type Setting} from './setting.ts';
import {textOf} from './textActions.ts';
import {canonicalValue} from './uid.ts';
import type {Value} from './value.ts';

/** What the older anonymizer wrote when a rule did not fit, and what people look for. */
export const noMatchText = 'FIONA: no match on regular expression';
const defaultLimitMs = 100;

/** Rules of the project for the original text of elements. They go before the profile. */
export class ImportRules {
  readonly #patterns = new Map<number, Pattern | undefined>();
  readonly #tooSlow = new Set<number>();

  private constructor() {}

  /** Compiles the rules. One whose pattern is none fails safe: its elements get the text for "no match". */
  static async compile({
    importRules,
    patternMillis,
  }: Pick<DeidRequest, 'importRules' | 'patternMillis'>): Promise<ImportRules> {
    const compiled = new ImportRules();
    if (importRules.length === 0) return compiled;
    // loaded only where a project has rules: it is large
    const {compilePattern} = await import('../pattern/pattern.ts');
    for (const {tag, pattern} of importRules) {
      compiled.#patterns.set(
        tag,
        compileOrNothing(() => compilePattern(pattern, {limitMs: patternMillis ?? defaultLimitMs})),
      );
    }
    return compiled;
  }

  has(tag: number): boolean {
    return this.#patterns.size > 0 && this.#patterns.has(tag);
  }

  /**
   * The captured groups of the element's text, joined by blanks, cut to what the VR allows. Sets the instance aside when the pattern
   * takes too long: what becomes of an instance must not depend on how busy the machine is.
   */
  apply(value: Value, setting: Setting): Decision {
    if (vrRules[value.vr].kind !== 'text' || value.vr === 'UI') return removeInvalid;
    const text = textOf(value);
    const groups = text === undefined ? [] : this.#groups(value.tag, canonicalValue(text));
    const kept = groups.filter(group => group !== undefined && group !== '');
    const result = kept.length === 0 ? noMatchText : kept.join(' ');
    // a rule that lets a known identifier through is found by the proof: its project must hear of it
    const bytes = encodeFor(setting, value.characterSet, cut(result, vrRules[value.vr].maxLength), value.vr === 'PN');
    return bytes === undefined ? removeInvalid : {kind: 'replace', label: 'replace', vr: value.vr, value: bytes};
  }

  #groups(tag: number, text: string): readonly (string | undefined)[] {
    if (this.#tooSlow.has(tag)) stop(tag);
    const pattern = this.#patterns.get(tag);
    for (let attempt = 1; ; attempt++) {
      try {
        return pattern?.search(text)?.groups ?? [];
      } catch (error) {
        if (!(error instanceof PatternTooSlow)) throw error;
        // the machine may have had a bad moment
        if (attempt < 2) continue;
        this.#tooSlow.add(tag);
        stop(tag);
      }
    }
  }
}

function stop(tag: number): never {
  quarantine('import-rule', 'the pattern of an import rule takes too long, simplify it', {tag});
}

function cut(text: string, longest: number | undefined): string {
  return [...text].slice(0, longest ?? 64).join('');
}

function compileOrNothing(compile: () => Pattern): Pattern | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
