import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {bundled, startChild} from '../fs/childScript.ts';
import {smallDisk} from '../fs/smallDisk.ts';
import {tempFolder} from '../fs/tempFolder.ts';

const folder = tempFolder();
const pids = join(folder, 'pids');
const config = join(folder, 'config.json');
writeFileSync(config, JSON.stringify({DATADIR: '/data', PATHS: {pidDir: pids}}));

const trial = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  startChild('cli/trial.child.ts', args, {FIONA_CONFIG: config, ...env});
const run = (args: string[], env: NodeJS.ProcessEnv = {}) => trial(args, env).ended();

const stamp = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: \[trial\]`;
const line = (rest: string) => new RegExp(`^${stamp} ${rest}$`, 'm');

describe('a run', () => {
  it('logs in the format that sysadmins grep for, ends with the summary, exit 0', async () => {
    const {code, stdout, stderr} = await run(['good', '--count', '7']);
    expect(stdout).toMatch(
      new RegExp(
        `^${stamp} INFO root /data, count 7, dry false\nfirst line\nsecond line\n${stamp} INFO summary: done 3, failed 0; \\d+\\.\\d\\d s\n$`,
      ),
    );
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
  });

  it('says that it was a dry run and takes no lock for it', async () => {
    const holder = trial(['wait']);
    await holder.line();
    const {code, stdout} = await run(['good', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(line('INFO summary: dry run, nothing changed; done 3, failed 0; .* s'));
    await holder.kill();
  });

  it('with --json has the result alone on standard output', async () => {
    const {stdout, stderr} = await run(['good', '--json']);
    expect(JSON.parse(stdout)).toEqual({done: 3, failed: 0});
    expect(stderr).toMatch(line('INFO summary: .*'));
    const failed = await run(['usage', '--json']);
    expect(JSON.parse(failed.stdout)).toEqual({error: 'the count is wrong', exitCode: 64});
  });

  it('with --quiet keeps warnings, errors and the summary; with --verbose shows details', async () => {
    const quiet = (await run(['bad', '--quiet'])).stdout.trimEnd().split('\n');
    expect(quiet).toEqual(['plan', expect.stringMatching(/summary: done 1, failed 2; .* s; exit 65$/)]);
    expect((await run(['good', '--verbose'])).stdout).toMatch(line('DEBUG a detail'));
  });

  it('writes NDJSON with FIONA_LOG=json', async () => {
    const {stdout} = await run(['bad'], {FIONA_LOG: 'json'});
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as object;
    expect(last).toMatchObject({level: 30, name: 'trial', msg: expect.stringContaining('summary: done 1, failed 2')});
  });

  it('loses nothing of a large result in a slow pipe', async () => {
    const child = spawn(process.execPath, [bundled('cli/trial.child.ts'), 'much', '--json', '--config', config]);
    let size = 0;
    for await (const chunk of child.stdout) {
      size += (chunk as Buffer).length;
      await new Promise(done => setTimeout(done, 2));
    }
    expect(size).toBe(1_288_892);
  });

  it('is not disturbed by a reader that goes away', () => {
    const command = `"$0" "$1" much --json --config "$2" | head -c 10; printf ' %s' "\${PIPESTATUS[0]}"`;
    const script = bundled('cli/trial.child.ts');
    const output = execFileSync('bash', ['-c', command, process.execPath, script, config], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(output).toBe('[0,1,2,3,4 0');
  });

  it('keeps one event on one line, whatever the message holds', async () => {
    expect((await run(['inject'])).stdout).toMatch(line(String.raw`INFO two\\nlines \\x1b\[31mred\\x0d\\x00 top tab`));
  });
});

describe('the command line', () => {
  it('explains itself with an example', async () => {
    const {code, stdout} = await run(['--help']);
    expect(code).toBe(0);
    for (const part of [
      'Usage: trial [options] [what]',
      '--config',
      '--dry-run',
      '--json',
      '--quiet',
      '--verbose',
      'Example:\n  trial good --dry-run',
    ]) {
      expect(stdout).toContain(part);
    }
    expect((await run(['--version'])).stdout).toBe('development\n');
  });

  it.each([[['--nope']], [['a', 'b']], [['--count']], [['--quiet', '--verbose']], [['--config', '']]])(
    '%j is a usage error: 64',
    async args => {
      const {code, stderr, stdout} = await run(args);
      expect(code).toBe(64);
      expect(stderr).toMatch(/^error: .*\n\(see trial --help\)\n$/);
      expect(stdout).toBe('');
    },
  );
});

describe('errors', () => {
  it('of the configuration are one line each: 78', async () => {
    const {code, stdout} = await run(['needs']);
    expect(code).toBe(78);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/ERROR .*config\.json:1: REDCAP\.url: found nothing, expected/),
      expect.stringMatching(/ERROR .*config\.json:1: DICOMPORT: found nothing, expected/),
    ]);
  });

  it('of the file system are sentences: 73', async () => {
    const disk = smallDisk(join(folder, 'disk'), 64);
    const {code, stdout} = await run(['write', '--count', join(disk, 'f')]);
    expect(code).toBe(73);
    expect(stdout).toMatch(line('ERROR .*the disk is full, make room \\(ENOSPC\\)'));
    expect(stdout).toMatch(line('INFO summary: failed; .* s; exit 73'));
    expect(stdout).not.toContain('    at ');
  });

  it('that are bugs say so, with a stack only under --verbose, and never with a secret: 70', async () => {
    const short = await run(['bug']);
    expect(short.code).toBe(70);
    expect(short.stdout).toMatch(
      line(
        String.raw`ERROR a bug in this tool: TypeError: secret \*\*\* leaked \(run again with --verbose and report it\)`,
      ),
    );
    expect(short.stdout).not.toMatch(/at .*trial\.child/);
    const long = await run(['bug', '--verbose', '--json']);
    expect(long.stderr).toMatch(/DEBUG .*at .*trial\.child/);
    expect(long.stderr).toContain('caused by: Error: deeper ***');
    expect(long.stdout + long.stderr).not.toContain('top-secret-word');
  });

  it.each(['late', 'rejected'])('outside the job (%s) end the run like its own', async what => {
    const {code, stdout} = await run([what]);
    expect(code).toBe(70);
    expect(stdout).toMatch(line('ERROR a bug in this tool: .*'));
  });

  it('of a lock folder that can not be made: 73', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, JSON.stringify({PATHS: {pidDir: '/proc/none'}}));
    const {code, stdout} = await run(['good', '--config', other]);
    expect(code).toBe(73);
    expect(stdout).toMatch(line('ERROR cannot lock /proc/none/trial.lock: no such file or folder .*'));
  });
});

describe('two at once', () => {
  it('the second says who runs and leaves: 75', async () => {
    const first = trial(['wait']);
    await first.line();
    const {code, stdout} = await run(['good']);
    expect(code).toBe(75);
    expect(stdout).toMatch(
      new RegExp(
        `^${stamp} WARN is already running \\(pid ${first.process.pid} since .*Z\\), nothing done; try later\n$`,
      ),
    );
    await first.kill();
    expect((await run(['good'])).code).toBe(0);
    expect(readdirSync(pids)).toEqual(['trial.lock']);
  });

  it('one of two that start together works', async () => {
    const path = aConfig();
    const words = await Promise.all([1, 2].map(() => trial(['wait', '--config', path]).line()));
    expect(words.filter(word => word.endsWith('INFO waiting'))).toHaveLength(1);
    expect(words.filter(word => word.includes('is already running'))).toHaveLength(1);
  });
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s lets the job end, with summary: 75', async signal => {
    const child = trial(['wait', '--config', aConfig()]);
    await child.line();
    child.process.kill(signal);
    const {code, stdout} = await child.ended();
    expect(code).toBe(75);
    expect(stdout).toMatch(line(`INFO ${signal} received, finishing the current step`));
    expect(stdout).toMatch(line('INFO summary: interrupted; .*; exit 75'));
  });

  it('a second one ends it at once', async () => {
    const child = trial(['stubborn', '--config', aConfig()]);
    await child.line();
    child.process.kill('SIGTERM');
    await child.line();
    child.process.kill('SIGTERM');
    expect((await child.ended()).code).toBe(75);
  });
});

let configs = 0;
/** A configuration with a lock folder of its own. */
function aConfig(): string {
  const path = join(folder, `config-${configs++}.json`);
  const pidDir = join(folder, `pids-${configs}`);
  mkdirSync(pidDir);
  writeFileSync(path, JSON.stringify({PATHS: {pidDir}}));
  expect(existsSync(path)).toBe(true);
  return path;
}
