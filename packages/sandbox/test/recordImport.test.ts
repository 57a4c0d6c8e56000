import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {RedcapAnswer} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {field, projectL, projectS, validation} from './support/projects.ts';

let sandbox: RunningSandbox;
let classic: string;
let longitudinal: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
});
beforeEach(async () => {
  classic = await sandbox.load(projectS());
  longitudinal = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

type Parameters = Record<string, string | string[]>;
type Row = Record<string, unknown>;

const send = (token: string, data: unknown, more: Parameters = {}): Promise<RedcapAnswer> =>
  sandbox.call(token, {content: 'record', data: typeof data === 'string' ? data : JSON.stringify(data), ...more});
const read = async (token: string, more: Parameters = {}): Promise<Row[]> =>
  (await sandbox.call(token, {content: 'record', ...more})).json as Row[];
const refusal = async (answer: Promise<RedcapAnswer>): Promise<string> => {
  const {status, json} = await answer;
  expect(status).toBe(400);
  return (json as {error: string}).error;
};

describe('what is not data', () => {
  const shape =
    'The data being imported is not formatted correctly. PHP error from JSON decoder: Syntax error. \nThe JSON must be in an array, as in [{ ... }].';
  it.each(['', '{', '{"record_id":"1"}', '[1]', '[[]]', 'null', '[{"record_id":"1"}'])(
    'refuses the JSON %s',
    async data => {
      expect(await refusal(send(classic, data))).toBe(shape);
    },
  );

  it.each([
    ['csv', 'record_id,name\n1', 'Row 2 has 1 columns'],
    ['csv', 'record_id,name\n1,"x', 'never closed'],
    ['csv', 'record_id,record_id\n1,1', 'occurs twice'],
    ['csv', '', 'no header line'],
    ['xml', '<records><item>', 'ends too early'],
    ['xml', '<!DOCTYPE a><records/>', 'document types'],
  ])('refuses the %s %s', async (format, data, reason) => {
    const message = await refusal(send(classic, data, {format, returnFormat: 'json'}));
    expect(message).toContain('The data being imported is not formatted correctly.');
    expect(message).toContain(reason);
  });

  it('lists all unknown columns and stores nothing', async () => {
    expect(await refusal(send(classic, [{record_id: 'x', foo: '1', name: 'n', baz: ''}]))).toBe(
      'The following fields were not found in the project as real data fields: foo, baz',
    );
    expect(await refusal(send(classic, [{record_id: 'x', box: '1'}]))).toContain('real data fields: box');
    expect(await read(classic, {records: 'x'})).toEqual([]);
  });

  it('needs the record id in every row', async () => {
    expect(await refusal(send(classic, [{name: 'x'}]))).toBe(
      'The record ID field "record_id" is missing from the data',
    );
    expect(await refusal(send(classic, [{record_id: 'x'}, {record_id: ' ', name: 'y'}]))).toBe(
      '"","record_id","","The record name is missing"',
    );
    expect(await refusal(send(classic, [{record_id: 'x'.repeat(101)}]))).toContain('The record name is not valid');
  });
});

describe('the key of a row', () => {
  const line = (record: string, name: string, value: string, message: string): string =>
    `"${record}","${name}","${value}","${message}"`;

  it('names unknown events', async () => {
    const rows = ['visit_11_arm_1', 'visit_12_arm_1', 'event_1_arm_1'].map(event => ({
      record_id: '1',
      redcap_event_name: event,
    }));
    expect(await refusal(send(longitudinal, rows))).toBe(
      'The following values of redcap_event_name are invalid: visit_11_arm_1, visit_12_arm_1',
    );
  });

  it('takes the first event when none is given', async () => {
    await send(longitudinal, [{record_id: 'new', sex: 1}]);
    expect(await read(longitudinal, {records: 'new', fields: ['record_id', 'sex']})).toMatchObject([
      {redcap_event_name: 'event_1_arm_1', sex: '1'},
    ]);
  });

  it('refuses values of forms that are not designated for the event, and accepts blanks there', async () => {
    expect(
      await refusal(send(longitudinal, [{record_id: '1', redcap_event_name: 'event_1_arm_2', img_uid: '1.2'}])),
    ).toBe(
      line(
        '1 (event_1_arm_2)',
        'img_uid',
        '1.2',
        "This field ('img_uid') exists on an instrument that is not designated for the event named 'Control (Arm 2: Arm 2)'. You are not allowed to import data for this field into this event.",
      ),
    );
    expect(
      (await send(longitudinal, [{record_id: '1', redcap_event_name: 'event_1_arm_2', img_uid: '', note: 'x'}])).status,
    ).toBe(200);
  });

  it('refuses instruments and instances where nothing repeats', async () => {
    expect(
      await refusal(send(classic, [{record_id: '1', redcap_repeat_instrument: 'Series', redcap_repeat_instance: 1}])),
    ).toBe(
      line(
        '1',
        'redcap_repeat_instrument',
        'Series',
        'redcap_repeat_instrument must be the unique form name of a Repeating Instrument. It currently does not match the unique form name of any Repeating Instruments.  Please fix this in the data import file and try again.',
      ),
    );
    expect(await refusal(send(classic, [{record_id: '1', redcap_repeat_instance: 2, name: 'x'}]))).toBe(
      line(
        '1',
        'redcap_repeat_instance',
        '2',
        'redcap_repeat_instance cannot have a value since this instrument or event is not a repeating instrument or repeating event, respectively.  The redcap_repeat_instance field must be left blank for this row of data.',
      ),
    );
    expect(await refusal(send(classic, [{record_id: '1', redcap_repeat_instrument: 'series', uid: '1'}]))).toBe(
      line('1', 'redcap_repeat_instance', '', 'redcap_repeat_instance is required'),
    );
    expect(await refusal(send(classic, [{record_id: '1', uid: '1'}]))).toBe(
      line(
        '1',
        'uid',
        '1',
        "This field ('uid') exists on a Repeating Instrument named 'series'. However, the fields 'redcap_repeat_instance' and/or 'redcap_repeat_instrument' for this row of data have no value, which are both required for importing data into a Repeating Instrument.  You are not allowed to import data for this field into a non-repeating instrument.",
      ),
    );
  });

  it('stores instances of repeating events', async () => {
    await send(longitudinal, [
      {record_id: '007', redcap_event_name: 'visits_arm_1', redcap_repeat_instance: 'new', note: 'third'},
      {record_id: '007', redcap_event_name: 'visits_arm_1', redcap_repeat_instance: 1, note: 'first'},
    ]);
    const rows = await read(longitudinal, {records: '007', events: 'visits_arm_1', fields: ['record_id', 'note']});
    expect(rows.map(row => [row.redcap_repeat_instance, row.note])).toEqual([
      [1, 'first'],
      [2, ''],
      [3, 'third'],
    ]);
  });

  it('makes a base row beside the first instance of a new record, and accepts rows of keys only', async () => {
    await send(classic, [
      {record_id: 'n', redcap_repeat_instrument: 'series', redcap_repeat_instance: 4, uid: '9'},
      {record_id: 'k'},
    ]);
    const rows = await read(classic, {records: 'k,n', fields: ['record_id', 'uid']});
    expect(rows.map(row => Object.values(row))).toEqual([
      ['k', '', '', ''],
      ['n', '', '', ''],
      ['n', 'series', 4, '9'],
    ]);
  });

  it('takes names that differ in case for one record and keeps the first spelling', async () => {
    const answer = await send(classic, [{record_id: ' Abc '}, {record_id: 'aBC', name: 'x'}], {returnContent: 'ids'});
    expect(answer.json).toEqual(['Abc']);
    expect(await read(classic, {records: 'ABC', fields: ['record_id', 'name']})).toMatchObject([
      {record_id: 'Abc', name: 'x'},
    ]);
  });
});

describe('values', () => {
  const types: [type: string, good: string[], bad: string[]][] = [
    ['integer', ['5', '-3', '007'], ['1.5', 'x', '1e3']],
    ['number', ['5', '-3.25', '.5'], ['1,5', 'x', '.']],
    ['number_2dp', ['1.25'], ['1.2', '1.255', '1,25']],
    ['number_comma_decimal', ['1,5', '3'], ['1.5']],
    ['number_1dp_comma_decimal', ['1,5'], ['1.5', '1']],
    ['time', ['9:05', '23:59'], ['24:00', '9']],
    ['time_hh_mm_ss', ['23:59:59'], ['23:59']],
    ['time_mm_ss', ['59:59'], ['60:00']],
    ['email', ['a.b@example.org'], ['a@b', 'a b@example.org', '@example.org']],
    ['phone', ['(555) 123-4567', '5551234567'], ['123']],
    ['zipcode', ['12345', '12345-6789'], ['1234']],
    ['date_dmy', ['2024-02-29', '1000-01-01'], ['2023-02-29', '29/02/2024', '0999-01-01', '2024-2-9']],
    ['datetime_ymd', ['2024-02-29 23:59'], ['2024-02-29', '2024-02-29 24:00', '2024-02-29 10:00:00']],
    ['datetime_seconds_mdy', ['2024-02-29 23:59:59'], ['2024-02-29 23:59']],
    ['ssn', ['anything'], []],
  ];

  it('checks every validation type', async () => {
    const token = await sandbox.load({
      name: 'types',
      metadata: [
        field('f', 'id'),
        ...types.map(([type], index) =>
          field('f', `v${index}`, 'text', {...validation(type), text_validation_max: '1'}),
        ),
      ],
    });
    const good = types.flatMap(([, values], index) =>
      values.map((value, row) => ({id: `g${index}-${row}`, [`v${index}`]: value})),
    );
    expect((await send(token, good)).text).toBe(`{"count":${good.length}}`);
    const bad = types.flatMap(([, , values], index) =>
      values.map((value, row) => ({id: `b${index}-${row}`, [`v${index}`]: value})),
    );
    expect((await refusal(send(token, bad))).split('\n')).toHaveLength(bad.length);
  });

  it('accepts slash dates only when told, one-digit days too', async () => {
    const token = await sandbox.load({
      name: 'dates',
      metadata: [field('f', 'id'), field('f', 'd', 'text', validation('datetime_ymd'))],
    });
    await send(token, [{id: '1', d: '3/4/2024 9:05'}], {dateFormat: 'DMY'});
    expect(await read(token, {fields: 'd'})).toEqual([{d: '2024-04-03 09:05'}]);
    expect(await refusal(send(token, [{id: '1', d: '13/4/2024'}], {dateFormat: 'MDY'}))).toContain('M/D/Y');
  });

  it('accepts only codes, and 0 or 1 for boxes', async () => {
    const bad = [
      {record_id: '1', pick: 'One'},
      {record_id: '2', box___1: 'Checked'},
      {record_id: '3', base_complete: '3'},
    ];
    expect((await refusal(send(classic, bad))).split('\n')).toEqual([
      '"1","pick","One","The value is not a valid category for pick"',
      '"2","box___1","Checked","The value is not a valid category for box___1"',
      '"3","base_complete","3","The value is not a valid category for base_complete"',
    ]);
  });

  it('unchecks boxes with 0, and with a blank only when overwriting', async () => {
    const boxes = async (): Promise<unknown> =>
      (await read(classic, {records: '1', fields: ['record_id', 'box']}))[0]?.box___2;
    await send(classic, [{record_id: '1', box___2: ''}]);
    expect(await boxes()).toBe('1');
    await send(classic, [{record_id: '1', box___2: ''}], {overwriteBehavior: 'overwrite'});
    expect(await boxes()).toBe('0');
    await send(classic, [{record_id: '1', box___2: 1}]);
    await send(classic, [{record_id: '1', box___2: 0}]);
    expect(await boxes()).toBe('0');
  });

  it('keeps bytes as they are, but for line ends and NUL', async () => {
    const value = `Ø "x", 'y' \n <b>&amp; 😀`;
    await send(classic, [{record_id: '1', name: value}]);
    expect((await read(classic, {records: '1'}))[0]?.name).toBe(value);
    await send(classic, [{record_id: '1', name: 'a\r\nb\0c'}]);
    expect((await read(classic, {records: '1'}))[0]?.name).toBe('a\nbc');
    expect(await refusal(send(classic, [{record_id: '1', name: 'é'.repeat(33_000)}]))).toContain(
      'The value is too long',
    );
  });

  it('ignores files and calculations, and answers groups it does not know', async () => {
    const imaging = {redcap_repeat_instrument: 'imaging', redcap_repeat_instance: 2};
    const sent = [
      {record_id: '007', bmi: '99'},
      {record_id: '007', ...imaging, img_file: 'x.jpg'},
    ];
    expect((await send(longitudinal, sent)).text).toBe('{"count":1}');
    expect((await read(longitudinal, {records: '007', fields: ['img_file']}))[0]).toEqual({img_file: 'scan.pdf'});
    expect((await read(longitudinal, {records: '007', fields: ['bmi']}))[0]).toEqual({bmi: '26.8'});
    await send(longitudinal, [{record_id: '007', redcap_data_access_group: 'clinic_a'}]);
    const [first] = await read(longitudinal, {records: '007', fields: 'record_id', exportDataAccessGroups: 'true'});
    expect(first?.redcap_data_access_group).toBe('clinic_a');
    expect(await refusal(send(longitudinal, [{record_id: '1', redcap_data_access_group: 'nowhere'}]))).toContain(
      'redcap_data_access_group',
    );
  });

  it('re-imports what it exported without a change', async () => {
    for (const [token, format] of [
      [classic, 'json'],
      [longitudinal, 'json'],
      [longitudinal, 'csv'],
      [classic, 'xml'],
    ] as const) {
      const before = (await sandbox.call(token, {content: 'record', format})).text;
      const answer = await send(token, before, {format, overwriteBehavior: 'overwrite', returnFormat: 'json'});
      expect(answer.json).toHaveProperty('count');
      expect((await sandbox.call(token, {content: 'record', format})).text).toBe(before);
    }
  });
});

describe('answers', () => {
  const rows = [{record_id: 1101}, {record_id: '1101'}, {record_id: 'x,y'}];

  it('counts records, or names them in order of first appearance', async () => {
    expect((await send(classic, rows)).text).toBe('{"count":2}');
    expect((await send(classic, rows, {returnFormat: 'csv'})).text).toBe('2');
    expect((await send(classic, rows, {returnFormat: 'xml'})).text).toBe(
      '<?xml version="1.0" encoding="UTF-8" ?><count>2</count>',
    );
    expect((await send(classic, rows, {returnContent: 'ids'})).json).toEqual(['1101', 'x,y']);
    expect((await send(classic, rows, {returnContent: 'ids', returnFormat: 'csv'})).text).toBe('id\n1101\n"x,y"');
    expect((await send(classic, rows, {returnContent: 'nothing'})).text).toBe('');
  });

  it('numbers records itself when asked to', async () => {
    const sent = [{record_id: 'p', name: 'P'}, {record_id: 'q'}, {record_id: 'p', pick: '1'}];
    const auto = {forceAutoNumber: 'True', returnContent: 'auto_ids'};
    expect((await send(classic, sent, auto)).json).toEqual(['11,p', '12,q']);
    expect((await read(classic, {records: '11', fields: ['name', 'pick']}))[0]).toEqual({name: 'P', pick: '1'});
    const own = await sandbox.load({...projectS(), record_autonumbering_enabled: 0});
    expect((await send(own, [{record_id: '1101'}], auto)).json).toEqual(['1101,1101']);
  });

  it('reads eav', async () => {
    const lines = [
      {record: '1', field_name: 'box', value: '1'},
      {record: '1', field_name: 'box___2', value: '0'},
      {record: '1', field_name: 'name', value: 'Eve'},
      {record: '1', redcap_repeat_instrument: 'series', redcap_repeat_instance: '1', field_name: 'n', value: '6'},
    ];
    expect((await send(classic, lines, {type: 'eav'})).text).toBe('{"count":1}');
    const [base, series] = await read(classic, {records: '1'});
    expect(base).toMatchObject({box___1: '1', box___2: '0', name: 'Eve'});
    expect(series).toMatchObject({n: '6'});
    expect(await refusal(send(classic, [{record: '1', field_name: 'box', value: '7'}], {type: 'eav'}))).toContain(
      'not a valid category',
    );
    expect(await refusal(send(classic, [{record: '1', field_name: 'nix', value: '7'}], {type: 'eav'}))).toContain(
      'real data fields: nix',
    );
    expect(await refusal(send(classic, [{record: '1', name: '7'}], {type: 'eav'}))).toContain('real data fields: name');
  });
});
