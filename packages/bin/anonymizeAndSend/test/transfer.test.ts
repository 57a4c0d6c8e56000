import {rmSync, utimesSync} from 'node:fs';
import {findIdentifiers, plantedIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {describe, expect, it} from 'vitest';
import {runToolToEnd} from '../../../../test/support/runTool.ts';
import {gatewayForEachTest, valuesOf} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';
import {freshStudy, placeStudy, smallStudy, writeSummary} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

describe('a requested study', () => {
  it('arrives in the research PACS under its pseudonym, is recorded and leaves nothing behind', async () => {
    const {study, uid} = await askedStudy();
    const before = new Date();
    const {code, counts} = await run();
    expect(code).toBe(0);
    expect(counts).toMatchObject({done: 1, failed: 0, instances: 6});
    const stored = test.gateway.stored(uid);
    const planted = plantedIdentifiers([study]);
    expect(stored).toHaveLength(6);
    for (const {content} of stored) {
      expect(valuesOf(content, 0x00100010, 0x00100020, 0x00080080, 0x00080090, 0x00120050)).toEqual([
        'PROJ_0017',
        'PROJ_0017',
        'PROJ',
        'EventName:Baseline',
        'Baseline',
      ]);
      expect(findIdentifiers(content, planted)).toEqual([]);
    }
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({
      transfer_mapped_uid: mapped(uid, 'study'),
      transfer_error___1: '0',
      transfer_error___2: '0',
      transfer_error___3: '0',
      transfer_error_message: '',
      transfer_active_proc_time: expect.stringMatching(/^\d$/),
      transfers_complete: '2',
    });
    const oslo = (at: Date) => at.toLocaleString('sv-SE', {timeZone: 'Europe/Oslo'}).slice(0, 16);
    expect([oslo(before), oslo(new Date())]).toContain(row.transfer_date);
    const name = `${uid}_PROJ_PROJ_0017_1.json`;
    expect(test.gateway.names('done')).toEqual([
      `${name}_deid.json`,
      expect.stringMatching(/^.+\.json_ok_\d{4}-\d\d-\d\d_\d\d:\d\d\.log$/),
    ]);
    expect([test.gateway.names('requests'), test.gateway.names('spool'), test.gateway.names('fail')]).toEqual([
      [],
      [],
      [],
    ]);
    expect(test.gateway.json('state', 'uid-styles.json')).toMatchObject({PROJ: {uidStyle: 'oid', dateIncrement: 42}});
  });

  it('is told of in the log lines that people grep for', async () => {
    const {uid} = await askedStudy();
    await run();
    expect(test.log).toMatch(/^INFO start processing$/m);
    expect(test.log).toContain(`INFO transfer ${uid} PROJ instance 1\n`);
    expect(test.log).toMatch(/^INFO storescu now 6 instances$/m);
    expect(test.log).toContain(`INFO update ${uid} instance 1: confirmed\n`);
    expect(test.log).toMatch(
      new RegExp(`^INFO done ${uid} PROJ series=2 instances=6 skipped=0 masked=0 bytes=\\d{5,} \\d+\\.\\ds$`, 'm'),
    );
    expect(test.log).toMatch(/^INFO end processing \[\d+ secs\]$/m);
    expect(test.log).not.toContain('PROJ_0017');
  });

  it('gives a report by --json, without identifiers', async () => {
    await askedStudy();
    const {transfers} = await run();
    expect(transfers).toMatchObject([{kind: 'done', report: {instances: {in: 6, written: 6}, project: 'PROJ'}}]);
    const {audit, ...report} = test.gateway.json('done', '_deid.json');
    expect([audit, report]).toEqual([expect.stringMatching(/^2:[0-9a-f]{64}$/), transfers[0]?.report]);
  });

  it('without an event says nothing of events', async () => {
    const {uid} = await askedStudy({event: ''});
    expect((await run()).code).toBe(0);
    for (const {content} of test.gateway.stored(uid)) {
      expect(valuesOf(content, 0x00080090, 0x00120050, 0x00120051)).toEqual(['', '', '']);
      expect(content.includes('EventName:')).toBe(false);
    }
  });

  it('keeps odd characters of name, project and event as they are, and starts no program', async () => {
    await test.services.store('DataTransferProjects', [{record_id: 'QC', project_name: 'QC - X', project_active: '1'}]);
    const {uid} = await askedStudy({name: 'A"B', project: 'QC - X', event: 'Week 12; rm'});
    expect((await run()).code).toBe(0);
    const [first] = test.gateway.stored(uid, 'QC - X');
    expect(valuesOf(first?.content, 0x00100020, 0x00080080, 0x00080090)).toEqual([
      'A"B',
      'QC - X',
      'EventName:Week 12; rm',
    ]);
  });

  it('finds its project by the record id when no project has the name', async () => {
    await test.services.store('DataTransferProjects', [
      {record_id: 'OLDID', project_name: 'New Name', project_active: '1'},
    ]);
    const {uid} = await askedStudy({project: 'OLDID'});
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid, 'OLDID')).toHaveLength(6);
  });

  it('has its event cut where an element ends, but not its identity', async () => {
    const event = `Week ${'1234567890'.repeat(8)}`;
    const {uid} = await askedStudy({event});
    expect((await run()).code).toBe(0);
    const [first] = test.gateway.stored(uid);
    const [timePoint, referrer] = valuesOf(first?.content, 0x00120050, 0x00080090);
    expect([timePoint, referrer?.length]).toEqual([event.slice(0, 64), 64]);
  });

  it('is still requested when a series arrives after the snapshot, and then arrives as a whole', async () => {
    const study = smallStudy();
    const uid = study.studyInstanceUid;
    const late = study.instances.filter(({dataSet}) => String(dataSet.SeriesInstanceUID).endsWith('.2'));
    const early = {...study, instances: study.instances.filter(each => !late.includes(each))};
    placeStudy(test.gateway.dataDir, early);
    await test.gateway.ask(uid);
    expect((await run()).counts).toMatchObject({done: 1, instances: 3});
    const [series] = placeStudy(test.gateway.dataDir, {...study, instances: late});
    const future = new Date(Date.now() + 120_000);
    utimesSync(series?.summary ?? '', future, future);
    // As if the transfer had been made five minutes ago and the series had come three minutes ago.
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const date = ago(5).toLocaleString('sv-SE', {timeZone: 'Europe/Oslo'}).slice(0, 16);
    await test.gateway.enter(uid, {}, {transfer_date: date});
    utimesSync(series?.summary ?? '', ago(3), ago(3));
    const asked = await runToolToEnd({
      tool: 'bin/createTransferRequests',
      args: [],
      config: test.gateway.path('config.json'),
    });
    expect([asked.code, test.gateway.names('requests')]).toEqual([0, [`${uid}_PROJ_PROJ_0017_1.json`]]);
    expect((await run()).counts).toMatchObject({done: 1, instances: 6});
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });
});

describe('a study that is not on this machine', () => {
  const notHere = 'Study has been deleted from Fiona. Resend from PACS!';

  it.each([
    ['has no folder', () => {}],
    [
      'has links into nothing only',
      (uid: string) => rmSync(`${test.gateway.dataDir}/site/archive/scp_${uid}`, {recursive: true}),
    ],
  ])('because it %s is a failure that REDCap hears of, without a date', async (_, lose) => {
    const study = smallStudy();
    const uid = study.studyInstanceUid;
    if (lose.length > 0) placeStudy(test.gateway.dataDir, study);
    lose(uid);
    await test.gateway.ask(uid);
    expect((await run()).code).toBe(65);
    expect(test.log).toContain(`ERROR Error, the path ${test.gateway.dataDir}/site/raw/${uid} does not exist`);
    expect(test.gateway.json('fail', '_fail_messages.log')).toMatchObject({error: notHere});
    expect(test.gateway.json('fail', '.reason.json')).toMatchObject({
      tool: 'anonymizeAndSend',
      reason: 'not-on-this-machine',
    });
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({transfer_error___1: '1', transfers_complete: '1', transfer_date: ''});
    expect(row.transfer_error_message).toContain(notHere);
  });

  it('is not asked for again before it is received again', async () => {
    await test.gateway.ask(smallStudy().studyInstanceUid);
    expect((await run()).code).toBe(65);
    const asked = await runToolToEnd({
      tool: 'bin/createTransferRequests',
      args: [],
      config: test.gateway.path('config.json'),
    });
    expect([asked.code, test.gateway.names('requests')]).toEqual([0, []]);
  });
});

describe('a study that is still arriving', () => {
  it('waits and is no failure', async () => {
    const {uid, series} = await askedStudy();
    utimesSync(series[1]?.summary ?? '', new Date(), new Date());
    const {code, counts} = await run();
    expect([code, counts]).toEqual([0, expect.objectContaining({postponed: 1, failed: 0})]);
    expect(test.gateway.names('requests')).toEqual([`${uid}_PROJ_PROJ_0017_1.json`]);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0', transfer_error_message: ''});
    expect(test.gateway.stored(uid)).toEqual([]);
  });
});

describe('a dry run', () => {
  it('tells what would be sent and touches neither PACS nor disk nor REDCap', async () => {
    const {uid, series, request} = await askedStudy();
    test.services.proxy.calls = [];
    await test.services.sandbox.fault({match: {pacs: 'associate'}, do: 'reject:permanent', times: 9});
    const {code, lines} = await run({}, {dryRun: true});
    await test.services.sandbox.clearFaults();
    expect(code).toBe(0);
    expect(lines).toEqual([
      `${uid} -> PROJ (instance 1)`,
      expect.stringMatching(`^  send ${series[0]?.uid}: 3 instances, \\d+ bytes$`),
      expect.stringMatching(`^  send ${series[1]?.uid}: 3 instances, \\d+ bytes$`),
    ]);
    expect(test.services.proxy.calls.filter(({kind}) => kind === 'import')).toEqual([]);
    expect([test.gateway.names('requests').length, test.gateway.names('spool')]).toEqual([1, []]);
    expect(request).toContain(uid);
  });

  it('tells what would not be sent, and why', async () => {
    const capture = freshStudy(0);
    placeStudy(test.gateway.dataDir, capture);
    await test.gateway.ask(capture.studyInstanceUid, {project: 'NOBODY'});
    const {uid, series} = await askedStudy();
    const {ClassifyRulesHash: _, ...rest} = {ClassifyRulesHash: '', SeriesInstanceUID: series[0]?.uid};
    writeSummary(series[0]?.summary ?? '', rest);
    const {lines} = await run({}, {dryRun: true});
    expect(lines.join('\n')).toContain(`${capture.studyInstanceUid} -> NOBODY (instance 1): unknown project`);
    expect(lines.join('\n')).toContain(`  hold (not classified) ${series[0]?.uid}`);
    expect(lines.join('\n')).toContain('  not sent: series without classification');
    expect(uid).not.toBe('');
  });
});
