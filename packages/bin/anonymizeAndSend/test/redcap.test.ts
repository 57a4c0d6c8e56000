import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import type {Fate, ProxiedCall} from '../../../../test/support/redcapProxy.ts';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

/** Spoils the calls that a test means. */
const spoil = (fate: Fate, which: (call: ProxiedCall) => boolean) => {
  test.services.proxy.fate = call => (which(call) ? fate : 'pass');
};
const isImport = ({kind}: ProxiedCall) => kind === 'import';
const tokenOf = ({parameters}: ProxiedCall) => parameters.get('token');
const heal = () => {
  test.services.proxy.fate = () => 'pass';
};

describe('a row that REDCap does not confirm', () => {
  it.each<[string, Fate]>([
    ['answers 500', {status: 500, body: '{"error":"no"}'}],
    ['answers an HTML page with status 200', {status: 200, contentType: 'text/html', body: '<html>maintenance</html>'}],
    ['answers cut-off JSON', {status: 200, body: '["1.2.8'}],
    ['confirms another record', {status: 200, body: '["1.2.3"]'}],
    ['confirms nothing', {status: 200, body: '[]'}],
    ['breaks the connection', 'reset'],
  ])('because it %s leaves the request, and the next run completes it (AS-20)', async (_, fate) => {
    const {uid} = await askedStudy();
    spoil(fate, isImport);
    expect((await run()).code).toBe(69);
    expect(test.gateway.names('requests')).toEqual([`${uid}_PROJ_PROJ_0017_1.json`]);
    expect([test.gateway.names('done'), test.gateway.names('fail')]).toEqual([[], []]);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_date: ''});
    heal();
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '2'});
  });

  it('because the answer was lost is there: the next run only moves the request', async () => {
    const {uid} = await askedStudy();
    spoil('resetAfterCommit', isImport);
    expect((await run()).code).toBe(69);
    heal();
    expect((await run()).counts).toMatchObject({done: 1, instances: 0});
    expect(await test.gateway.row(uid)).toMatchObject({transfer_mapped_uid: mapped(uid, 'study')});
    expect(test.gateway.names('requests')).toEqual([]);
  });

  it('because it refuses it waits longer and longer, and holds up no other request', async () => {
    const {uid} = await askedStudy({ageSeconds: 300});
    const other = await askedStudy();
    const error = {error: `"${uid}","transfer_date","x","This value is not valid"`};
    const refusal: Fate = {status: 400, body: JSON.stringify(error)};
    spoil(refusal, call => isImport(call) && call.parameters.get('data')?.includes(`"${uid}"`) === true);
    const {code, counts} = await run();
    expect([code, counts]).toEqual([69, expect.objectContaining({retry: 1, done: 1})]);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({attempts: 1, reason: 'redcap'});
    expect(test.gateway.names('requests')).toHaveLength(2);
    expect(await test.gateway.row(other.uid)).toMatchObject({transfers_complete: '2'});
  });

  it('because the token may not import makes the request wait too', async () => {
    await askedStudy();
    spoil({status: 403, body: '{"error":"You do not have API import rights"}'}, isImport);
    expect((await run()).code).toBe(78);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'redcap'});
  });
});

describe('a REDCap that is down', () => {
  it.each<[string, (call: ProxiedCall) => boolean]>([
    ['from the first call', () => true],
    [
      'when the research projects are asked for',
      call => tokenOf(call) === test.services.sandbox.tokens.DataTransferProjects,
    ],
    ['when the transfer rows are asked for', call => call.parameters.has('records[0]')],
  ])('%s leaves everything as it is', async (_, which) => {
    const {uid} = await askedStudy();
    spoil({status: 503, contentType: 'text/html', body: '<html>down</html>'}, which);
    expect((await run()).code).toBe(69);
    expect(test.gateway.names('requests')).toEqual([`${uid}_PROJ_PROJ_0017_1.json`]);
    expect(test.gateway.stored(uid)).toEqual([]);
    heal();
    expect((await run()).code).toBe(0);
  });
});

describe('the projects in REDCap', () => {
  it('of an older kind, without the column for the time it took, are written to all the same (AS-25)', async () => {
    const source = fileURLToPath(new URL('../../../sandbox/projects/Incoming.json', import.meta.url));
    const project = JSON.parse(readFileSync(source, 'utf8')) as {name: string; metadata: {field_name: string}[]};
    const metadata = project.metadata.filter(({field_name: name}) => name !== 'transfer_active_proc_time');
    const token = await test.services.sandbox.load({...project, name: 'OldIncoming', metadata, data: []});
    writeFileSync(test.gateway.path('token'), token, {mode: 0o600});
    const projects = {
      Incoming: {tokenFile: test.gateway.path('token')},
      DataTransferProjects: {tokenFile: `${test.services.sandbox.dir}/tokens/DataTransferProjects`},
    };
    test.gateway.configure({REDCAP: {projects}, ANONYMIZER: {requireTransferRow: false}});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(0);
    expect(test.log.match(/WARN REDCap Incoming has no transfer_active_proc_time/g)).toHaveLength(1);
    const rows = await test.services.sandbox.call(token, {content: 'record'});
    expect(rows.json).toEqual(
      expect.arrayContaining([expect.objectContaining({study_instance_uid: uid, transfers_complete: '2'})]),
    );
  });

  it('with one name twice are not sent to, and the run says so', async () => {
    await test.services.store('DataTransferProjects', [
      {record_id: 'TWIN1', project_name: 'TWIN', project_active: '1'},
      {record_id: 'TWIN2', project_name: 'TWIN ', project_active: '1'},
    ]);
    const {uid} = await askedStudy({ageSeconds: 300});
    const twin = await askedStudy({project: 'TWIN'});
    const {code, counts} = await run();
    expect([code, counts]).toEqual([65, expect.objectContaining({done: 1, failed: 1})]);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(test.gateway.stored(twin.uid, 'TWIN')).toEqual([]);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toMatch(/^unknown project: .* several records/);
    await test.services.remove('DataTransferProjects', ['TWIN2']);
  });

  it('with patterns that cannot be used are warned of', async () => {
    const rule = {project_import_rule_1_tag: '0008,103E', project_import_rule_1_regexp: '('};
    await test.services.store('DataTransferProjects', [
      {record_id: 'ODD', project_name: 'ODD', project_active: '1', ...rule},
    ]);
    await askedStudy();
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('WARN DataTransferProjects record ODD, project_import_rule_1_regexp:');
    await test.services.remove('DataTransferProjects', ['ODD']);
  });

  it('hear of a later success without the old message (AS-38)', async () => {
    const {uid} = await askedStudy();
    await test.gateway.enter(uid, {}, {transfer_error_message: 'old', transfer_error___1: '1'});
    await run();
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error_message: '', transfer_error___1: '0'});
  });
});
