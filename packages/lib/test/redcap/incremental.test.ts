import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {presentFields} from '../../src/redcap/fields.ts';
import {asViewState, readView, type View, type ViewState} from '../../src/redcap/incremental.ts';
import type {Redcap} from '../../src/redcap/redcap.ts';
import {readState, writeState} from '../../src/redcap/stateFile.ts';
import {parseRedcapTime} from '../../src/redcap/time.ts';
import {aClient, recordedLog, temporaryFolder} from './support/client.ts';
import {type FakeRedcap, startFakeRedcap} from './support/fakeRedcap.ts';

let server: FakeRedcap;
let now: Date;
const clock = {now: () => now, monotonic: () => performance.now()};
beforeEach(async () => {
  now = new Date();
  server = await startFakeRedcap();
  server.rows = ['1', '2', '3'].map(record => ({record, form: 'base', instance: '', values: {name: record}}));
});
afterEach(() => server.close());

const begins = () =>
  server.requests.filter(request => request.get('content') === 'record').map(request => request.get('dateRangeBegin'));

function look(redcap: Redcap, state: ViewState | undefined, view: Partial<View> = {}) {
  return readView(redcap, {
    query: {fields: ['name']},
    state,
    overlapSeconds: 120,
    reconcileMinutes: 60,
    clock,
    log: recordedLog(),
    ...view,
  });
}

describe('an incremental view', () => {
  it('begins with everything, then asks for what changed since the last request less the overlap, in one call', async () => {
    const {redcap} = aClient(server.url, {clock});
    const first = await look(redcap, undefined);
    expect(first).toMatchObject({
      pass: 'full',
      reason: 'no state',
      rows: [{record: '1'}, {record: '2'}, {record: '3'}],
    });
    const begun = now;
    now = new Date(now.getTime() + 60_000);
    const before = server.requests.length;
    const second = await look(redcap, first.next);
    expect(second.pass).toBe('changes');
    expect(server.requests.length - before).toBe(1);
    const asked = parseRedcapTime(begins().at(-1) ?? '', 'Europe/Oslo')?.getTime() ?? 0;
    expect(asked - (begun.getTime() - 120_000)).toBeGreaterThan(-1001);
    expect(asked - (begun.getTime() - 120_000)).toBeLessThanOrEqual(0);
    expect(second.next.fullAt).toBe(first.next.fullAt);
  });

  it('of the same state asks the same again, as long as the tool did not keep the next one', async () => {
    const {redcap} = aClient(server.url, {clock});
    const {next} = await look(redcap, undefined);
    await look(redcap, next);
    now = new Date(now.getTime() + 600_000);
    await look(redcap, next);
    expect(begins().at(-1)).toBe(begins().at(-2));
  });

  it.each([
    ['asked for', {full: true}, {}],
    ['other query or project', {query: {fields: ['name', 'pick']}}, {}],
    ['clock went back', {}, {minutes: -1}],
    ['due', {}, {minutes: 60}],
  ] as const)('passes over everything when it is: %s', async (reason, view, {minutes}: {minutes?: number}) => {
    const {redcap} = aClient(server.url, {clock});
    const {next} = await look(redcap, undefined);
    now = new Date(now.getTime() + (minutes ?? 1) * 60_000);
    expect(await look(redcap, next, view)).toMatchObject({pass: 'full', reason});
  });

  it('of another project begins anew', async () => {
    const {next} = await look(aClient(server.url, {clock}).redcap, undefined);
    const other = aClient(server.url, {clock, timeZone: 'UTC'}).redcap;
    expect(await look(other, next)).toMatchObject({pass: 'full', reason: 'other query or project'});
  });

  it('bounds the full pass to the records named', async () => {
    const {redcap} = aClient(server.url, {clock});
    expect((await look(redcap, undefined, {fullRecords: ['2', 'nobody']})).rows.map(row => row.record)).toEqual(['2']);
    expect((await look(redcap, undefined, {fullRecords: []})).rows).toEqual([]);
  });

  it.each([
    [-180_000, true],
    [180_000, true],
    [2000, false],
  ])('goes by the clock of the server when that is off by %s ms', async (offset, corrected) => {
    server.clockOffsetMs = offset;
    const {redcap} = aClient(server.url, {clock});
    const log = recordedLog();
    const {next} = await look(redcap, undefined, {log});
    const ahead = Date.parse(next.since) - now.getTime();
    expect(Math.abs(ahead - (corrected ? offset : 0))).toBeLessThan(1500);
    expect(log.lines.some(line => line.startsWith('WARN'))).toBe(corrected);
  });

  it('keeps no state when the read fails', async () => {
    const {redcap} = aClient(server.url, {clock});
    const {next} = await look(redcap, undefined);
    server.faults = [{do: 'maintenance'}];
    await expect(look(redcap, next)).rejects.toThrow(/web page/);
  });
});

describe('the state file of a tool', () => {
  it('comes back as it was written, and as nothing when it is missing, cut off or of another version', async () => {
    const path = join(temporaryFolder(), 'state', 'tool.json');
    expect(await readState(path, asViewState)).toBeUndefined();
    const state: ViewState = {version: 1, fingerprint: 'f', since: 'a', at: 'b', fullAt: 'c'};
    await writeState(path, state);
    expect(await readState(path, asViewState)).toEqual(state);
    await writeState(path, {...state, version: 2});
    expect(await readState(path, asViewState)).toBeUndefined();
    await writeFile(path, '{"version":1,"fing');
    expect(await readState(path, asViewState)).toBeUndefined();
  });
});

describe('the fields a project has', () => {
  it('leave out optional ones with one warning and miss mandatory ones with the form', async () => {
    const {redcap} = aClient(server.url);
    const log = recordedLog();
    const wanted = {mandatory: ['name', 'series_complete'], optional: ['uid', 'nickname']};
    expect(await presentFields(redcap, wanted, log)).toEqual(['name', 'series_complete', 'uid']);
    await presentFields(redcap, wanted, log);
    expect(log.lines).toEqual(['WARN REDCap S has no nickname: left out']);
    await expect(presentFields(redcap, {mandatory: ['uid', 'shoe'], optional: []}, log)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/S lacks the field shoe \(form series\)/) as string,
    });
  });
});
