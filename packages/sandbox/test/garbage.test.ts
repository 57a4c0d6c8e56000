import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {encodeParameters, postRaw} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {projectL} from './support/projects.ts';

let sandbox: RunningSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({site: false, plainHttp: true});
  token = await sandbox.load(projectL());
});
afterAll(async () => {
  await sandbox.stop();
});

const contents = [
  'record',
  'metadata',
  'instrument',
  'event',
  'arm',
  'formEventMapping',
  'repeatingFormsEvents',
  'exportFieldNames',
  'generateNextRecordName',
  'project',
  'version',
  'user',
  'dag',
  'log',
  'file',
  'pdf',
  '__proto__',
];
const columns = [
  'record_id',
  'redcap_event_name',
  'redcap_repeat_instrument',
  'redcap_repeat_instance',
  'redcap_data_access_group',
  'sex',
  'dob',
  'height',
  'bmi',
  'info',
  'img_uid',
  'img_file',
  'note',
  'flags___a',
  'flags',
  'visit_complete',
  '__proto__',
  'record',
  'field_name',
  'value',
];
const cells = fc.oneof(
  fc.constantFrom(
    '007',
    'b',
    'event_1_arm_1',
    'visits_arm_1',
    'event_1_arm_2',
    'imaging',
    'new',
    '1',
    '0',
    '',
    'flags',
    'clinic_a',
    '2024-02-29',
  ),
  fc.string({maxLength: 20}),
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
);
const row = fc.dictionary(fc.constantFrom(...columns), cells, {maxKeys: 6});
const data = fc.oneof(
  fc.array(row, {maxLength: 4}).map(rows => JSON.stringify(rows)),
  fc.json(),
  fc.string(),
);
const names = [
  'records',
  'fields[0]',
  'forms',
  'events[]',
  'arms',
  'type',
  'rawOrLabel',
  'returnFormat',
  'filterLogic',
  'dateRangeBegin',
  'returnContent',
  'overwriteBehavior',
  'forceAutoNumber',
  'dateFormat',
  'csvDelimiter',
  'arm',
  'event',
  'instrument',
  'repeat_instance',
  'record',
  'field',
  'new_record_name',
  'logtype',
  'beginTime',
  'decimalCharacter',
  'exportDataAccessGroups',
];
const words = fc.oneof(
  fc.constantFrom(
    '007',
    'sex',
    'imaging',
    'event_1_arm_1',
    '1',
    'true',
    'label',
    'eav',
    'ids',
    'auto_ids',
    'overwrite',
    'MDY',
    '[sex] = 1',
    '[flags(B)] or [img_uid][2] <> ""',
    'img_file',
    ',',
    '2024-01-01',
    'export',
  ),
  fc.string({unit: 'grapheme', maxLength: 30}),
);
const request = fc.record({
  content: fc.constantFrom(...contents),
  action: fc.constantFrom('', '', 'import', 'export', 'delete', 'rename', 'x'),
  format: fc.constantFrom('json', 'json', 'csv', 'xml', 'odm', ''),
  data: fc.option(data, {nil: undefined}),
  more: fc.dictionary(fc.constantFrom(...names), words, {maxKeys: 5}),
});

describe('any request', () => {
  it('is answered or refused, never with a server error', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({content, action, format, data: sent, more}) => {
        const parameters = {token, content, action, format, ...(sent !== undefined && {data: sent}), ...more};
        const answer = await postRaw(sandbox, encodeParameters(parameters));
        expect([200, 400, 403, 501]).toContain(answer.status);
        if (answer.status === 200 && content === 'metadata') token = await sandbox.load(projectL());
      }),
      {numRuns: 1500},
    );
  });

  it('leaves a server that still answers after bodies that are no requests', async () => {
    const types = fc.constantFrom(
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json',
      '',
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({maxLength: 300}), types, async (bytes, type) => {
        const answer = await postRaw(sandbox, Buffer.from(bytes), {headers: {'Content-Type': type}});
        expect(answer.status).toBe(403);
      }),
      {numRuns: 200},
    );
    expect((await sandbox.call(token, {content: 'version'})).text).toBe('14.7.3');
  });
});
