import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {classifyImage} from '../../src/classify/evaluate.ts';
import {printRules} from '../../src/classify/flatten.ts';
import {parseRules, RuleFileError, readRuleFile} from '../../src/classify/ruleFile.ts';
import {seriesTextKeys} from '../../src/site/seriesJson.ts';
import {anImage, d1} from './helpers.ts';

const isSeriesKey = (name: string) => (seriesTextKeys as readonly string[]).includes(name) || name === 'ClassifyType';
const parse = (rules: unknown) => parseRules(JSON.stringify(rules), {isSeriesKey});
const one = (condition: object) => [{type: 'T', rules: [condition]}];

/** Numbers of the objects that are disabled. */
const disabled = (rules: unknown) =>
  parse(rules)
    .objects.filter(({node}) => !node)
    .map(({number}) => number);
const warnings = (rules: unknown) =>
  parse(rules)
    .problems.filter(({severity}) => severity === 'warning')
    .map(({message}) => message);

describe('a rule file', () => {
  it.each(['', '{', '{}', '"x"', 'null', '3'])('is refused when it is %j', text => {
    expect(() => parseRules(text)).toThrow(RuleFileError);
  });

  it('is read with its hash; a missing one is no error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fiona-rules-'));
    writeFileSync(join(folder, 'rules.json'), '\uFEFF[]');
    expect((await readRuleFile(join(folder, 'rules.json')))?.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(await readRuleFile(join(folder, 'none.json'))).toBeUndefined();
    rmSync(folder, {recursive: true});
  });

  it.each([
    ['CL-6: a number with a leading zero', {tag: ['0028', '0x10']}],
    ['CL-6: four entries', {tag: ['0x28', '0x10', '1', '2']}],
    ['CL-6: letters', {tag: ['0x28', 'rows']}],
    ['CL-6: a name that cannot be one', {tag: ['0028']}],
    ['CL-6: too large', {tag: ['0x28000', '0x10']}],
    ['CL-6: no tag', {value: 'x'}],
    ['an unknown operator', {tag: ['Rows'], operator: '<=', value: 5}],
    ['a pattern that does not compile', {tag: ['Rows'], value: '('}],
    ['a pattern of another dialect', {tag: ['Rows'], value: '\\p{L}'}],
    ['an object as value', {tag: ['Rows'], value: {}}],
    ['a level that is no number', {tag: ['Rows'], operator: 'approx', value: 1, approxLevel: 'x'}],
    ['CL-10: an unknown id', {rule: 'nobody'}],
  ])('disables the object with %s, not the others', (_what, condition) => {
    expect(disabled([...one(condition), {type: 'fine', rules: []}])).toEqual([1]);
  });

  it.each([[5], [{rules: []}], [{type: 'T'}], [{type: '', rules: []}], [{type: 'T', rules: [3]}]])(
    'disables %j, which is no rule object',
    object => {
      expect(disabled([object])).toEqual([1]);
    },
  );

  it('CL-11: disables what is in a cycle or reaches one', () => {
    const refers = (id: string, to: string) => ({type: id, id, rules: [{rule: to}]});
    expect(
      disabled([refers('A', 'B'), refers('B', 'A'), refers('C', 'A'), refers('D', 'D'), {type: 'E', rules: []}]),
    ).toEqual([1, 2, 3, 4]);
  });

  it('disables what refers to a disabled object', () => {
    expect(
      disabled([
        {type: 'A', id: 'A', rules: [{tag: []}]},
        {type: 'B', rules: [{notrule: 'A'}]},
      ]),
    ).toEqual([1, 2]);
  });

  it('disables references that multiply without end', () => {
    const chain = Array.from({length: 20}, (_, n) => ({
      type: `T${n}`,
      id: `${n}`,
      rules: [{rule: `${n + 1}`}, {rule: `${n + 1}`}],
    }));
    const rules = [...chain, {type: 'end', id: '20', rules: [{tag: ['Rows'], value: '1'}]}];
    expect(disabled(rules)).toContain(1);
    expect(disabled(rules)).not.toContain(21);
  });

  it.each([
    ['an unknown name', one({tag: ['NumImages'], operator: '==', value: '1'}), 'NumImages'],
    [
      'a duplicate id',
      [
        {type: 'A', id: 'x', rules: [{tag: ['Rows'], value: '1'}]},
        {type: 'B', id: 'x', rules: [{tag: ['Rows'], value: '1'}]},
      ],
      'id "x"',
    ],
    [
      'mixed SeriesLevel',
      [
        {type: 'A', check: 'SeriesLevel', rules: [{tag: ['Rows'], value: '1'}]},
        {type: 'A', rules: [{tag: ['Rows'], value: '1'}]},
      ],
      'SeriesLevel',
    ],
    ['a numeric operator with a text', one({tag: ['Rows'], operator: '==', value: 'many'}), 'always ignored'],
    ['approx with a text', one({tag: ['Rows'], operator: 'approx', value: '1'}), 'is a text'],
    ['empty rules', [{type: 'A', rules: []}], 'every image'],
    ['a missing value', one({tag: ['Rows']}), 'value is missing'],
  ])('warns of %s', (_what, rules, text) => {
    expect(warnings(rules).join('\n')).toContain(text);
    expect(disabled(rules)).toEqual([]);
  });

  it('is printed flat where that means the same, else with not, all, any', () => {
    const rules = [
      {type: 'GE', id: 'GE', rules: [{value: '^GE', tag: ['Manufacturer']}]},
      {type: 'big', id: 'big', rules: [{rule: 'GE'}, {tag: ['Rows'], operator: '>', value: 100}]},
      {type: 'notGE', rules: [{notrule: 'GE'}]},
      {type: 'notBig', check: 'SeriesLevel', rules: [{notrule: 'big'}]},
      {type: 'broken', rules: [{rule: 'nobody'}]},
      {type: 'X', id: 'x', rules: [{tag: ['Rows'], value: '1'}]},
      {type: 'X', id: 'x', rules: [{tag: ['Rows'], value: '2'}]},
      {type: 'any', rules: [{rule: 'x'}]},
    ];
    const ge = {tag: ['Manufacturer'], value: '^GE'};
    const large = {operator: '>', tag: ['Rows'], value: 100};
    expect(JSON.parse(printRules(parse(rules).objects))).toEqual([
      {id: 'GE', rules: [ge], type: 'GE'},
      {id: 'big', rules: [ge, large], type: 'big'},
      {rules: [{negate: 'yes', ...ge}], type: 'notGE'},
      {check: 'SeriesLevel', rules: [{not: {all: [ge, large]}}], type: 'notBig'},
      {disabled: true, rules: [], type: 'broken'},
      {id: 'x', rules: [{tag: ['Rows'], value: '1'}], type: 'X'},
      {id: 'x', rules: [{tag: ['Rows'], value: '2'}], type: 'X'},
      {rules: [{any: [{all: [{tag: ['Rows'], value: '1'}]}, {all: [{tag: ['Rows'], value: '2'}]}]}], type: 'any'},
    ]);
  });

  it('never dies of any rules and any image', () => {
    const image = anImage(d1);
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
    const tag = fc.oneof(
      fc.constantFrom(['Rows'], ['0x28', '0x10'], ['0x28', '0x30', '1'], ['ClassifyType'], ['Manufacturer']),
      fc.array(scalar, {maxLength: 4}),
    );
    const condition = fc.oneof(
      fc.record({rule: fc.constantFrom('a', 'b', 'c')}),
      fc.record({notrule: fc.constantFrom('a', 'b', 'c')}),
      fc.record(
        {
          tag,
          operator: fc.constantFrom('regexp', '==', '!=', '<', '>', 'contains', 'approx', 'exist', 'notexist', 'x'),
          value: fc.oneof(scalar, tag, fc.array(scalar)),
          negate: fc.constantFrom('yes', 'no', 1),
          approxLevel: scalar,
        },
        {requiredKeys: []},
      ),
    );
    const object = fc.record(
      {
        type: fc.constantFrom('A', 'B', 'C'),
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        check: fc.constantFrom('SeriesLevel', ''),
        rules: fc.array(condition),
      },
      {requiredKeys: ['type']},
    );
    fc.assert(
      fc.property(fc.array(object), rules => {
        const set = parse(rules);
        JSON.parse(printRules(set.objects));
        const first = classifyImage(set, {series: {}, dataSet: image, types: [], failed: []});
        const second = classifyImage(set, {series: {}, dataSet: image, ...first});
        // the same image again can add what looks at the types, but what failed stays failed
        expect(first.failed.every(type => second.failed.includes(type))).toBe(true);
        expect(second.types.some(type => second.failed.includes(type))).toBe(false);
      }),
    );
  });

  it('never dies of a text that is no rule file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), text => {
        try {
          parseRules(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RuleFileError);
        }
      }),
    );
  });
});
