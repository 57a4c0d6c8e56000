import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it, onTestFinished} from 'vitest';
import {readPidFile} from '../../src/cli/pidFile.ts';
import {commandLineOf, isAlive, ownIdentity, startTimeOf} from '../../src/cli/processIdentity.ts';
import {startChild} from '../fs/childScript.ts';
import {tempFolder} from '../fs/tempFolder.ts';

const root = tempFolder();
writeFileSync(join(root, 'config.json'), '{}');

interface Trial {
  folder: string;
  pidFile: string;
  control(verb: string, behaviour?: string): Promise<{code: number | null; stdout: string; stderr: string}>;
  pid(): number | undefined;
}

function aDaemon(usual = 'good'): Trial {
  const folder = mkdtempSync(join(root, 'd-'));
  const pidFile = join(folder, 'trial.pid');
  const pid = () => {
    const found = readPidFile(pidFile);
    return found.kind === 'own' && isAlive(found.note) ? found.note.pid : undefined;
  };
  onTestFinished(() => {
    const left = pid();
    if (left !== undefined) process.kill(left, 'SIGKILL');
  });
  return {
    folder,
    pidFile,
    pid,
    control: (verb, behaviour = usual) =>
      startChild('cli/daemon.child.ts', [verb, behaviour, folder], {FIONA_CONFIG: join(root, 'config.json')}).ended(),
  };
}

async function gone(pid: number): Promise<void> {
  while (startTimeOf(pid) !== undefined) await new Promise(done => setTimeout(done, 5));
}

describe('start', () => {
  it('returns when the daemon can serve, detached and in /', async () => {
    const daemon = aDaemon('slow');
    const before = performance.now();
    const {code, stdout} = await daemon.control('start');
    expect(performance.now() - before).toBeGreaterThan(600);
    expect(code).toBe(0);
    expect(stdout).toMatch(/INFO starting trialDaemon: .*daemon\.child\.mjs serve slow/);
    expect(stdout).toContain(`started\n${daemon.pid()}`);
    expect(readFileSync(join(daemon.folder, 'trial.log'), 'utf8')).toMatch(/^in \/\n.*INFO serving\n$/);
    expect((await daemon.control('status')).stdout).toBe(`pid ${daemon.pid()}\n`);
    const stat = readFileSync(`/proc/${daemon.pid()}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    expect(Number(stat[3]), 'a session of its own').toBe(daemon.pid());
    expect((await daemon.control('stop')).stdout).toBe('stopped\n');
    expect(existsSync(daemon.pidFile)).toBe(false);
  });

  it('of a running daemon does nothing: 0', async () => {
    const daemon = aDaemon();
    await daemon.control('start');
    const pid = daemon.pid();
    const again = await daemon.control('start');
    expect(again).toMatchObject({code: 0, stdout: `running\n${pid}\n`});
    expect(daemon.pid()).toBe(pid);
  });

  it('tells why the daemon did not start, with its exit code', async () => {
    const daemon = aDaemon('fails');
    const {code, stdout} = await daemon.control('start');
    expect(code).toBe(69);
    expect(stdout).toMatch(/ERROR trialDaemon did not start: port 11112 is taken by somebody else$/m);
    expect(readFileSync(join(daemon.folder, 'trial.log'), 'utf8')).toContain('ERROR port 11112 is taken');
  });

  it('tells of a daemon that ends without a word', async () => {
    const daemon = aDaemon('dies');
    const {code, stdout} = await daemon.control('start');
    expect(code).toBe(69);
    expect(stdout).toMatch(/ERROR trialDaemon did not start: it ended with code 3, see .*trial\.log$/m);
  });

  it('gives up on a daemon that never becomes ready, and leaves none behind', async () => {
    const daemon = aDaemon('silent');
    const {code, stdout} = await daemon.control('start');
    expect(code).toBe(69);
    expect(stdout).toMatch(/ERROR trialDaemon did not start: it was not ready within 3 s and was ended, see/);
    expect((await daemon.control('status')).code).toBe(69);
    expect(daemon.pid()).toBeUndefined();
  });

  it('works at once after kill -9 of the daemon', async () => {
    const daemon = aDaemon();
    await daemon.control('start');
    const pid = daemon.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    expect(existsSync(daemon.pidFile)).toBe(true);
    expect((await daemon.control('status')).stdout).toBe('not running\n');
    const {stdout, code} = await daemon.control('start');
    expect(code).toBe(0);
    expect(stdout).toContain('trial.pid is stale');
    expect(daemon.pid()).not.toBe(pid);
  });

  it.each([
    ['an empty pid file', ''],
    ['half a pid file', '{"pid": 12'],
    ['the pid of another living program', String(process.pid)],
    [
      'a note of a living program with another start',
      JSON.stringify({...ownIdentity(), startTime: '1', commandLine: [], since: ''}),
    ],
    [
      'a note of a living program with another command line',
      JSON.stringify({...ownIdentity(), commandLine: ['x'], since: ''}),
    ],
  ])('is not misled by %s', async (_, content) => {
    const daemon = aDaemon();
    writeFileSync(daemon.pidFile, content);
    expect((await daemon.control('status')).code).toBe(69);
    expect(await daemon.control('stop')).toMatchObject({code: 0, stdout: expect.stringContaining('notRunning')});
    expect(startTimeOf(process.pid)).toBeDefined();
    expect((await daemon.control('start')).code).toBe(0);
    expect(daemon.pid()).toBeDefined();
  });

  it('starts one daemon when two starts come together', async () => {
    const daemon = aDaemon('slow');
    const results = await Promise.all([daemon.control('start'), daemon.control('start')]);
    expect(results.map(({code}) => code).sort()).toEqual([0, 75]);
    expect(daemon.pid()).toBeDefined();
  });

  it('finds a daemon whose pid file was removed', async () => {
    const daemon = aDaemon();
    await daemon.control('start');
    const pid = daemon.pid() ?? 0;
    rmSync(daemon.pidFile);
    expect((await daemon.control('start')).stdout).toBe(`running\n${pid}\n`);
    expect((await daemon.control('stop')).stdout).toBe('stopped\n');
    expect(startTimeOf(pid)).toBeUndefined();
  });

  it('says that the log cannot be written', async () => {
    const daemon = aDaemon();
    rmSync(daemon.folder, {recursive: true});
    const {code} = await startChild('cli/daemon.child.ts', ['start', 'good', '/proc/none'], {
      FIONA_CONFIG: join(root, 'config.json'),
    }).ended();
    expect(code).toBe(73);
  });
});

describe('stop', () => {
  it('waits while the daemon drains', async () => {
    const daemon = aDaemon('drains');
    await daemon.control('start');
    const before = performance.now();
    expect((await daemon.control('stop')).stdout).toBe('stopped\n');
    expect(performance.now() - before).toBeGreaterThan(400);
    expect(readFileSync(join(daemon.folder, 'trial.log'), 'utf8')).toContain('SIGTERM received');
  });

  it('kills a daemon that does not end, and says so', async () => {
    const daemon = aDaemon('deaf');
    await daemon.control('start');
    const pid = daemon.pid() ?? 0;
    const {stdout, code} = await daemon.control('stop');
    expect(stdout).toMatch(
      /WARN trialDaemon \(pid \d+\) does not end within 1 s, killing it\nkilled\n|.*WARN.*\nkilled\n/,
    );
    expect(code).toBe(0);
    expect(startTimeOf(pid)).toBeUndefined();
    expect(existsSync(daemon.pidFile)).toBe(false);
  });

  it('of nothing is fine', async () => {
    expect(await aDaemon().control('stop')).toMatchObject({code: 0, stdout: 'notRunning\n'});
  });

  it('names a foreign process that an older pid file points to, and leaves it alone', async () => {
    const daemon = aDaemon();
    const sleeper = spawn('sleep', ['60'], {stdio: 'ignore'});
    onTestFinished(() => {
      sleeper.kill('SIGKILL');
    });
    writeFileSync(daemon.pidFile, `${sleeper.pid}\n`);
    const {stdout} = await daemon.control('stop');
    expect(stdout).toMatch(
      new RegExp(`WARN .*trial.pid names pid ${sleeper.pid} \\(sleep\\), which is not ours: left alone`),
    );
    expect(commandLineOf(sleeper.pid ?? 0)).toEqual(['sleep', '60']);
  });

  it('restart replaces the process', async () => {
    const daemon = aDaemon();
    await daemon.control('start');
    const pid = daemon.pid();
    const {stdout, code} = await daemon.control('restart');
    expect(code).toBe(0);
    expect(stdout).toContain(`started\n${daemon.pid()}`);
    expect(daemon.pid()).not.toBe(pid);
  });
});

describe('processes', () => {
  it('are told apart by start time, zombies count as dead', async () => {
    expect(isAlive(ownIdentity())).toBe(true);
    expect(isAlive({...ownIdentity(), startTime: '0'})).toBe(false);
    expect(startTimeOf(2 ** 22 + 1)).toBeUndefined();
    // sh starts a child, becomes sleep and never waits for it
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']});
    onTestFinished(() => {
      parent.kill('SIGKILL');
    });
    const zombie = Number(await new Promise(settle => parent.stdout.once('data', settle)));
    await gone(zombie);
    expect(existsSync(`/proc/${zombie}/stat`)).toBe(true);
  });
});
