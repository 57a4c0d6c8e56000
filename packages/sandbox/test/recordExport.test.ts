import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {choices, field, projectL, projectS, validation} from './support/projects.ts';

let sandbox: RunningSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
  token = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

type Row = Record<string, unknown>;
const text = async (parameters: Record<string, string | string[]> = {}): Promise<string> =>
  (await sandbox.call(token, {content: 'record', ...parameters})).text;
const rows = async (parameters: Record<string, string | string[]> = {}): Promise<Row[]> =>
  JSON.parse(await text(parameters)) as Row[];
const error = async (parameters: Record<string, string | string[]>): Promise<string> => {
  const {status, json} = await sandbox.call(token, {content: 'record', ...parameters});
  expect(status).toBe(400);
  return (json as {error: string}).error;
};

describe('a longitudinal project', () => {
  it('has the event behind the record id, and rows by event, instrument and instance', async () => {
    const all = await rows();
    expect(Object.keys(all[0] ?? {}).slice(0, 5)).toEqual([
      'record_id',
      'redcap_event_name',
      'redcap_repeat_instrument',
      'redcap_repeat_instance',
      'sex',
    ]);
    expect(all.map(row => Object.values(row).slice(0, 4))).toEqual([
      ['007', 'event_1_arm_1', '', ''],
      ['007', 'event_1_arm_1', 'imaging', 2],
      ['007', 'visits_arm_1', '', 1],
      ['007', 'visits_arm_1', '', 2],
      ['b', 'event_1_arm_2', '', ''],
    ]);
  });

  it('leaves cells blank that do not belong to the row, boxes and status included', async () => {
    const [base, imaging, visit] = await rows();
    expect(base).toMatchObject({
      sex: '1',
      person_complete: '0',
      img_uid: '',
      imaging_complete: '',
      flags___a: '',
      visit_complete: '',
    });
    expect(imaging).toMatchObject({
      sex: '',
      person_complete: '',
      img_uid: '1.2.3',
      img_file: 'scan.pdf',
      imaging_complete: '0',
    });
    expect(visit).toMatchObject({
      sex: '',
      note: 'two\nlines',
      flags___a: '0',
      flags____1: '1',
      flags___b: '0',
      visit_complete: '0',
    });
    expect(base).not.toHaveProperty('info');
  });

  it('tells whether a form was ever saved when asked to', async () => {
    const [, , , , other] = await rows({exportBlankForGrayFormStatus: 'TRUE'});
    expect(other).toMatchObject({person_complete: '0', visit_complete: ''});
  });

  it('restricts to events, records, fields and forms', async () => {
    expect(await rows({events: 'visits_arm_1', fields: ['record_id', 'note']})).toHaveLength(2);
    expect(await rows({records: ['B', 'nobody']})).toHaveLength(1);
    expect(Object.keys((await rows({fields: ['record_id', 'flags'], forms: 'imaging'}))[0] ?? {})).toEqual([
      'record_id',
      'redcap_event_name',
      'redcap_repeat_instrument',
      'redcap_repeat_instance',
      'img_uid',
      'img_at',
      'img_file',
      'imaging_complete',
      'flags___a',
      'flags____1',
      'flags___b',
    ]);
  });

  it('exports a form without the record id as rows that hold a value', async () => {
    expect(await rows({forms: 'imaging'})).toEqual([
      {img_uid: '1.2.3', img_at: '', img_file: 'scan.pdf', imaging_complete: '0'},
    ]);
  });

  it('names every unknown field, form and event', async () => {
    expect(await error({fields: ['sex', 'a', 'b___1']})).toBe(
      "The following values in the parameter \"fields\" are not valid: 'a', 'b___1'",
    );
    expect(await error({forms: 'x'})).toBe('The following values in the parameter "forms" are not valid: \'x\'');
    expect(await error({events: 'x'})).toBe('The following values in the parameter "events" are not valid: \'x\'');
  });

  it.each(['format', 'type', 'rawOrLabel', 'csvDelimiter', 'decimalCharacter', 'dateRangeBegin', 'dateRangeEnd'])(
    'refuses a senseless %s',
    async parameter => {
      const {status, text: body} = await sandbox.call(token, {
        content: 'record',
        returnFormat: 'csv',
        [parameter]: 'x',
      });
      expect([status, body]).toEqual([400, `ERROR: The value of the parameter "${parameter}" is not valid`]);
    },
  );

  it('exports labels of events, instruments, choices, boxes and groups', async () => {
    const all = await rows({rawOrLabel: 'label', exportDataAccessGroups: 'true'});
    expect(all[0]).toMatchObject({
      redcap_event_name: 'Event 1 (Arm 1: Cases)',
      sex: 'Male',
      person_complete: 'Incomplete',
    });
    expect(all[1]).toMatchObject({redcap_repeat_instrument: 'Imaging'});
    expect(all[2]).toMatchObject({flags____1: 'Checked', flags___a: 'Unchecked'});
    expect(all[4]).toMatchObject({
      redcap_event_name: 'Control (Arm 2: Arm 2)',
      smoker: 'No',
      redcap_data_access_group: 'Clinic A',
    });
    const boxes = await rows({rawOrLabel: 'label', exportCheckboxLabel: 'true', events: 'visits_arm_1'});
    expect(boxes[0]).toMatchObject({flags____1: 'Minus, one', flags___a: ''});
  });

  it('adds the group behind the instance when asked to', async () => {
    const [first] = await rows({exportDataAccessGroups: '1', fields: 'record_id'});
    expect(Object.keys(first ?? {}).at(-1)).toBe('redcap_data_access_group');
    expect(await rows({fields: 'record_id', records: 'b'})).toEqual([
      {record_id: 'b', redcap_event_name: 'event_1_arm_2', redcap_repeat_instrument: '', redcap_repeat_instance: ''},
    ]);
  });

  it('writes numbers with the wished decimal character, also in JSON', async () => {
    const [row] = await rows({decimalCharacter: ',', fields: ['height', 'bmi', 'dob']});
    expect(row).toEqual({dob: '1980-02-29', height: '193,04', bmi: '26,8'});
  });

  it('filters by values of another event', async () => {
    expect(await rows({filterLogic: '[event_1_arm_1][sex] = 1', fields: 'record_id'})).toHaveLength(4);
    expect(
      await rows({filterLogic: '[event_1_arm_1][img_uid][2] = "1.2.3" and [flags(B)] = 1', fields: 'record_id'}),
    ).toHaveLength(1);
    expect(await rows({filterLogic: '[record_id] = "b"', fields: 'record_id'})).toHaveLength(1);
  });
});

describe('formats', () => {
  it('writes CSV with the wished delimiter and a header also without rows', async () => {
    expect(await text({format: 'csv', records: 'nobody', fields: ['record_id', 'sex'], csvDelimiter: 'tab'})).toBe(
      'record_id\tredcap_event_name\tredcap_repeat_instrument\tredcap_repeat_instance\tsex\n',
    );
    const csv = await text({
      format: 'csv',
      fields: ['record_id', 'note'],
      filterLogic: '[note] <> ""',
      csvDelimiter: ';',
    });
    expect(csv.split('\n').slice(1).join('\n')).toBe('007;visits_arm_1;;1;"two\nlines"\n');
  });

  it('writes XML with every value as CDATA, and empty answers', async () => {
    expect(await text({format: 'xml', fields: 'record_id', records: 'b'})).toBe(
      '<?xml version="1.0" encoding="UTF-8" ?><records><item><record_id><![CDATA[b]]></record_id><redcap_event_name><![CDATA[event_1_arm_2]]></redcap_event_name><redcap_repeat_instrument><![CDATA[]]></redcap_repeat_instrument><redcap_repeat_instance><![CDATA[]]></redcap_repeat_instance></item></records>',
    );
    expect(await text({format: 'xml', records: 'nobody'})).toBe(
      '<?xml version="1.0" encoding="UTF-8" ?><records></records>',
    );
    expect(await text({records: 'nobody'})).toBe('[]');
  });

  it('answers XML by default and follows returnFormat for errors', async () => {
    const plain = await sandbox.call(token, {content: 'record', format: '', fields: 'x'});
    expect(plain.contentType).toBe('text/xml; charset=utf-8');
    expect(plain.text).toContain('<hash><error>The following values');
    const json = await sandbox.call(token, {content: 'record', format: 'csv', returnFormat: 'json', fields: 'x'});
    expect(json.contentType).toBe('application/json; charset=utf-8');
    expect(json.headers['cache-control']).toBe('no-store');
  });

  it('writes one line per value as eav, files as document numbers', async () => {
    const all = await rows({type: 'eav', records: ['007']});
    expect(Object.keys(all[0] ?? {})).toEqual([
      'record',
      'redcap_event_name',
      'redcap_repeat_instrument',
      'redcap_repeat_instance',
      'field_name',
      'value',
    ]);
    const value = (name: string): unknown[] => all.filter(row => row.field_name === name).map(row => row.value);
    expect(value('flags')).toEqual(['-1', 'B']);
    expect(value('img_file')).toEqual([expect.stringMatching(/^\d+$/)]);
    expect(value('smoker')).toEqual([]);
  });

  it('has label headers in CSV', async () => {
    const csv = await text({
      format: 'csv',
      rawOrLabelHeaders: 'label',
      records: 'nobody',
      fields: ['flags', 'visit_complete'],
    });
    expect(csv).toBe(
      '"Label of flags (choice=First)","Label of flags (choice=Minus, one)","Label of flags (choice=Third)",Complete?\n',
    );
  });
});

describe('order and size', () => {
  it('sorts records naturally', async () => {
    const names = ['b', '10', 'a', '332-3', '9', '331-1', '0', '01', 'C', '331-2', '12345678901234567'];
    const own = await sandbox.load({
      name: 'order',
      metadata: [field('f', 'id'), field('f', 'x')],
      data: names.map(id => ({id})),
    });
    const answer = await sandbox.call(own, {content: 'record', fields: 'id'});
    expect((answer.json as Row[]).map(row => row.id)).toEqual([
      '0',
      '9',
      '10',
      '12345678901234567',
      '01',
      '331-1',
      '331-2',
      '332-3',
      'a',
      'b',
      'C',
    ]);
  });

  it('streams more records than fit one page, from one moment, while others write', async () => {
    const count = 2500;
    const own = await sandbox.load({
      name: 'large',
      metadata: [
        field('f', 'id'),
        field('f', 'x', 'text', validation('integer')),
        field('f', 'c', 'radio', choices('1, A')),
      ],
      data: Array.from({length: count}, (_, index) => ({id: String(index + 1), x: '0'})),
    });
    const exporting = sandbox.call(own, {content: 'record'});
    const importing = sandbox.call(own, {
      content: 'record',
      data: JSON.stringify(Array.from({length: count}, (_, index) => ({id: String(index + 1), x: '1'}))),
    });
    const [exported] = await Promise.all([exporting, importing]);
    const all = exported.json as Row[];
    expect(all.map(row => row.id)).toEqual(Array.from({length: count}, (_, index) => String(index + 1)));
    expect(new Set(all.map(row => row.x)).size).toBe(1);
  });

  it('sees what a load adds while it serves, at once', async () => {
    const own = await sandbox.load(projectS());
    expect(((await sandbox.call(own, {content: 'record'})).json as Row[]).length).toBe(4);
  });
});
