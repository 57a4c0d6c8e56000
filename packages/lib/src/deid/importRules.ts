import {vrRules} from '../dicom/vr.ts';
import {type Decision, removeInvalid} from './decision.ts';
import type {ImportRule} from './request.ts';
import {encodeFor, type Setting} from './setting.ts';
import {textOf} from './textActions.ts';
import {canonicalValue} from './uid.ts';
import type {Value} from './value.ts';

/** What the older anonymizer wrote when a rule did not fit, and what people look for. */
export const noMatchText = 'FIONA: no match on regular expression';
const longestSubject = 10_240;
const longestPattern = 1000;

interface Pattern {
  /** Captured groups of the first match, in order; undefined without a match. */
  groups(text: string): string[] | undefined;
}

/** Rules of the project for the original text of elements. They go before the profile. */
export class ImportRules {
  readonly #patterns = new Map<number, Pattern | undefined>();

  private constructor() {}

  /** Compiles the rules. A pattern that RE2 does not take fails safe: its elements get the text for "no match". */
  static async compile(rules: readonly ImportRule[]): Promise<ImportRules> {
    const compiled = new ImportRules();
    if (rules.length === 0) return compiled;
    // loaded only where a project has rules: it is large
    const {RE2JS} = await import('re2js');
    for (const {tag, pattern} of rules) compiled.#patterns.set(tag, compilePattern(pattern, RE2JS));
    return compiled;
  }

  has(tag: number): boolean {
    return this.#patterns.size > 0 && this.#patterns.has(tag);
  }

  /** The captured groups of the element's text, joined by blanks, cut to what the VR allows. */
  apply(value: Value, setting: Setting): Decision {
    if (vrRules[value.vr].kind !== 'text' || value.vr === 'UI') return removeInvalid;
    const text = textOf(value);
    const groups =
      text === undefined
        ? undefined
        : this.#patterns.get(value.tag)?.groups(canonicalValue(text).slice(0, longestSubject));
    const kept = (groups ?? []).filter(group => group !== '');
    const result = kept.length === 0 ? noMatchText : kept.join(' ');
    // a rule that lets a known identifier through is found by the proof: its project must hear of it
    const bytes = encodeFor(setting, value.characterSet, cut(result, vrRules[value.vr].maxLength), value.vr === 'PN');
    return bytes === undefined ? removeInvalid : {kind: 'replace', label: 'replace', vr: value.vr, value: bytes};
  }
}

function cut(text: string, longest: number | undefined): string {
  return [...text].slice(0, longest ?? 64).join('');
}

function compilePattern(pattern: string, RE2JS: typeof import('re2js').RE2JS): Pattern | undefined {
  if (pattern === '' || pattern.length > longestPattern) return undefined;
  try {
    // Python's absolute end is \Z
    const compiled = RE2JS.compile(pattern.replace(/\\Z/g, '\\z'));
    return {
      groups(text) {
        const matcher = compiled.matcher(text);
        if (!matcher.find()) return undefined;
        return Array.from({length: matcher.groupCount()}, (_, index) => matcher.group(index + 1) ?? '');
      },
    };
  } catch {
    return undefined;
  }
}
