import {describe, expect, it} from 'vitest';
import {subjectFrom, subjectProblem} from '../../src/transfers/subject.ts';

describe('a subject', () => {
  it.each(['P', 'PROJ_0017', 'A/B', 'x%y', 'Ålesund 7', '😀', 'x'.repeat(64), 'hashuid2'])('may be %j', text => {
    expect(subjectProblem(text)).toBeUndefined();
  });

  it.each([
    ['', 'is blank'],
    ['x'.repeat(65), 'is longer than 64 characters'],
    ['A\\B', 'holds \\, ^ or ='],
    ['A^B', 'holds \\, ^ or ='],
    ['A=B', 'holds \\, ^ or ='],
    ['A\nB', 'holds a control character'],
    ['A\u0085B', 'holds a control character'],
    [' A', 'begins or ends with a blank'],
    ['A\u00a0', 'begins or ends with a blank'],
    ['hashuid', 'is the reserved word hashuid'],
  ])('may not be %j', (text, problem) => {
    expect(subjectProblem(text)).toBe(problem);
  });

  it.each([
    ['PX_004', 'PX_004'],
    ['  PX_004\0', 'PX_004'],
    ['PX_004^^^^', 'PX_004'],
    ['PX_004^ ^ ', 'PX_004'],
    ['BERG^ANNA', 'BERG^ANNA'],
    ['^^', ''],
  ])('of %j is %j', (text, subject) => {
    expect(subjectFrom(text)).toBe(subject);
  });
});
