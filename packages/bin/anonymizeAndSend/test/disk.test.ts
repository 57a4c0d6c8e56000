import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {basename} from 'node:path';
import {describe, expect, it} from 'vitest';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';
import {freshStudy, placeStudy, writeSummary} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

/** Nothing of the study left, and the failure is the transfer's before sending. */
async function expectNothingSent(uid: string): Promise<void> {
  expect(test.gateway.stored(uid)).toEqual([]);
  expect(test.gateway.names('spool')).toEqual([]);
  expect(await test.gateway.row(uid)).toMatchObject({
    transfer_error___1: '1',
    transfer_error___2: '0',
    transfers_complete: '1',
    transfer_mapped_uid: '',
  });
}

describe('a study in which', () => {
  it('some instances are gone from the archive is not sent in part (AS-13)', async () => {
    const {uid, series} = await askedStudy();
    rmSync(series[0]?.files[1] ?? '');
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toBe(
      '1 of 6 instances are gone from the archive; send the study again',
    );
    await expectNothingSent(uid);
  });

  it('a link leads out of the archive is not sent, and what it leads to is not read', async () => {
    const {uid, series} = await askedStudy();
    const outside = test.gateway.path('outside.dcm');
    writeFileSync(outside, readFileSync(series[0]?.files[0] ?? ''));
    symlinkSync(outside, `${series[0]?.folder}/1.2.3`);
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '.reason.json')).toMatchObject({reason: 'link-outside-archive'});
    await expectNothingSent(uid);
  });

  it('a file stands in the place of a link is not sent', async () => {
    const {uid, series} = await askedStudy();
    writeFileSync(`${series[0]?.folder}/1.2.3`, readFileSync(series[0]?.files[0] ?? ''));
    expect((await run()).code).toBe(65);
    await expectNothingSent(uid);
  });

  it('the instances belong to another study is not sent under the wrong name', async () => {
    const {uid, series} = await askedStudy();
    const other = freshStudy();
    const foreign = placeStudy(test.gateway.dataDir, other);
    for (const {folder} of series) rmSync(folder, {recursive: true});
    for (const [index, {files}] of foreign.entries()) {
      const folder = series[index]?.folder ?? '';
      mkdirSync(folder);
      for (const file of files) symlinkSync(file, `${folder}/${basename(file)}`);
    }
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '.reason.json')).toMatchObject({reason: 'wrong-study'});
    await expectNothingSent(uid);
    expect(test.gateway.stored(other.studyInstanceUid)).toEqual([]);
  });

  it.each([
    ['is missing', (path: string) => rmSync(path)],
    ['is cut off', (path: string) => truncateSync(path, 20)],
  ])('a series summary %s waits: nothing is known of burned-in text (AS-11)', async (_, spoil) => {
    const {uid, series} = await askedStudy();
    spoil(series[0]?.summary ?? '');
    const {utimesSync} = await import('node:fs');
    const past = new Date(Date.now() - 3_600_000);
    if (existsSync(series[0]?.summary ?? '')) utimesSync(series[0]?.summary ?? '', past, past);
    expect((await run()).code).toBe(75);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'no-series-summary'});
    await expectNothingSent(uid);
  });

  it('a series was never classified waits, where there are rules', async () => {
    const {uid} = await askedStudy({}, {ClassifyRulesHash: undefined});
    expect((await run()).code).toBe(75);
    expect(test.log).toContain('run processSingleFile3 reclassify with this study; it is tried again');
    await expectNothingSent(uid);
    expect((await test.gateway.row(uid)).transfer_date).toBe('');
  });

  it.each([
    ['auto', true],
    [false, false],
  ])(
    'a series was never classified goes when requireClassification is %s',
    async (requireClassification, removeRules) => {
      if (removeRules) rmSync(test.gateway.path('classifyRules.json'));
      test.gateway.configure({ANONYMIZER: {requireClassification}});
      const {uid} = await askedStudy({}, {ClassifyRulesHash: undefined});
      expect((await run()).code).toBe(0);
      expect(test.log.match(/WARN classification is not required/g)).toHaveLength(1);
      expect(test.gateway.stored(uid)).toHaveLength(6);
    },
  );
});

describe('an instance that cannot be understood', () => {
  const spoilOne = async () => {
    const asked = await askedStudy();
    writeFileSync(asked.series[0]?.files[1] ?? '', '');
    return asked;
  };

  it('keeps its whole study here, with a note', async () => {
    const {uid, series, request} = await spoilOne();
    expect((await run()).code).toBe(65);
    await expectNothingSent(uid);
    const sop = basename(series[0]?.files[1] ?? '');
    const note = `${test.gateway.path('quarantine')}/${basename(request)}/${mapped(sop)}.reason.json`;
    expect(JSON.parse(readFileSync(note, 'utf8'))).toMatchObject({
      item: `archive/scp_${uid}/${sop}`,
      tool: 'anonymizeAndSend',
      reason: 'unreadable',
      version: expect.any(String),
      at: expect.stringMatching(/Z$/),
    });
    expect(statSync(note).mode & 0o777).toBe(0o640);
    const messages = test.gateway.json('fail', '_fail_messages.log');
    expect(messages).toMatchObject({
      error: '1 of 6 instances are set aside: unreadable',
      anonymize_return_code: 65,
      instances: {planned: 6, deidentified: 5, sent: 0, failed: 1, skipped: 0},
    });
    expect(messages.anonymize_output).toMatch(new RegExp(`^${sop}: unreadable, `));
    expect(test.gateway.json('fail', '_deid.json')).toMatchObject({quarantine: {unreadable: 1}});
  });

  it('is left out when an operator accepts that for the failed request, and REDCap is told how many', async () => {
    const {uid, request} = await spoilOne();
    const failed = `${test.gateway.path('fail')}/${basename(request)}_fail.log`;
    expect((await run()).code).toBe(65);
    expect((await run({request: failed})).code).toBe(65);
    expect(test.gateway.names('fail')).toHaveLength(4);
    expect((await run({request: failed, acceptQuarantine: true})).code).toBe(65);
    expect(test.gateway.stored(uid)).toHaveLength(5);
    const row = await test.gateway.row(uid);
    expect(row).toMatchObject({transfer_error___1: '0', transfer_error___2: '0', transfers_complete: '2'});
    expect(JSON.parse(String(row.transfer_error_message))).toMatchObject({
      note: '1 of 6 instances were set aside and left out, as an operator decided',
      instances: {planned: 6, deidentified: 5, sent: 5, failed: 1},
    });
    expect(test.gateway.json('done', `${basename(request)}_deid.json`)).toMatchObject({acceptedQuarantine: 1});
    expect(test.gateway.names('done')[1]).toMatch(/\.json_ok_[^_]+_\d\d:\d\d\.log$/);
    expect(test.gateway.names('quarantine')).toEqual([basename(request)]);
  });

  it('has no note any more when a later attempt understands everything', async () => {
    const {study, uid} = await spoilOne();
    await run();
    placeStudy(test.gateway.dataDir, study);
    await test.gateway.ask(uid);
    expect((await run()).code).toBe(0);
    expect(test.gateway.names('quarantine')).toEqual([]);
  });

  it('may be a picture with burned-in text that the classification missed', async () => {
    const study = freshStudy(0);
    const uid = study.studyInstanceUid;
    placeStudy(test.gateway.dataDir, study);
    await test.gateway.ask(uid);
    expect((await run()).code).toBe(65);
    await expectNothingSent(uid);
    expect(test.gateway.json('fail', '.reason.json')).toMatchObject({reason: 'burned-in-text-possible'});
  });
});

describe('the spool', () => {
  it('that has no room for a study makes it wait', async () => {
    test.gateway.configure({PATHS: {spoolMinFreeBytes: 1e15}});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(73);
    expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'spool'});
    await expectNothingSent(uid);
  });

  it('that fills up while it is written to makes the study wait, and keeps nothing', async () => {
    const spool = test.gateway.path('spool');
    mkdirSync(spool);
    // Room for all bytes, but not for all files: only writing shows it.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=10m,nr_inodes=7', 'tmpfs', spool]);
    try {
      const {uid} = await askedStudy();
      expect((await run()).code).toBe(73);
      await expectNothingSent(uid);
      expect(test.gateway.json('requests', '.retry')).toMatchObject({reason: 'spool'});
      expect(test.log).toContain('the output cannot be written (ENOSPC)');
    } finally {
      execFileSync('umount', [spool]);
    }
  });

  it('is emptied of what a killed run left, and of nothing else', async () => {
    mkdirSync(test.gateway.path(`spool/${'0a'.repeat(16)}/1.2.3`), {recursive: true});
    mkdirSync(test.gateway.path('spool/of-somebody-else'));
    await askedStudy();
    await run();
    expect(test.gateway.names('spool')).toEqual(['of-somebody-else']);
    expect(statSync(test.gateway.path('spool')).mode & 0o777).toBe(0o700);
  });
});

describe('folders for what is finished', () => {
  it('that cannot be written to leave the request, and the next run only moves it', async () => {
    const {uid, request} = await askedStudy();
    writeFileSync(test.gateway.path('done'), 'no folder');
    const {code, log} = await run();
    expect([code, log]).toEqual([73, expect.stringContaining('ERROR cannot ')]);
    expect(existsSync(request)).toBe(true);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '2'});
    rmSync(test.gateway.path('done'));
    rmSync(`${test.gateway.dataDir}/site/raw/${uid}`, {recursive: true});
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('REDCap shows it as transferred already');
    expect(test.gateway.names('done')).toHaveLength(1);
  });

  it('are named without the pseudonym when a request cannot be moved', async () => {
    const {uid} = await askedStudy();
    mkdirSync(test.gateway.path(`fail/${uid}_PROJ_PROJ_0017_1.json_fail.log`), {recursive: true});
    rmSync(`${test.gateway.dataDir}/site/raw/${uid}`, {recursive: true});
    expect((await run()).code).toBe(73);
    expect(test.log).toContain(`<request of ${uid}>`);
    expect(test.log).not.toContain('PROJ_0017');
  });

  it('may lie on another disk', async () => {
    const done = test.gateway.path('done');
    mkdirSync(done);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', done]);
    try {
      await askedStudy();
      expect((await run()).code).toBe(0);
      expect(test.gateway.names('done')).toHaveLength(2);
      expect(test.gateway.names('requests')).toEqual([]);
    } finally {
      execFileSync('umount', [done]);
    }
  });
});

describe('the memory of how a project is de-identified', () => {
  it('is rebuilt when it is lost or damaged', async () => {
    writeSummary(test.gateway.path('state/uid-styles.json'), {PROJ: 'nonsense'});
    await askedStudy();
    expect((await run()).code).toBe(0);
    const styles = test.gateway.json('state', 'uid-styles.json');
    expect(styles).toMatchObject({PROJ: {uidRoot: '1.3.6.1.4.1.45037.', uidStyle: 'oid', dateIncrement: 42}});
    expect(statSync(test.gateway.path('state/uid-styles.json')).mode & 0o777).toBe(0o600);
  });
});
