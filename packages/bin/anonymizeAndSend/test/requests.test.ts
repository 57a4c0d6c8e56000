import {existsSync, mkdirSync, rmSync, symlinkSync, utimesSync} from 'node:fs';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';
import {placeStudy, smallStudy} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;
const inRequests = (name: string) => `${test.gateway.path('requests')}/${name}`;

/** The content of a request as an operator may write it. */
function content(study: string, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    redcap_repeat_instance: 1,
    redcap_repeat_instrument: 'transfers',
    study_instance_uid: study,
    transfer_event_name: 'Baseline',
    transfer_name: 'PROJ_0017',
    transfer_project_name: 'PROJ',
    ...change,
  });
}

describe('a file that is no request', () => {
  it('is set aside, and the good one beside it is carried out once (AS-1)', async () => {
    test.gateway.put(inRequests('a.json'), '{"study_instance_uid": "1.2', 300);
    const {uid} = await askedStudy();
    const {code, counts} = await run();
    expect([code, counts]).toEqual([65, expect.objectContaining({done: 1, unusable: 1, instances: 6})]);
    expect(test.gateway.names('fail')).toEqual([
      'a.json_fail.log',
      'a.json_fail.log.reason.json',
      'a.json_fail_messages.log',
    ]);
    expect(test.gateway.json('fail', '.reason.json')).toMatchObject({
      item: 'a.json',
      tool: 'anonymizeAndSend',
      reason: 'invalid-request',
      detail: 'the request is not JSON',
    });
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });

  it('may be half written: a minute later is early enough to judge it', async () => {
    const path = test.gateway.put(inRequests('b.json'), '{"study', 30);
    const {code, counts} = await run();
    expect([code, counts.unusable]).toEqual([0, 0]);
    utimesSync(path, new Date(Date.now() - 61_000), new Date(Date.now() - 61_000));
    expect((await run()).counts).toMatchObject({unusable: 1});
  });

  it.each([
    ['climbs out of the site', {study_instance_uid: '../../../etc'}],
    ['holds NUL', {study_instance_uid: '1.2\u0000.3'}],
    ['is longer than a UID may be', {study_instance_uid: `1.${'2'.repeat(300)}`}],
    ['is no text', {study_instance_uid: 12}],
    ['is absent', {study_instance_uid: undefined}],
  ])('whose StudyInstanceUID %s is set aside unopened', async (_, change) => {
    test.gateway.put(inRequests('c.json'), content('1.2.3', change));
    test.services.proxy.calls = [];
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '.reason.json').detail).toMatch(/^study_instance_uid of the request /);
    expect(test.services.proxy.calls).toEqual([]);
    expect(existsSync(`${test.gateway.dataDir}/site/.locks`)).toBe(false);
  });

  it('is never one with a hidden name, a link into nothing or a folder', async () => {
    test.gateway.put(inRequests('.d.json'), 'x', 300);
    mkdirSync(inRequests('e.json'));
    symlinkSync('/nowhere', inRequests('f.json'));
    expect((await run()).counts).toMatchObject({unusable: 0});
    expect(test.gateway.names('requests')).toEqual(['.d.json', 'e.json', 'f.json']);
  });

  it('whatever it holds ends no run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string()), {minLength: 5, maxLength: 20}), async texts => {
        for (const [index, text] of texts.entries()) test.gateway.put(inRequests(`${index}.json`), text, 300);
        const {code, counts} = await run();
        expect([code, counts.unusable]).toEqual([65, texts.length]);
        rmSync(test.gateway.path('fail'), {recursive: true});
      }),
      {numRuns: 10},
    );
  });
});

describe('a request under a name that no data set may carry', () => {
  it('fails, REDCap is told and the name is repeated nowhere', async () => {
    const study = smallStudy();
    const uid = study.studyInstanceUid;
    placeStudy(test.gateway.dataDir, study);
    const name = 'BERGMANNSEN^ODDVAR';
    await test.gateway.enter(uid, {name});
    test.gateway.put(inRequests('x.json'), content(uid, {transfer_name: name}));
    const {code} = await run();
    expect(code).toBe(65);
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({transfer_error___1: '1', transfers_complete: '1'});
    expect(row.transfer_date).not.toBe('');
    const message = 'transfer_name of the request holds \\, ^ or =; correct it in REDCap';
    expect(JSON.parse(String(row.transfer_error_message))).toMatchObject({
      error: message,
      request: {transfer_name: ''},
    });
    expect(test.log).not.toContain('BERGMANNSEN');
    expect(JSON.stringify(test.gateway.json('fail', '_fail_messages.log'))).not.toContain('BERGMANNSEN');
    expect(test.gateway.names('requests')).toEqual([]);
  });

  it('is obsolete when REDCap has another name by now', async () => {
    const uid = smallStudy().studyInstanceUid;
    await test.gateway.enter(uid, {name: 'PROJ_0001'});
    test.gateway.put(inRequests('x.json'), content(uid, {transfer_name: 'A^B'}));
    expect((await run()).counts).toMatchObject({obsolete: 1});
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error_message: ''});
  });
});

it('a request for an event that no element can hold fails, and REDCap is told', async () => {
  const {uid} = await askedStudy({event: 'Week\\12'});
  expect((await run()).code).toBe(65);
  const row = await test.gateway.row(uid);
  expect(row.transfer_error_message).toContain('the event has a backslash or control character; correct it in REDCap');
});

describe('a request that REDCap no longer wants', () => {
  it.each([
    ['its name was corrected', {name: 'PROJ_0018'}],
    ['its project was corrected', {project: 'OTHER'}],
    ['its event was corrected', {event: 'Week 12'}],
  ])('is obsolete: %s', async (_, correction) => {
    const {uid} = await askedStudy();
    await test.gateway.enter(uid, correction);
    const {code, counts} = await run();
    expect([code, counts]).toEqual([65, expect.objectContaining({obsolete: 1, done: 0})]);
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toBe(
      'obsolete: the transfer was changed or deleted in REDCap',
    );
    expect(await test.gateway.row(uid)).toMatchObject({transfer_date: '', transfer_error_message: ''});
  });

  it('is obsolete: its row is gone', async () => {
    const {uid} = await askedStudy();
    await test.services.remove('Incoming', [uid]);
    expect((await run()).counts).toMatchObject({obsolete: 1});
    expect(test.gateway.stored(uid)).toEqual([]);
  });

  it('goes without its row where the site says so, and the row is made', async () => {
    test.gateway.configure({ANONYMIZER: {requireTransferRow: false}});
    const {uid} = await askedStudy();
    await test.services.remove('Incoming', [uid]);
    expect((await run()).counts).toMatchObject({done: 1});
    expect(await test.gateway.row(uid)).toMatchObject({
      transfers_complete: '2',
      transfer_mapped_uid: mapped(uid, 'study'),
    });
  });
});

describe('a request for a project that', () => {
  it('DataTransferProjects does not have fails', async () => {
    const {uid} = await askedStudy({project: 'PRJO'});
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toMatch(/^unknown project/);
    expect(test.gateway.stored(uid, 'PRJO')).toEqual([]);
    expect((await test.gateway.row(uid)).transfer_date).not.toBe('');
  });

  it('DataTransferProjects does not have goes without rules where the site allows it', async () => {
    test.gateway.configure({ANONYMIZER: {allowUnknownProjects: true}});
    const {uid} = await askedStudy({project: 'PRJO'});
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid, 'PRJO')).toHaveLength(6);
  });

  it('has another date increment than its earlier transfers waits for the configuration', async () => {
    await askedStudy({ageSeconds: 300});
    expect((await run()).code).toBe(0);
    test.gateway.configure({ANONYMIZER: {projects: {PROJ: {dateIncrement: 10}}}});
    const {uid} = await askedStudy();
    const other = await askedStudy();
    const {code, counts} = await run();
    expect([code, counts]).toEqual([78, expect.objectContaining({refused: 2, done: 0, failed: 0})]);
    expect(test.log.match(/ERROR .*has been sent with dateIncrement 42 since .*now it is 10/g)).toHaveLength(1);
    expect(test.gateway.names('requests')).toHaveLength(2);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error_message: ''});
    expect(test.gateway.stored(other.uid)).toEqual([]);
  });

  it('has a longer name than an element holds fails: two projects could become one', async () => {
    const project = 'P'.repeat(65);
    await test.services.store('DataTransferProjects', [
      {record_id: 'LONG', project_name: project, project_active: '1'},
    ]);
    const {uid} = await askedStudy({project});
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toContain('the project is longer than 64 characters');
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___1: '1'});
  });
});
