import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Answer, judgeAnswer} from '../../src/redcap/answer.ts';
import {parseImportLines} from '../../src/redcap/importLines.ts';
import {parseNames} from '../../src/redcap/names.ts';
import {decodeRows} from '../../src/redcap/rowDecoder.ts';

const answer = (body: string, facts: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: {},
  body,
  sentBytes: 100,
  ...facts,
});

describe('the lines of a refused import', () => {
  it('hold record, field, value and message, whatever the value', () => {
    const text =
      '"3","pick","9","The value is not a valid category for pick"\n"4 (visit_1_arm_1)","note","a ""b"", c\nd","Bad"\nsomething else\n"5","when","13/45/2020","Invalid date format."';
    expect(parseImportLines(text)).toEqual([
      {record: '3', field: 'pick', value: '9', message: 'The value is not a valid category for pick'},
      {record: '4', event: 'visit_1_arm_1', field: 'note', value: 'a "b", c\nd', message: 'Bad'},
      {record: '5', field: 'when', value: '13/45/2020', message: 'Invalid date format.'},
    ]);
  });

  it('come back from any cells', () => {
    const cell = fc.string();
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell, cell), {maxLength: 5}), rows => {
        const text = rows.map(row => row.map(value => `"${value.replaceAll('"', '""')}"`).join(',')).join('\n');
        expect(parseImportLines(text).map(line => [line.field, line.value, line.message])).toEqual(
          rows.map(row => row.slice(1)),
        );
      }),
    );
  });

  it('are none in any other text, without dying of it', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom('"', ',', '\n', 'a', ' ')}), text => void parseImportLines(text)),
    );
  });
});

describe('an answer', () => {
  it.each([
    ['{"error":"You do not have permissions to use the API"}', {status: 403}, 'auth'],
    ['ERROR: You do not have permissions to use the API', {status: 403}, 'auth'],
    ['{"error":"You do not have permissions to use the API"}', {status: 403, sentBytes: 9e6}, 'tooLarge'],
    ['', {status: 200, sentBytes: 9e6}, 'tooLarge'],
    ['{"error":"The value of &quot;x&quot; is wrong"}', {}, 'rejected'],
    ['{"error":"Database is down"}', {status: 500}, 'gateway'],
    ['\uFEFF[]', {}, 'ok'],
    ['  \n<html lang="en">', {}, 'maintenance'],
    ['<html>too many requests</html>', {status: 503}, 'rateLimited'],
  ] as const)('%s %o is %s', (body, facts, kind) => {
    expect(judgeAnswer(answer(body, facts), 'json').kind).toBe(kind);
  });

  it('that is refused shows field names but no values', () => {
    const verdict = judgeAnswer(
      answer('{"error":"\\"KARI\\",\\"pick\\",\\"secret\\",\\"no\\""}', {status: 400}),
      'json',
    );
    expect(verdict).toMatchObject({kind: 'rejected', message: 'refused 1 value (pick)'});
    const odd = judgeAnswer(answer('{"error":"Record KARI is locked"}', {status: 400}), 'json');
    expect(odd.kind === 'ok' ? '' : odd.message).not.toContain('KARI');
  });

  it('is only data when it is whole JSON of rows: no cut is ever taken for data', () => {
    const body = JSON.stringify([
      {record_id: '1', name: 'x'},
      {record_id: '2', name: 'y'},
    ]);
    const shape = {recordIdField: 'record_id', longitudinal: false, repeating: false, columns: ['name'], asked: []};
    for (let length = 0; length < body.length; length++) {
      const verdict = judgeAnswer(answer(body.slice(0, length)), 'json');
      expect(verdict.kind).not.toBe('ok');
    }
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const decoded = decodeRows(value, shape);
        if (decoded.kind === 'ok') for (const row of decoded.value) expect(typeof row.record).toBe('string');
      }),
    );
  });
});

describe('a list of record names', () => {
  it('is read off the text as JSON would give it', () => {
    const name = fc.string({minLength: 1});
    const rows = fc.array(
      fc.record({name, instance: fc.constantFrom(1, '', '2'), form: fc.constantFrom('series', '')}),
      {minLength: 1},
    );
    fc.assert(
      fc.property(rows, items => {
        const text = JSON.stringify(
          items.map(item => ({
            record_id: item.name,
            redcap_repeat_instrument: item.form,
            redcap_repeat_instance: item.instance,
          })),
        );
        expect(parseNames(text, 'record_id')).toEqual([...new Set(items.map(item => item.name))]);
        expect(parseNames(JSON.stringify(JSON.parse(text), null, 1), 'record_id')).toEqual(
          parseNames(text, 'record_id'),
        );
        const cut = text.slice(0, -1 - (text.length % 5));
        expect(() => parseNames(cut, 'record_id')).toThrow(SyntaxError);
      }),
    );
  });

  it.each([
    ['[]', []],
    ['[{"record_id":7}]', ['7']],
    ['[{"record_id":""}]', undefined],
    ['[{"name":"x"}]', undefined],
    ['[null]', undefined],
    ['{"record_id":"1"}', {record_id: '1'}],
  ])('of %s is %j', (text, names) => {
    expect(parseNames(text, 'record_id')).toEqual(names);
  });
});
