import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {lockStudy} from '@fiona/lib/site/studyLock';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {
  makePipelineSite,
  type PipelineRedcap,
  type PipelineSite,
  startPipelineRedcap,
} from '../../../../test/support/pipelineSite.ts';
import type {Fate} from '../../../../test/support/redcapProxy.ts';

const tool = 'createTransferRequests';
const study = '1.2.826.0.1.3680043.10.999.1';
const otherStudy = '1.2.826.0.1.3680043.10.999.2';

let redcap: PipelineRedcap;
let site: PipelineSite;

beforeAll(async () => {
  redcap = await startPipelineRedcap();
});
beforeEach(async () => {
  await redcap.reset();
  site = makePipelineSite(redcap);
});
afterEach(() => site.remove());
afterAll(() => redcap.stop());

/** Stores a transfer row (and the record). */
async function transfer(change: Record<string, string | number> = {}): Promise<void> {
  await redcap.store('Incoming', [
    {
      study_instance_uid: study,
      redcap_repeat_instrument: 'transfers',
      redcap_repeat_instance: 1,
      transfer_project_name: 'PROJ',
      transfer_name: 'P_01',
      transfer_requested_date: '2024-01-31 10:15',
      ...change,
    },
  ]);
}

const requests = () => readdirSync(site.requests).sort();
const request = (name: string) => readFileSync(join(site.requests, name), 'utf8');
const arrive = (ageSeconds = 3600, of = study, n = 1) => site.series(of, `${of}.${n}`, {}, ageSeconds);

/** `YYYY-MM-DD HH:MM` in REDCap's zone. */
function redcapTime(secondsAgo: number): string {
  return new Date(Date.now() - secondsAgo * 1000).toLocaleString('sv-SE', {timeZone: 'Europe/Oslo'}).slice(0, 16);
}

describe('an outstanding transfer', () => {
  it('is requested when the study has been quiet for a minute, once', async () => {
    await transfer({transfer_event_name: 'Baseline'});
    const summary = arrive(30);
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toEqual([]);
    site.touch(summary, new Date(Date.now() - 61_000));
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`]);
    expect(request(`${study}_PROJ_P_01_1.json`)).toBe(`{
  "redcap_repeat_instance": 1,
  "redcap_repeat_instrument": "transfers",
  "study_instance_uid": "${study}",
  "transfer_date": "",
  "transfer_event_name": "Baseline",
  "transfer_name": "P_01",
  "transfer_project_name": "PROJ",
  "transfer_requested_date": "2024-01-31 10:15"
}`);
    const written = statSync(join(site.requests, `${study}_PROJ_P_01_1.json`)).mtimeMs;
    redcap.proxy.calls = [];
    expect((await site.run(tool)).code).toBe(0);
    expect(statSync(join(site.requests, `${study}_PROJ_P_01_1.json`)).mtimeMs).toBe(written);
    expect(redcap.proxy.calls).toHaveLength(1);
  });

  it('without data is requested once to be reported, then waits for the data (CT-6)', async () => {
    await transfer();
    await site.run(tool);
    expect(requests()).toHaveLength(1);
    rmSync(join(site.requests, requests()[0] ?? ''));
    await transfer({transfers_complete: '1'});
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toEqual([]);
    arrive();
    await site.run(tool);
    expect(requests()).toHaveLength(1);
  });

  it('of several projects and names is one request each, with a warning for two names in one project', async () => {
    arrive();
    await transfer();
    await transfer({redcap_repeat_instance: 2, transfer_name: 'P_02'});
    await transfer({redcap_repeat_instance: 3, transfer_project_name: 'QC', transfer_name: 'Q_1'});
    await transfer({redcap_repeat_instance: 4, transfer_project_name: '', transfer_name: 'nobody'});
    const {code, stdout} = await site.run(tool);
    expect(code).toBe(0);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`, `${study}_PROJ_P_02_2.json`, `${study}_QC_Q_1_3.json`]);
    expect(stdout).toContain('WARN');
    expect(stdout).toContain('under several names');
  });

  it('has a file name that is safe whatever it is called (CT-2)', async () => {
    arrive();
    await transfer({transfer_project_name: 'A/B C', transfer_name: 'x%y'});
    await transfer({redcap_repeat_instance: 2, transfer_name: '../../../../tmp/x'});
    await transfer({redcap_repeat_instance: 3, transfer_name: 'Å'.repeat(200)});
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toHaveLength(3);
    expect(requests()).toContain(`${study}_A%2FB C_x%25y_1.json`);
    expect(requests()).toContain(`${study}_PROJ_..%2F..%2F..%2F..%2Ftmp%2Fx_2.json`);
    expect((await site.run(tool)).stdout).toContain('written 0');
  });

  it('that is deleted or changed in REDCap is not requested any more', async () => {
    arrive(10);
    await transfer();
    await site.run(tool);
    await redcap.remove('Incoming', [study]);
    arrive();
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toEqual([]);
  });
});

describe('a finished transfer', () => {
  it('is requested again when a series is newer, not otherwise (CT-7)', async () => {
    await transfer({transfer_date: redcapTime(1800), transfers_complete: '2'});
    arrive(3600);
    await site.run(tool);
    expect(requests()).toEqual([]);
    arrive(600, study, 2);
    const {stdout} = await site.run(tool);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`]);
    expect(stdout).toContain(`New image series, send study ${study} again, newest series json: `);
  });

  it('is left alone when the study is gone', async () => {
    await transfer({transfer_date: redcapTime(1800)});
    await site.run(tool);
    expect(requests()).toEqual([]);
  });

  it('of a study that comes back long after is found again', async () => {
    await transfer({transfer_date: redcapTime(86_400)});
    await site.run(tool);
    site.configure({REDCAP: {...(site.config().REDCAP as object), overlapSeconds: 0}});
    await site.run(tool);
    arrive();
    await site.run(tool);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`]);
  });
});

describe('a request that is there', () => {
  it('is replaced when the event was corrected, but not while somebody is at work on the study', async () => {
    arrive();
    await transfer({transfer_event_name: 'Baseline'});
    await site.run(tool);
    await transfer({transfer_event_name: 'Week 12'});
    const lock = await lockStudy(site.dataDir, asUid(study) as Uid, 'shared');
    await site.run(tool);
    expect(request(`${study}_PROJ_P_01_1.json`)).toContain('Baseline');
    lock?.release();
    await site.run(tool);
    expect(request(`${study}_PROJ_P_01_1.json`)).toContain('Week 12');
  });
});

describe('what cannot be requested', () => {
  it('is one row with an impossible date among others: set aside once, the others go on (CT-3)', async () => {
    const row = {study_instance_uid: study, redcap_repeat_instrument: 'transfers', transfer_project_name: 'PROJ'};
    const token = await redcap.sandbox.load({
      ...incomingDictionary(),
      data: [
        {...row, redcap_repeat_instance: 1, transfer_name: 'P_01'},
        {...row, redcap_repeat_instance: 2, transfer_name: 'P_02', transfer_date: '31.01.2024'},
        {...row, redcap_repeat_instance: 3, transfer_name: 'P_03'},
        {...row, study_instance_uid: 'no uid/..', redcap_repeat_instance: 1, transfer_name: 'P_04'},
      ],
    });
    useIncoming(token);
    arrive();
    expect((await site.run(tool)).code).toBe(65);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`, `${study}_PROJ_P_03_3.json`]);
    const notes = site.notes(tool);
    expect(notes).toMatchObject({[`${study}/transfers/2`]: {reason: 'invalid-date'}});
    expect(Object.keys(notes)).toHaveLength(2);
    expect(JSON.stringify(notes)).not.toContain('no uid');
    expect((await site.run(tool)).code).toBe(0);
  });

  it('is nothing at all when the folder cannot be written: 73', async () => {
    arrive();
    await transfer();
    rmSync(site.requests, {recursive: true});
    writeFileSync(site.requests, 'no folder');
    expect((await site.run(tool)).code).toBe(73);
    rmSync(site.requests);
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toHaveLength(1);
  });

  it('quietSeconds below 60 are refused', async () => {
    site.configure({PIPELINE: {quietSeconds: 30}});
    expect((await site.run(tool)).code).toBe(78);
  });
});

describe('in trouble', () => {
  it.each<[string, Fate]>([
    ['a web page', {status: 200, contentType: 'text/html', body: '<html>'}],
    ['status 500', {status: 500, body: ''}],
    ['an error object (CT-9)', {status: 200, body: '{"error":"something"}'}],
    ['cut-off JSON', {status: 200, body: '[{"study'}],
    ['a broken connection', 'reset'],
  ])('REDCap answers with %s: 69, nothing written, the next run completes', async (_, fate) => {
    arrive();
    await transfer();
    for (const disturbed of [1, 2]) {
      let exports = 0;
      redcap.proxy.fate = ({content}) => (content === 'record' && ++exports >= disturbed ? fate : 'pass');
      expect((await site.run(tool)).code).toBe(69);
      expect(requests()).toEqual([]);
    }
    redcap.proxy.fate = () => 'pass';
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toHaveLength(1);
  });

  it('killed at any call, nothing half is visible and the next run completes (CT-4)', async () => {
    arrive();
    await transfer();
    for (const number of [1, 2, 3, 4]) {
      redcap.proxy.calls = [];
      site.forget();
      const running = site.start(tool);
      redcap.proxy.answered = call => void (call.number === number && running.process.kill('SIGKILL'));
      await running.ended;
      redcap.proxy.answered = () => {};
      expect(requests().filter(name => !name.startsWith('.'))).toEqual([]);
    }
    expect((await site.run(tool)).code).toBe(0);
    expect(requests()).toEqual([`${study}_PROJ_P_01_1.json`]);
  });

  it('started twice, the second one leaves with 75', async () => {
    arrive();
    await transfer();
    const started = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    redcap.proxy.fate = async (): Promise<Fate> => {
      started.resolve();
      await released.promise;
      return 'pass';
    };
    const first = site.start(tool);
    await started.promise;
    expect((await site.run(tool)).code).toBe(75);
    released.resolve();
    expect((await first.ended).code).toBe(0);
    expect(requests()).toHaveLength(1);
  });
});

describe('the switches', () => {
  it('--dry-run says what it would request and changes nothing', async () => {
    arrive();
    await transfer();
    const {code, stdout} = await site.run(tool, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`${study}: request transfer 1 to PROJ`);
    expect(requests()).toEqual([]);
    expect(readdirSync(site.stateDir)).not.toContain(`${tool}.json`);
  });

  it('--json prints the result alone, --full reads everything', async () => {
    arrive();
    await transfer();
    await transfer({study_instance_uid: otherStudy});
    await site.run(tool);
    mkdirSync(join(site.requests, 'done'));
    for (const name of requests()) rmSync(join(site.requests, name), {recursive: true});
    const {stdout} = await site.run(tool, '--json', '--full');
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 2,
      written: 2,
      requests: [{study, project: 'PROJ', again: false}, {study: otherStudy}],
    });
  });
});

function incomingDictionary(): object {
  const file = join(import.meta.dirname, '../../../sandbox/projects/Incoming.json');
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}

function useIncoming(token: string): void {
  const file = join(site.dir, 'token');
  writeFileSync(file, `${token}\n`, {mode: 0o600});
  const section = site.config().REDCAP as {projects: Record<string, unknown>};
  site.configure({REDCAP: {...section, projects: {...section.projects, Incoming: {tokenFile: file}}}});
}
