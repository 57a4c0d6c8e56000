import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {METADATA_COLUMNS} from '../src/project/dictionary.ts';
import {choices, field, projectL, projectS} from './support/projects.ts';

let sandbox: RunningSandbox;
let classic: string;
let longitudinal: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
  classic = await sandbox.load(projectS());
  longitudinal = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

type Parameters = Record<string, string | string[]>;
const json = async (token: string, content: string, more: Parameters = {}): Promise<unknown> =>
  (await sandbox.call(token, {content, ...more})).json;

describe('the dictionary', () => {
  it('has 18 columns, in dictionary order, without status fields and without the record id unless asked for', async () => {
    const all = (await json(longitudinal, 'metadata')) as Record<string, string>[];
    expect(Object.keys(all[0] ?? {})).toEqual([...METADATA_COLUMNS]);
    expect(all.map(row => row.field_name)).toHaveLength(12);
    const some = (await json(longitudinal, 'metadata', {fields: ['note', 'sex', 'person_complete']})) as Record<
      string,
      string
    >[];
    expect(some.map(row => row.field_name)).toEqual(['sex', 'note']);
    const form = (await json(classic, 'metadata', {forms: ['series']})) as Record<string, string>[];
    expect(form.map(row => row.field_name)).toEqual(['uid', 'n']);
  });

  it('names exported fields: boxes by code, status fields, no file and descriptive fields', async () => {
    expect(await json(classic, 'exportFieldNames')).toEqual([
      {original_field_name: 'record_id', choice_value: '', export_field_name: 'record_id'},
      {original_field_name: 'name', choice_value: '', export_field_name: 'name'},
      {original_field_name: 'box', choice_value: '1', export_field_name: 'box___1'},
      {original_field_name: 'box', choice_value: '2', export_field_name: 'box___2'},
      {original_field_name: 'pick', choice_value: '', export_field_name: 'pick'},
      {original_field_name: 'when', choice_value: '', export_field_name: 'when'},
      {original_field_name: 'base_complete', choice_value: '', export_field_name: 'base_complete'},
      {original_field_name: 'uid', choice_value: '', export_field_name: 'uid'},
      {original_field_name: 'n', choice_value: '', export_field_name: 'n'},
      {original_field_name: 'series_complete', choice_value: '', export_field_name: 'series_complete'},
    ]);
    const names = (await json(longitudinal, 'exportFieldNames')) as Record<string, string>[];
    expect(names.map(row => row.export_field_name)).not.toEqual(expect.arrayContaining(['img_file']));
    expect(await json(classic, 'exportFieldNames', {field: 'box'})).toHaveLength(2);
    expect((await sandbox.call(classic, {content: 'exportFieldNames', field: 'x'})).status).toBe(400);
  });

  it('can be replaced; values of removed fields come back with the field', async () => {
    const token = await sandbox.load(projectS());
    const before = (await json(token, 'metadata')) as Record<string, string>[];
    const without = before.filter(row => row.field_name !== 'name');
    expect(await json(token, 'metadata', {data: JSON.stringify(without)})).toEqual({count: 6});
    const [row] = (await json(token, 'record', {records: '1'})) as Record<string, unknown>[];
    expect(row).not.toHaveProperty('name');
    await json(token, 'metadata', {data: JSON.stringify(before)});
    expect(await json(token, 'record', {records: '1', fields: 'name'})).toEqual([{name: 'Ada'}]);
  });

  it('refuses a dictionary with wrong names, types and choices, all at once', async () => {
    const bad = [
      field('f', 'id'),
      field('f', 'Name'),
      field('f', 'id'),
      field('f', 'x', 'nonsense'),
      field('f', 'y', 'radio'),
      field('f', 'z', 'radio', choices('1, A | 1, B')),
      field('f', 'f_complete'),
    ];
    const {status, json: body} = await sandbox.call(classic, {content: 'metadata', data: JSON.stringify(bad)});
    expect(status).toBe(400);
    expect((body as {error: string}).error.split('\n').map(line => line.split(':')[0])).toEqual([
      'metadata[1].field_name',
      'metadata[2].field_name',
      'metadata[3].field_type',
      'metadata[4].select_choices_or_calculations',
      'metadata[5].select_choices_or_calculations',
      'metadata[6].field_name',
    ]);
  });
});

describe('events and instruments', () => {
  it('lists instruments with labels made from their names', async () => {
    expect(await json(longitudinal, 'instrument')).toEqual([
      {instrument_name: 'person', instrument_label: 'Person'},
      {instrument_name: 'imaging', instrument_label: 'Imaging'},
      {instrument_name: 'visit', instrument_label: 'Visit'},
    ]);
  });

  it('lists arms, events and their instruments, numbers as numbers', async () => {
    expect(await json(longitudinal, 'arm')).toEqual([
      {arm_num: 1, name: 'Cases'},
      {arm_num: 2, name: 'Arm 2'},
    ]);
    expect(await json(longitudinal, 'event', {arms: ['2']})).toEqual([
      {
        event_name: 'Control',
        arm_num: 2,
        unique_event_name: 'event_1_arm_2',
        custom_event_label: '',
        event_id: expect.any(Number) as number,
      },
    ]);
    expect(await json(longitudinal, 'formEventMapping')).toEqual([
      {arm_num: 1, unique_event_name: 'event_1_arm_1', form: 'person'},
      {arm_num: 1, unique_event_name: 'event_1_arm_1', form: 'imaging'},
      {arm_num: 1, unique_event_name: 'visits_arm_1', form: 'visit'},
      {arm_num: 2, unique_event_name: 'event_1_arm_2', form: 'person'},
      {arm_num: 2, unique_event_name: 'event_1_arm_2', form: 'visit'},
    ]);
    expect((await sandbox.call(longitudinal, {content: 'event', arms: '3'})).status).toBe(400);
  });

  it('has none of these in classic projects', async () => {
    expect(await json(classic, 'event')).toEqual({error: 'You cannot export events for classic projects'});
    expect(await json(classic, 'formEventMapping')).toEqual({
      error: 'You cannot export form/event mappings for classic projects',
    });
    const plain = await sandbox.load({name: 'plain', metadata: [field('f', 'id')]});
    expect(await json(plain, 'repeatingFormsEvents')).toEqual({
      error:
        'You cannot export repeating instruments and events because the project does not contain any repeating instruments and events',
    });
    expect(await json(plain, 'dag')).toEqual([]);
  });

  it('lists what repeats, in CSV without quotes around blanks', async () => {
    expect(await json(longitudinal, 'repeatingFormsEvents')).toEqual([
      {event_name: 'event_1_arm_1', form_name: 'imaging', custom_form_label: ''},
      {event_name: 'visits_arm_1', form_name: '', custom_form_label: ''},
    ]);
    const token = await sandbox.load(projectS());
    const data = JSON.stringify([{form_name: 'series', custom_form_label: '[uid] of n'}]);
    expect(await json(token, 'repeatingFormsEvents', {data})).toEqual({count: 1});
    expect((await sandbox.call(token, {content: 'repeatingFormsEvents', format: 'csv'})).text).toBe(
      'form_name,custom_form_label\nseries,[uid] of n\n',
    );
    expect((await sandbox.call(token, {content: 'repeatingFormsEvents', data: '[{"form_name":"x"}]'})).status).toBe(
      400,
    );
  });

  it('lists groups', async () => {
    expect(await json(longitudinal, 'dag')).toEqual([
      {
        data_access_group_name: 'Clinic A',
        unique_group_name: 'clinic_a',
        data_access_group_id: expect.any(Number) as number,
      },
    ]);
  });
});

describe('project, user, version', () => {
  it('describes the project in one object', async () => {
    expect(await json(longitudinal, 'project')).toMatchObject({
      project_title: 'L',
      is_longitudinal: 1,
      has_repeating_instruments_or_events: 1,
      record_autonumbering_enabled: 1,
      purpose: 0,
    });
    const other = await sandbox.load({...projectS(), project: {project_title: 'Other', purpose: 2}});
    expect(await json(other, 'project')).toMatchObject({project_title: 'Other', purpose: 2, is_longitudinal: 0});
  });

  it('answers its version, the next record name and its user', async () => {
    const version = await sandbox.call(classic, {content: 'version', format: 'xml'});
    expect([version.text, version.contentType]).toEqual(['14.7.3', 'text/html; charset=UTF-8']);
    expect((await sandbox.call(classic, {content: 'generateNextRecordName'})).text).toBe('11');
    expect((await sandbox.call(longitudinal, {content: 'generateNextRecordName'})).text).toBe('1');
    expect(await json(classic, 'user')).toMatchObject([
      {username: 'sandbox_user', api_export: 1, forms: {base: 1, series: 1}},
    ]);
  });

  it('refuses what the token has no right for', async () => {
    const token = await sandbox.load({
      ...projectS(),
      rights: {api_export: 0, api_import: 0, record_delete: 0, logging: 0},
    });
    const refused = async (parameters: Parameters): Promise<unknown> => {
      const {status, json: body} = await sandbox.call(token, parameters);
      return [status, (body as {error: string}).error];
    };
    expect(await refused({content: 'record', data: '[]'})).toEqual([
      403,
      'You do not have API Import/Update privileges',
    ]);
    expect(await refused({content: 'record', action: 'delete', records: '1'})).toEqual([
      403,
      'You do not have Delete Record privileges',
    ]);
    expect(await refused({content: 'log'})).toEqual([403, 'You do not have Logging privileges']);
    expect(await refused({content: 'record'})).toEqual([403, 'You do not have API Export privileges']);
  });

  it('refuses unknown contents, and says what it does not implement', async () => {
    expect((await sandbox.call(classic, {})).json).toEqual({
      error: 'The value of the parameter "content" is not valid',
    });
    expect((await sandbox.call(classic, {content: 'constructor'})).status).toBe(400);
    expect((await sandbox.call(classic, {content: 'report'})).status).toBe(501);
    expect((await sandbox.call(classic, {content: 'instrument', action: 'delete'})).status).toBe(501);
    expect((await sandbox.call(classic, {content: 'record', action: 'x'})).status).toBe(400);
  });
});

describe('the log', () => {
  it('lists creations, updates and exports, newest first, and filters', async () => {
    const token = await sandbox.load(projectS());
    await sandbox.call(token, {content: 'record', data: JSON.stringify([{record_id: 'n', name: 'Eve', box___1: 1}])});
    await sandbox.call(token, {
      content: 'record',
      data: JSON.stringify([{record_id: 'n', redcap_repeat_instrument: 'series', redcap_repeat_instance: 2, uid: '1'}]),
    });
    await sandbox.call(token, {content: 'record'});
    const all = (await json(token, 'log')) as Record<string, string>[];
    expect(all.map(entry => entry.action)).toEqual([
      'Data Export (API)',
      'Update record (API) n',
      'Create record (API) n',
    ]);
    expect(all[1]?.details).toBe("[instance = 2], uid = '1', series_complete = '0'");
    expect(all[2]?.details).toBe("name = 'Eve', box(1) = checked, base_complete = '0'");
    expect(all[2]?.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(await json(token, 'log', {logtype: 'record', record: 'n'})).toHaveLength(2);
    expect(await json(token, 'log', {logtype: 'record_add'})).toHaveLength(1);
    expect(await json(token, 'log', {endTime: '1999-01-01'})).toEqual([]);
    expect(
      ((await json(token, 'log', {beginTime: '1999-01-01', endTime: '2998-12-31 24:00'})) as unknown[]).length,
    ).toBeGreaterThan(3);
    expect((await sandbox.call(token, {content: 'log', logtype: 'x'})).status).toBe(400);
    expect((await sandbox.call(token, {content: 'log', beginTime: '2024-02-30'})).status).toBe(400);
  });
});
