import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {compilePattern, escapePattern} from '../../src/pattern/pattern.ts';
import {PatternError, PatternTooSlow} from '../../src/pattern/patternError.ts';

type Vector = [pattern: string, subject: string, search: (string | null)[] | null, start: boolean, whole: boolean];

/** Recorded by running Python's `re` on patterns of the accepted dialect. */
const recorded = JSON.parse(readFileSync(new URL('pythonVectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
  invalid: string[];
};

describe('patterns in Python syntax', () => {
  it('find what Python finds, with the same groups', () => {
    const different: unknown[] = [];
    for (const [source, subject, search, start, whole] of recorded.vectors) {
      const pattern = compilePattern(source);
      const match = pattern.search(subject);
      const got = match ? [match.text, ...match.groups.map(group => group ?? null)] : null;
      // V8 forgets what a group took in an earlier round of a repetition, Python does not
      const same =
        /[*+?}]/.test(source) && search ? got?.[0] === search[0] : JSON.stringify(got) === JSON.stringify(search);
      if (!same || pattern.found(subject, 'start') !== start || pattern.found(subject, 'whole') !== whole) {
        different.push({source, subject, search, got, start, whole});
      }
    }
    expect(different).toEqual([]);
  });

  it.each(recorded.invalid)('refuses %s', source => {
    expect(() => compilePattern(source)).toThrow(PatternError);
  });

  it('names groups', () => {
    const match = compilePattern('(?P<project>[A-Z]+)_(?P<event>\\d+)').search('x PROJ_7');
    expect(match).toEqual({text: 'PROJ_7', groups: ['PROJ', '7'], named: {project: 'PROJ', event: '7'}});
  });

  it('matches $ before one trailing line feed, \\Z only at the very end', () => {
    expect(compilePattern('a$').found('a\n')).toBe(true);
    expect(compilePattern('a$').found('a\n\n')).toBe(false);
    expect(compilePattern('a\\Z').found('a\n')).toBe(false);
  });

  it('answers an exponential pattern at once', () => {
    expect(compilePattern('(a+)+$').found(`${'a'.repeat(10_000)}b`)).toBe(false);
  });

  it('gives up on a slow backreference after its limit', () => {
    const pattern = compilePattern('^(?:(a+)+)+\\1b$', {limitMs: 20});
    expect(() => pattern.found('a'.repeat(5000))).toThrow(PatternTooSlow);
  });

  it('refuses more than 1000 characters and cuts the subject', () => {
    expect(() => compilePattern('a'.repeat(1001))).toThrow(PatternError);
    expect(compilePattern('b').found(`${'a'.repeat(10_240)}b`)).toBe(false);
  });

  it('never dies of a pattern: a match, no match, or a typed error', () => {
    fc.assert(
      fc.property(
        fc.string({unit: fc.constantFrom(...'ab(?:P<n>)[]{},*+\\dwZ1^$|-.=! ')}),
        fc.string(),
        (source, subject) => {
          try {
            compilePattern(source, {limitMs: 50}).search(subject);
          } catch (error) {
            expect(error instanceof PatternError || error instanceof PatternTooSlow).toBe(true);
          }
        },
      ),
    );
  });

  it('finds exactly an escaped text', () => {
    fc.assert(
      fc.property(fc.string({maxLength: 100}), text => {
        expect(compilePattern(escapePattern(text)).found(text, 'whole')).toBe(true);
      }),
    );
  });
});
