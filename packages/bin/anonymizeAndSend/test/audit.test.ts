import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;
const checker = join(import.meta.dirname, '../../../../scripts/checkAudit.mjs');

type Line = Record<string, unknown> & {seq: number; event: string};

const trail = () => test.gateway.path('logs/Transfers_audit.jsonl');
const lines = (): Line[] =>
  readFileSync(trail(), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function check(...args: string[]): string {
  const {stdout, stderr} = spawnSync(process.execPath, [checker, trail(), ...args], {encoding: 'utf8'});
  return stdout + stderr;
}

describe('the audit trail', () => {
  it('knows of a transfer who sent what, when, by which profile, and that it arrived', async () => {
    const {uid, study} = await askedStudy();
    expect((await run()).code).toBe(0);
    const [release, end] = lines();
    const uids = study.instances.map(({dataSet}) => String(dataSet.SOPInstanceUID));
    const digestOf = (all: string[]) =>
      sha256(
        all
          .toSorted()
          .map(each => `${each}\n`)
          .join(''),
      );
    const facts = {
      account: userInfo().username,
      tool: 'anonymizeAndSend',
      version: expect.stringMatching(/^\d+\.\d+/),
      study: sha256(uid),
      instance: 1,
      project: 'PROJ',
      subject: sha256('PROJ_0017'),
      profile: {edition: '2026d', hash: expect.stringMatching(/^[0-9a-f]{64}$/)},
      style: 'oid',
      dateIncrement: 42,
      counts: {in: 6, out: 6, skipped: 0, quarantined: 0},
      input: {studies: [sha256(uid)], instances: digestOf(uids)},
      output: {studies: [sha256(mapped(uid, 'study'))], instances: digestOf(uids.map(each => mapped(each)))},
    };
    expect(release).toMatchObject({
      seq: 1,
      event: 'release',
      ...facts,
      to: expect.stringMatching(/ at 127\.0\.0\.1:\d+$/),
    });
    expect(end).toMatchObject({seq: 2, event: 'transfer', ...facts, release: 1, outcome: 'done', stored: 6});
    expect(check()).toContain('whole: 2 lines');
  });

  it('holds no UID, pseudonym or identifier in clear', async () => {
    const {uid} = await askedStudy();
    await run();
    const content = readFileSync(trail(), 'utf8');
    expect(content).not.toMatch(/1\.3\.6\.1\.4|PROJ_0017|Baseline/);
    expect(content).not.toContain(uid);
  });

  it('is vouched for by log and report, which lie elsewhere', async () => {
    await askedStudy();
    await run();
    const {audit, profileHash} = test.gateway.json('done', '_deid.json');
    expect(test.log).toContain(`audit transfer ${audit}`);
    expect(check('--expect', String(audit))).toContain('whole');
    expect(lines()[1]).toMatchObject({profile: {hash: profileHash}});
  });

  it('has one line for a study that was set aside, none of them says that anything was sent', async () => {
    const {series} = await askedStudy();
    writeFileSync(series[0]?.files[0] ?? '', 'no DICOM at all, but long enough to be looked at as if it were some');
    expect((await run()).code).toBe(65);
    expect(lines()).toMatchObject([
      {event: 'transfer', outcome: 'failed', stored: 0, counts: {in: 6, out: 5, quarantined: 1}},
    ]);
    expect(lines()[0]).not.toHaveProperty('release');
  });

  it('names a project that is unknown, and a name that is no pseudonym not even by its hash', async () => {
    await askedStudy({project: 'NONE'});
    const other = await askedStudy({name: 'A^B'});
    expect((await run()).code).toBe(65);
    expect(lines()).toMatchObject([
      {event: 'transfer', project: 'NONE', outcome: 'failed', reason: 'unknown-project'},
      {event: 'transfer', study: sha256(other.uid), outcome: 'failed', reason: 'invalid-name'},
    ]);
    expect(lines()[1]).not.toHaveProperty('subject');
  });

  it('knows each attempt of a transfer that broke off in the middle', async () => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'status:A700', after: 2, times: 50});
    expect((await run()).code).toBe(69);
    await test.services.sandbox.clearFaults();
    expect((await run({}, {later: 2})).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(lines().map(({event, outcome, release, stored}) => [event, outcome, release, stored])).toEqual([
      ['release', undefined, undefined, undefined],
      ['transfer', 'temporary', 1, 2],
      ['release', undefined, undefined, undefined],
      ['transfer', 'done', 3, 6],
    ]);
  });

  it('says nothing of a transfer for which nothing has left', async () => {
    test.gateway.configure({
      RESEARCH_PACS: {host: '127.0.0.1', port: 1, storage: {host: '127.0.0.1', port: 1, retries: 0}},
    });
    await askedStudy();
    expect((await run()).code).toBe(69);
    expect(test.gateway.names('logs')).toEqual([]);
  });

  it.each([
    ['while the instances leave', 'storescu now', [['release'], ['release', 'release', 'transfer']]],
    [
      'before REDCap hears of it',
      'audit transfer',
      [
        ['release', 'transfer'],
        ['release', 'transfer', 'release', 'transfer'],
      ],
    ],
  ])('loses nothing when the tool is killed %s', async (_, words, [killed = [], repeated = []]) => {
    const {uid} = await askedStudy();
    await test.services.sandbox.fault({match: {pacs: 'store'}, do: 'delay:200', times: 6});
    await test.services.sandbox.fault({match: {redcap: 'import'}, do: 'delay:2000', times: 1}).catch(() => {});
    const child = test.gateway.start();
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes(words)) child.kill('SIGKILL');
    });
    await once(child, 'close');
    await test.services.sandbox.clearFaults();
    expect(lines().map(({event}) => event)).toEqual(killed);
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(lines().map(({event}) => event)).toEqual(repeated);
    expect(check()).toContain('whole');
  });

  it('that cannot be written keeps everything from leaving', async () => {
    const {uid} = await askedStudy();
    // a folder in place of the file: nothing can be appended, whoever tries
    mkdirSync(trail(), {recursive: true});
    expect((await run()).code).toBe(73);
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(test.gateway.names('requests')).toHaveLength(1);
    rmSync(trail(), {recursive: true});
    expect((await run()).code).toBe(0);
    expect(lines()).toHaveLength(2);
  });
});

describe('a file that two series name', () => {
  it('is sent once, as the series that it says it belongs to', async () => {
    const {uid, series} = await askedStudy();
    const [first, second] = series;
    const [file = ''] = first?.files ?? [];
    const name = file.split('/').at(-1) ?? '';
    symlinkSync(file, join(second?.folder ?? '', name));
    const {code, counts} = await run();
    expect([code, counts.instances]).toEqual([0, 6]);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(test.gateway.json('done', '_deid.json')).toMatchObject({instances: {in: 6, written: 6}});
  });
});
