import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {compileFilter} from '../src/filterLogic/evaluate.ts';
import {FilterError} from '../src/filterLogic/filterError.ts';
import {parseFilter} from '../src/filterLogic/parser.ts';
import {defineProject} from '../src/project/define.ts';
import {parseProjectFile} from '../src/project/loadFormat.ts';
import {buildProject, type Project} from '../src/project/project.ts';
import {projectL, projectS} from './support/projects.ts';

function projectOf(file: Record<string, unknown>): Project {
  const parsed = parseProjectFile(file);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  let number = 0;
  const definition = defineProject(parsed.file, () => ++number);
  return buildProject({id: 1, name: 'P', token: 'T', created: ''}, definition);
}

const classic = projectOf(projectS());
const longitudinal = projectOf(projectL());

/** Evaluates an expression on one row of cells; cells of other rows are named `event/field/instance`. */
function holds(expression: string, cells: Record<string, string> = {}, project = classic): boolean {
  return compileFilter(project, expression).holds({
    cell: column => cells[column.name] ?? '',
    otherCell: (column, event, instance) => cells[`${event ?? ''}/${column.name}/${instance ?? ''}`] ?? '',
  });
}

describe('comparison', () => {
  it.each([
    ['[n] = 5', {n: '5'}, true],
    ["[n] = '05'", {n: '5'}, true],
    ['[n] >= 10', {n: '9'}, false],
    ['[n] > "9"', {n: '10'}, true],
    ['[name] = "Ada"', {name: 'Ada'}, true],
    ['[name] = "ada"', {name: 'Ada'}, false],
    ['[uid] = "1.2.30"', {uid: '1.2.3'}, false],
    ['[name] <> ""', {}, false],
    ['[name] != ""', {name: 'x'}, true],
    ['[n] < 5', {}, false],
    ['[n] <= ""', {n: '1'}, false],
    ['[n] <> 5', {}, true],
    ['[n]', {n: '0'}, false],
    ['[n]', {n: '7'}, true],
    ['[box(2)] = 1', {box___2: '1'}, true],
    ['[box(1)] = "1"', {box___2: '1'}, false],
  ])('%s on %o is %s', (expression, cells, expected) => {
    expect(holds(expression, cells)).toBe(expected);
  });
});

describe('logic and arithmetic', () => {
  it.each([
    ['1 = 2 and 1 = 1 or 1 = 1', true],
    ['1 = 1 or 1 = 1 and 1 = 2', true],
    ['(1 = 1 or 1 = 1) and 1 = 2', false],
    ['NOT(1 = 2) And !(1 = 2)', true],
    ['not 1 = 2', true],
    ['1 + 2 * 3 = 7', true],
    ['(1 + 2) * 3 = 9', true],
    ['10 - 4 - 3 = 3', true],
    ['-2 < -1', true],
    ['"" + 1 = ""', true],
    ['1 / 0 = ""', true],
  ])('%s is %s', (expression, expected) => {
    expect(holds(expression)).toBe(expected);
  });
});

describe('functions', () => {
  it.each([
    'round(2.345, 2) = 2.35',
    'roundup(2.1) = 3 and rounddown(2.9) = 2',
    'sqrt(9) = 3 and abs(-4) = 4 and sqrt(-1) = ""',
    'sum(1, "", 2) = 3 and mean(1, 3) = 2 and min(3, 1) = 1 and max(3, "7") = 7',
    'if(1 = 1, "yes", "no") = "yes"',
    'contains("Hello", "ELL") and not_contain("Hello", "x")',
    'starts_with("abc", "AB") and ends_with("abc", "c")',
    'length("Øx") = 2 and upper("a") = "A" and lower("B") = "b" and trim(" a ") = "a"',
    'left("abcd", 2) = "ab" and right("abcd", 2) = "cd" and mid("abcd", 2, 2) = "bc"',
    'concat("a", 1) = "a1" and concat_ws("-", "a", "b") = "a-b" and find("c", "abc") = 3',
    'isnumber("1.5") and not(isnumber("x")) and isinteger("3") and not(isinteger("3.5"))',
    'isblankormissingcode("") and not(isblankormissingcode("a"))',
    'year("2024-02-29") = 2024 and month("2024-02-29") = 2 and day("2024-02-29 10:00") = 29',
    'datediff("2024-01-01", "2024-01-11", "d") = 10',
    'datediff("2024-01-11", "2024-01-01", "d", true) = -10',
    'datediff("01-11-2024", "01-01-2024", "d", "mdy") = 10',
    'datediff("2024-01-01 10:00", "2024-01-01 12:30", "h") = 2.5',
    'datediff("", "today", "d") = ""',
  ])('%s', expression => {
    expect(holds(expression)).toBe(true);
  });
});

describe('references', () => {
  it('reads other events and instances of the record', () => {
    const cells = {'event_1_arm_2/sex/': '1', 'event_1_arm_1/img_uid/2': '1.2', '/img_uid/3': '1.3'};
    expect(holds('[event_1_arm_2][sex] = 1', cells, longitudinal)).toBe(true);
    expect(holds('[event_1_arm_1][img_uid][2] = "1.2"', cells, longitudinal)).toBe(true);
    expect(holds('[img_uid][3] = "1.3"', cells, longitudinal)).toBe(true);
  });

  it.each([
    ['[pick] = ', 'a value is expected'],
    ['[nix] = 1', 'field "nix"'],
    ['[box] = 1', 'checkbox "box" needs a code'],
    ['[pick(1)] = 1', 'no checkbox'],
    ['[box(9)] = 1', 'no value'],
    ['[other][pick] = 1', 'event "other"'],
    ['[pick][0] = 1', 'no instance'],
    ['[a][b][c][d]', 'too many'],
    ['evil("x")', 'function "evil"'],
    ['constructor("x")', 'function "constructor"'],
    ['round()', 'takes 1 to 2'],
    ['"open', 'not understood'],
    ['1 = 1)', 'unexpected ")"'],
  ])('refuses %s', (expression, reason) => {
    expect(() => compileFilter(classic, expression)).toThrow(reason);
  });

  it('refuses what is too deep or too long', () => {
    expect(() => parseFilter(`${'('.repeat(101)}1${')'.repeat(101)}`)).toThrow('nested deeper');
    expect(() => parseFilter('!'.repeat(200))).toThrow('nested deeper');
    expect(() => parseFilter(`"${'x'.repeat(10_000)}"`)).toThrow('longer than');
  });

  it('takes long chains without trouble', () => {
    expect(holds(Array.from({length: 800}, () => '[n] = 1').join(' or '), {n: '1'})).toBe(true);
    expect(holds(`${'1+'.repeat(4000)}1 = 4001`)).toBe(true);
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    '[n]',
    '[box(1)]',
    '[',
    ']',
    '(',
    ')',
    '"a"',
    "'",
    '=',
    '<>',
    '<',
    ' and ',
    ' or ',
    'not',
    '!',
    '-',
    '+',
    '*',
    '/',
    '1',
    '.5',
    'round',
    'if(',
    ',',
    ' ',
    '\n',
    'é',
    '\0',
    'today',
  );
  const garbage = fc.oneof(
    fc.string({maxLength: 200}),
    fc.array(pieces, {maxLength: 60}).map(parts => parts.join('')),
  );

  it('parses or is refused with a reason, and evaluates without failing', () => {
    fc.assert(
      fc.property(garbage, fc.string(), (text, cell) => {
        try {
          expect(typeof holds(text, {n: cell, box___1: '1'})).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
        }
      }),
      {numRuns: 2000},
    );
  });

  it('keeps text literals as they are', () => {
    fc.assert(
      fc.property(
        fc.string().filter(text => !text.includes('"')),
        text => {
          expect(parseFilter(`"${text}"`)).toEqual({kind: 'literal', value: text});
        },
      ),
    );
  });
});
