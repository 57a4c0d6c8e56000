import {describe, expect, it} from 'vitest';
import {classifyImage} from '../../src/classify/evaluate.ts';
import {parseRules} from '../../src/classify/ruleFile.ts';
import {classify, one, types} from './classifyHelpers.ts';
import {type Attributes, anImage, d1} from './helpers.ts';

const without = (image: Attributes, keyword: string): Attributes => {
  const {[keyword]: _gone, ...rest} = image;
  return rest;
};

const siemens = {type: 'SIEMENS', id: 'S', rules: [{tag: ['0x08', '0x70'], value: '^SIEMENS'}]};

describe('worked examples', () => {
  it('1: searches a pattern by default, case sensitive', () => {
    expect(types([siemens])).toEqual(['SIEMENS']);
    expect(types([siemens], [{...d1, Manufacturer: ['LO', 'Siemens']}])).toEqual([]);
  });

  it('2: searches the text form of a series key', () => {
    const series = {AcquisitionMatrix: '[0, 256, 256, 0]'};
    expect(types(one({tag: ['AcquisitionMatrix'], value: '0, 256, 256, 0'}), [d1], series)).toEqual(['T']);
    expect(types(one({tag: ['AcquisitionMatrix'], value: '^0, 256'}), [d1], series)).toEqual([]);
  });

  it('3: contains compares elements of a list, finds parts of a text', () => {
    const rule = one({tag: ['0x08', '0x08'], operator: 'contains', value: 'N'});
    expect(types(rule)).toEqual([]);
    expect(types(rule, [{...d1, ImageType: ['CS', 'NORM']}])).toEqual(['T']);
    const series = {ImageType: "['ORIGINAL', 'PRIMARY', 'M', 'ND']"};
    expect(types(one({tag: ['ImageType'], operator: 'contains', value: 'ND'}), [d1], series)).toEqual(['T']);
  });

  it('4: a negated contains holds for an absent element', () => {
    const coil = {tag: ['0x51', '0x100f'], operator: 'contains', negate: 'yes', value: 'HC1-7'};
    const error = (...more: object[]) => [siemens, {type: 'Coil Error', rules: [{rule: 'S'}, coil, ...more]}];
    expect(types(error())).toEqual(['SIEMENS', 'Coil Error']);
    expect(types(error({tag: ['0x51', '0x100f'], operator: 'exist'}))).toEqual(['SIEMENS']);
  });

  it('5: ignores a numeric test on a missing value, negated or not', () => {
    expect(types(one({tag: ['NumImages'], operator: '==', value: '1'}))).toEqual(['T']);
    expect(types(one({tag: ['NumImages'], operator: '==', value: '1', negate: 'yes'}))).toEqual(['T']);
    expect(types(one({tag: ['NumImages'], operator: 'regexp', value: '1'}))).toEqual([]);
  });

  it('6: compares two elements', () => {
    const square = one({tag: ['0x28', '0x10'], operator: '==', value: ['0x28', '0x11']});
    expect(types(square)).toEqual(['T']);
    expect(types(square, [{...d1, Columns: ['US', 192]}])).toEqual([]);
    expect(types(square, [without(d1, 'Columns')])).toEqual(['T']);
  });

  it('7: takes a short text literally', () => {
    const rule = one({tag: ['0x28', '0x10'], operator: '==', value: '88'});
    expect(types(rule, [{...d1, Rows: ['US', 88]}])).toEqual(['T']);
    expect(types(rule)).toEqual([]);
  });

  it('8: approximates lists of numbers', () => {
    const value = [1, 0, 0, 0, 1, 0];
    const axial = (more: object) => one({tag: ['0x20', '0x37'], operator: 'approx', value, ...more});
    expect(types(axial({approxLevel: '0.0004'}))).toEqual(['T']);
    expect(types(axial({}))).toEqual([]);
    expect(types(axial({approxLevel: '0.0004'}), [without(d1, 'ImageOrientationPatient')])).toEqual([]);
    expect(types(axial({negate: 'yes'}), [without(d1, 'ImageOrientationPatient')])).toEqual([]);
  });

  it('9: looks at one of several values', () => {
    expect(types(one({tag: ['0x28', '0x30', '1'], operator: '<', value: '1'}))).toEqual(['T']);
    expect(types(one({tag: ['0x28', '0x30', '5'], operator: '<', value: '1'}))).toEqual(['T']);
    expect(types(one({tag: ['0x28', '0x30', '5'], operator: 'exist'}))).toEqual([]);
  });

  it('10: notrule is NOT of the whole rule', () => {
    const rules = [
      {type: 'S256', id: 'S256', rules: [...siemens.rules, {tag: ['0x28', '0x10'], operator: '==', value: '256'}]},
      {type: 'other', rules: [{notrule: 'S256'}]},
    ];
    expect(types(rules)).toEqual(['S256']);
    expect(types(rules, [{...d1, Rows: ['US', 128]}])).toEqual(['other']);
    expect(types(rules, [{...d1, Manufacturer: ['LO', 'GE']}])).toEqual(['other']);
  });

  it('11: SeriesLevel means true for every image', () => {
    const rows = [
      {type: 'all256', check: 'SeriesLevel', rules: [{tag: ['0x28', '0x10'], operator: '==', value: '256'}]},
    ];
    const image = (count: number): Attributes => ({...d1, Rows: ['US', count]});
    expect(classify(rows, [image(256)])).toEqual({types: ['all256'], failed: []});
    expect(types(rows, [image(256), image(128)])).toEqual([]);
    expect(classify(rows, [image(256), image(128), image(256)])).toEqual({types: [], failed: ['all256']});
  });

  it('12: rules on ClassifyType come last and see what the same image added', () => {
    const plane = (type: string, value: number[]) => ({
      type,
      rules: [{tag: ['0x20', '0x37'], operator: 'approx', value}],
    });
    const rules = [
      {
        type: 'localizer',
        rules: ['axial', 'coronal', 'sagittal'].map(value => ({tag: ['ClassifyType'], operator: 'contains', value})),
      },
      plane('axial', [1, 0, 0, 0, 1, 0]),
      plane('coronal', [1, 0, 0, 0, 0, -1]),
      plane('sagittal', [0, 1, 0, 0, 0, -1]),
    ];
    const image = (...values: string[]): Attributes => ({ImageOrientationPatient: ['DS', ...values]});
    const images = [
      image('1', '0', '0', '0', '1', '0'),
      image('1', '0', '0', '0', '0', '-1'),
      image('0', '1', '0', '0', '0', '-1'),
    ];
    expect(types(rules, images.slice(0, 2))).toEqual(['axial', 'coronal']);
    expect(types(rules, images)).toEqual(['axial', 'coronal', 'sagittal', 'localizer']);
  });
});

describe('defects that must not come back', () => {
  it('CL-1: exist and notexist work', () => {
    expect(types(one({tag: ['0x28', '0x10'], operator: 'exist', value: ''}))).toEqual(['T']);
    expect(types(one({tag: ['0x28', '0x10'], operator: 'notexist', value: ''}))).toEqual([]);
  });

  it('CL-2: approx matches elements with several values', () => {
    expect(types(one({tag: ['PixelSpacing'], operator: 'approx', value: [0.5, 0.5]}))).toEqual(['T']);
  });

  it.each(['88', '85', '889', 257, [0.5, 0.5]])('CL-3: %j is a value, no tag', value => {
    expect(types(one({tag: ['0x28', '0x10'], operator: '!=', value}))).toEqual(['T']);
  });

  it('CL-4: a keyword means the value', () => {
    const image: Attributes = {BodyPartExamined: ['CS', 'BRAIN'], ...d1};
    expect(types(one({tag: ['BodyPartExamined'], value: '^BRAIN$'}), [image])).toEqual(['T']);
    expect(types(one({tag: ['Rows'], operator: '>', value: 100}))).toEqual(['T']);
    expect(types(one({tag: ['BodyPartExamined'], operator: 'contains', value: 'RAI'}), [image])).toEqual(['T']);
  });

  it.each([
    [{tag: ['0x28', '0x30'], operator: '==', value: '0.5'}, true],
    [{tag: ['0x28', '0x10'], operator: 'contains', value: '25'}, true],
    [{tag: ['0x28', '0x30', '7'], operator: 'contains', value: '0'}, false],
    [{tag: ['0x08', '0x70'], operator: 'regexp', value: 5}, false],
    [{tag: ['0x08', '0x70'], operator: 'regexp'}, false],
    [{tag: ['0x08', '0x70'], operator: '=='}, true],
    [{tag: ['0x08', '0x70'], operator: 'contains'}, false],
    [{tag: ['0x28', '0x10'], operator: 'approx'}, false],
  ])('CL-5: %j never throws', (condition, matches) => {
    expect(types(one(condition))).toEqual(matches ? ['T'] : []);
  });

  it('CL-7: a numeric test on what is missing is ignored', () => {
    const mrs = {type: 'MRS', rules: [{tag: ['NumImages'], operator: '==', value: '1'}]};
    const physio = {type: 'Physio', rules: [{tag: ['NumImages'], operator: '==', value: '1', negate: 'yes'}]};
    expect(types([mrs, physio])).toEqual(['MRS', 'Physio']);
  });

  it('CL-7: ignored stays ignored behind notrule', () => {
    const single = {type: 'single', id: 'one', rules: [{tag: ['NumImages'], operator: '==', value: '1'}]};
    expect(types([single, {type: 'many', rules: [{notrule: 'one'}]}])).toEqual(['single', 'many']);
  });

  it('CL-8: negation goes through nested references', () => {
    const rules = [
      {type: 'A', id: 'A', rules: [{tag: ['Rows'], operator: '==', value: 256}]},
      {type: 'B', id: 'B', rules: [{rule: 'A'}, {tag: ['Columns'], operator: '==', value: 256, negate: 'yes'}]},
      {type: 'notB', id: 'notB', rules: [{notrule: 'B'}]},
      {type: 'notNotB', rules: [{notrule: 'notB'}]},
    ];
    expect(types(rules)).toEqual(['A', 'notB']);
    expect(types(rules, [{...d1, Columns: ['US', 1]}])).toEqual(['A', 'B', 'notNotB']);
  });

  it('CL-9: an id that several objects have means any of them', () => {
    const rules = [
      {type: 'GE', id: 'vendor', rules: [{tag: ['Manufacturer'], value: '^GE'}]},
      {type: 'SIEMENS', id: 'vendor', rules: [{tag: ['Manufacturer'], value: '^SIEMENS'}]},
      {type: 'known', rules: [{rule: 'vendor'}]},
      {type: 'unknown', rules: [{notrule: 'vendor'}]},
    ];
    expect(types(rules)).toEqual(['SIEMENS', 'known']);
    expect(types(rules, [{}])).toEqual(['unknown']);
  });

  it('CL-12: a reference to an empty rule object is true', () => {
    expect(
      types([
        {type: 'all', id: 'e', rules: []},
        {type: 'T', rules: [{rule: 'e'}]},
      ]),
    ).toEqual(['all', 'T']);
  });

  it('CL-13: any object of a SeriesLevel type may carry it, but one must on every image', () => {
    const rows = (value: number, check?: string) => ({
      type: 'T',
      ...(check && {check}),
      rules: [{tag: ['Rows'], operator: '==', value}],
    });
    const rules = [rows(256, 'SeriesLevel'), rows(128)];
    const image = (count: number): Attributes => ({Rows: ['US', count]});
    expect(types(rules, [image(256), image(128)])).toEqual(['T']);
    expect(classify(rows(1) && rules, [image(256), image(64), image(256)])).toEqual({types: [], failed: ['T']});
  });

  it('CL-14: a negated approx of lists needs one element to differ', () => {
    const condition = {tag: ['PixelSpacing'], operator: 'approx', value: [0.5, 0.7], negate: 'yes'};
    expect(types(one(condition))).toEqual(['T']);
  });

  it('CL-16: keys of the series are seen as they are stored', () => {
    const series = {SeriesDescription: 'first image', Modality: ['MR', 'SC']};
    expect(
      types(one({tag: ['SeriesDescription'], value: '^first'}), [{SeriesDescription: ['LO', 'second']}], series),
    ).toEqual(['T']);
    expect(types(one({tag: ['Modality'], operator: 'contains', value: 'SC'}), [d1], series)).toEqual(['T']);
  });

  it('header content is never a pattern', () => {
    const rule = one({tag: ['StudyDescription'], value: ['SeriesDescription']});
    const image = (description: string): Attributes => ({
      StudyDescription: ['LO', 'abc'],
      SeriesDescription: ['LO', description],
    });
    expect(types(rule, [image('.*')])).toEqual([]);
    expect(types(rule, [image('b')])).toEqual(['T']);
  });

  it('an unresolved reference fails, but numeric operators ignore it', () => {
    expect(types(one({tag: ['Rows'], value: ['0x08', '0x80']}))).toEqual([]);
    expect(types(one({tag: ['Rows'], operator: 'contains', value: ['0x08', '0x80']}))).toEqual([]);
    expect(types(one({tag: ['Rows'], operator: '<', value: ['0x08', '0x80']}))).toEqual(['T']);
  });

  it.each(['', '0x10', 'nan', 'inf', '1,5', '1_0', ' '])('%j is no number', text => {
    expect(types(one({tag: ['Rows'], operator: '==', value: text, negate: 'yes'}))).toEqual(['T']);
    expect(types(one({tag: ['Rows'], operator: '==', value: text}))).toEqual(['T']);
  });

  it('gives up a pattern that takes too long, says so and goes on', () => {
    const rules = parseRules(
      JSON.stringify([
        {type: 'slow', rules: [{tag: ['ImageComments'], value: '^(?:(a+)+)+\\1b$'}]},
        {type: 'fine', rules: []},
      ]),
    );
    const dataSet = anImage({ImageComments: ['LT', 'a'.repeat(5000)]});
    const result = classifyImage(rules, {series: {}, dataSet, types: [], failed: []});
    expect(result.types).toEqual(['fine']);
    expect(result.problems).toHaveLength(1);
  });
});
