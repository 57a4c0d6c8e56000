import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {asUid} from '../../src/dicom/uid.ts';
import {formatRequest, parseRequest, requestFileName, sameTransfer} from '../../src/transfers/request.ts';
import {TransferRequestError} from '../../src/transfers/requestError.ts';
import {aRequest} from './support.ts';

const publishedRequest = `{
  "redcap_repeat_instance": 1,
  "redcap_repeat_instrument": "transfers",
  "study_instance_uid": "1.2.826.0.1.3680043.10.999.1",
  "transfer_date": "",
  "transfer_event_name": "Baseline",
  "transfer_name": "PROJ_0017",
  "transfer_project_name": "PROJ",
  "transfer_requested_date": "2024-01-31 10:15"
}`;

function problemOf(content: unknown): string | undefined {
  try {
    parseRequest(typeof content === 'string' ? content : JSON.stringify(content));
    return undefined;
  } catch (error) {
    if (error instanceof TransferRequestError) return error.field ?? error.problem;
    throw error;
  }
}

describe('the content of a request', () => {
  it('is written as published, byte for byte', () => {
    expect(formatRequest(aRequest())).toBe(publishedRequest);
  });

  it('is read back as it was written', () => {
    expect(parseRequest(publishedRequest)).toEqual(aRequest());
  });

  it('may hold whole rows of older tools, an instance as text, and leave out what has a default', () => {
    const content = {
      study_instance_uid: '1.2.826.0.1.3680043.10.999.1 ',
      redcap_repeat_instance: '3',
      transfer_project_name: ' PROJ ',
      transfer_name: 'PROJ_0017',
      transfer_error___1: '0',
      study_description: 'x',
    };
    const expected = aRequest({instance: 3, event: '', requestedDate: '', transferDate: ''});
    expect(parseRequest(JSON.stringify(content))).toEqual(expected);
  });

  const good = JSON.parse(publishedRequest) as Record<string, unknown>;
  it.each([
    ['not-json', ''],
    ['not-json', publishedRequest.slice(0, -5)],
    ['not-json', [good]],
    ['not-json', 'null'],
    ['study_instance_uid', {...good, study_instance_uid: '../../etc/passwd'}],
    ['study_instance_uid', {...good, study_instance_uid: '1.2..3'}],
    ['study_instance_uid', {...good, study_instance_uid: '1'.repeat(65)}],
    ['study_instance_uid', {...good, study_instance_uid: 17}],
    ['transfer_project_name', {...good, transfer_project_name: ' \t'}],
    ['transfer_name', {...good, transfer_name: ''}],
    ['transfer_name', {...good, transfer_name: 'A^B'}],
    ['transfer_name', {...good, transfer_name: ['x']}],
    ['redcap_repeat_instance', {...good, redcap_repeat_instance: 0}],
    ['redcap_repeat_instance', {...good, redcap_repeat_instance: '1e3'}],
    ['redcap_repeat_instance', {...good, redcap_repeat_instance: 1.5}],
    ['redcap_repeat_instrument', {...good, redcap_repeat_instrument: 'series'}],
  ])('is refused for its %s', (problem, content) => {
    expect(problemOf(content)).toBe(problem);
  });

  it('is read or refused with a typed error, whatever it holds', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.object());
    const content = fc.record(
      {
        study_instance_uid: fc.oneof(value, fc.constant('1.2.3')),
        redcap_repeat_instance: fc.oneof(value, fc.constant(1)),
        transfer_project_name: value,
        transfer_name: value,
        transfer_event_name: value,
      },
      {requiredKeys: []},
    );
    fc.assert(fc.property(content, fields => void problemOf(fields)));
    fc.assert(fc.property(fc.nat(publishedRequest.length), end => void problemOf(publishedRequest.slice(0, end))));
  });
});

describe('two requests', () => {
  it('ask for the same when only their dates differ', () => {
    expect(
      sameTransfer(aRequest(), aRequest({requestedDate: '2025-01-01 00:00', transferDate: '2025-01-01 00:00'})),
    ).toBe(true);
  });

  it.each([{event: 'Week 12'}, {name: 'PROJ_0018'}, {project: 'QC'}, {instance: 2}])('differ by %j', change => {
    expect(sameTransfer(aRequest(), aRequest(change))).toBe(false);
  });
});

describe('the name of a request file', () => {
  const study = '1.2.826.0.1.3680043.10.999.1';

  it.each([
    [{}, `${study}_PROJ_PROJ_0017_1.json`],
    [{project: 'A/B C', name: 'x%y'}, `${study}_A%2FB C_x%25y_1.json`],
    [{name: '../../etc/cron.d/x'}, `${study}_PROJ_..%2F..%2Fetc%2Fcron.d%2Fx_1.json`],
    [{project: 'A\\B', name: 'a\nb\u0085'}, `${study}_A%5CB_a%0Ab%C2%85_1.json`],
    [{project: 'Ærø', name: 'Å 7', instance: 12}, `${study}_Ærø_Å 7_12.json`],
  ])('of %j is %s', (change, name) => {
    expect(requestFileName(aRequest(change))).toBe(name);
  });

  it('is cut to 255 bytes and told apart by a hash when project and name are long', () => {
    const name = requestFileName(aRequest({name: 'Å'.repeat(150)}));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^1\.2\.826\.0\.1\.3680043\.10\.999\.1_PROJ_Å+~[0-9a-f]{8}_1\.json$/);
    expect(name).not.toBe(requestFileName(aRequest({name: `${'Å'.repeat(149)}Ä`})));
  });

  it('is always one component of a path, at most 255 bytes, and begins with the study', () => {
    const uid = asUid('9'.repeat(64));
    if (uid === undefined) throw new Error('no UID');
    fc.assert(
      fc.property(
        fc.string({unit: 'binary', maxLength: 400}),
        fc.string({unit: 'binary', maxLength: 400}),
        (project, name) => {
          const file = requestFileName({study: uid, project, name, instance: 2 ** 31});
          expect(Buffer.byteLength(file)).toBeLessThanOrEqual(255);
          expect(file.startsWith(`${uid}_`)).toBe(true);
          expect(/[/\\\0]/.test(file)).toBe(false);
        },
      ),
    );
  });
});
