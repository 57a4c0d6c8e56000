import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {isAlive} from '@fiona/lib/cli/processIdentity';
import {portOwner} from '@fiona/lib/cli/tcpSockets';
import {acquireLock} from '@fiona/lib/fs/lock';
import {untilPortIsFree} from '@fiona/lib/site/receiverControl';
import {describe, expect, it} from 'vitest';
import {identityOf, impatient, kill9, Lab} from './lab.ts';

describe.concurrent('a receiver that answers', {timeout: 90_000}, () => {
  it('is left alone, asked only when it had no recent success, and logged once an hour', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const receiver = await lab.receiver();
    for (let look = 0; look < 3; look++) expect(await lab.heartbeat()).toEqual({code: 0, stdout: '', stderr: ''});
    expect(lab.log()).toMatch(/^[^\n]*INFO the receiver answers \(C-ECHO took \d+ ms\)\n$/);
    const associations = () =>
      Math.max(...[...lab.site.log().matchAll(/association (\d+):/g)].map(found => Number(found[1])));
    const asked = associations();
    lab.change({HEARTBEAT: {...impatient, recentSeconds: 16}});
    expect((await lab.heartbeat()).code).toBe(0);
    expect(associations()).toBe(asked);
    utimesSync(lab.pids('storescpd.alive'), new Date(), new Date(Date.now() - 17_000));
    expect((await lab.heartbeat()).code).toBe(0);
    expect(associations()).toBe(asked + 1);
    expect(isAlive(receiver)).toBe(true);
  });

  it('under its own address only is no reason to end it: DICOMIP is wrong', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const receiver = await lab.receiver();
    lab.change({DICOMIP: '127.0.0.77'});
    const {code, stdout} = await lab.heartbeat();
    expect(code).toBe(69);
    expect(stdout).toContain('answers on this host but not under DICOMIP');
    expect(isAlive(receiver)).toBe(true);
  });

  it('is not touched when the configuration is broken (HB-3)', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const receiver = await lab.receiver();
    const sound = readFileSync(lab.site.configFile, 'utf8');
    lab.change({DICOMIP: null});
    expect(await lab.heartbeat()).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/DICOMIP: found null, expected/),
    });
    writeFileSync(lab.site.configFile, sound.slice(0, -1));
    expect((await lab.heartbeat()).code).toBe(78);
    writeFileSync(lab.site.configFile, sound);
    expect(isAlive(receiver)).toBe(true);
  });
});

describe.concurrent('a receiver that does not', {timeout: 90_000}, () => {
  it('is started again at once after kill -9, as often as the policy allows', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    await lab.receiver();
    for (let night = 0; night < 2; night++) {
      await kill9(identityOf(lab.site.pid()));
      expect(await lab.heartbeat()).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('was started again and answers'),
      });
    }
    await kill9(identityOf(lab.site.pid()));
    const {code, stdout} = await lab.heartbeat();
    expect(code).toBe(69);
    expect(stdout).toMatch(/after 2 restarts within an hour the next one comes not before 2/);
    expect(await lab.runs()).toBe(false);
  });

  it('is replaced when it hangs (SIGSTOP), by one of several watchdogs, while another root goes on', async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const other = await lab.receiver('P-1');
    const receiver = await lab.receiver();
    process.kill(receiver.pid, 'SIGSTOP');
    expect((await lab.heartbeat('--dry-run')).stdout).toContain(
      'is silent: no answer within 1 s (timeout); would start it again',
    );
    expect(isAlive(receiver)).toBe(true);
    const codes = (await Promise.all([lab.heartbeat(), lab.heartbeat(), lab.heartbeat()])).map(({code}) => code);
    expect(codes.sort()).toEqual([0, 75, 75]);
    expect(lab.log().match(/WARN the receiver \(pid \d+\) is silent: .*; it is started again/g)).toHaveLength(1);
    expect(isAlive(receiver)).toBe(false);
    expect(await lab.runs()).toBe(true);
    expect(isAlive(other)).toBe(true);
    expect((await lab.heartbeat('P-1')).code).toBe(0);
    expect(existsSync(join(lab.site.serverDir, 'logs/heartbeatP-1.log'))).toBe(true);
  });

  it('is left alone as long as it takes data, and replaced when it stops to, even against its will', async ({
    onTestFinished,
  }) => {
    const lab = await Lab.open(onTestFinished);
    const {port} = lab.site;
    const {child} = await lab.program(
      'deafReceiver.child.ts',
      String(port),
      lab.pids('storescpd.lock'),
      lab.pids('storescpd.pid'),
    );
    const pump: Socket = connect(port, '127.0.0.1');
    await once(pump, 'connect');
    const more = () => pump.write(Buffer.alloc(65_536), () => !pump.destroyed && setTimeout(more, 5));
    more();
    const busy = await lab.heartbeat();
    expect(busy.code).toBe(69);
    expect(busy.stdout).toContain('too busy to answer but takes data, it is left alone');
    expect(child.exitCode ?? child.signalCode).toBeNull();
    pump.destroy();
    const ended = once(child, 'exit');
    expect((await lab.heartbeat()).code).toBe(0);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(lab.site.pid()).not.toBe(child.pid);
  });

  it('stays down when it was stopped, or its services are switched off', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    await lab.receiver();
    await lab.site.storectl('stop');
    expect(await lab.heartbeat()).toMatchObject({code: 69, stdout: expect.stringContaining('no receiver runs')});
    await kill9(await lab.receiver());
    writeFileSync(join(lab.site.dataDir, 'config/enabled'), '0');
    expect(await lab.heartbeat()).toMatchObject({code: 0});
    expect(await lab.runs()).toBe(false);
  });

  it('is not touched while storectl is at work on it', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    await kill9(await lab.receiver());
    const lock = await acquireLock(lab.pids('storectl.lock'), {kind: 'exclusive', tool: 'storectl'});
    expect((await lab.heartbeat()).code).toBe(75);
    expect(await lab.runs()).toBe(false);
    lock?.release();
    expect((await lab.heartbeat()).code).toBe(0);
  });

  it('is started by the next run when a run was killed between end and start', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    writeFileSync(lab.pids('heartbeat.state.json'), JSON.stringify({state: 'answers', restarts: [], restarting: true}));
    expect((await lab.heartbeat()).code).toBe(0);
    expect(await lab.runs()).toBe(true);
  });
});

describe.concurrent('a port of another program', {timeout: 90_000}, () => {
  it('is named and its program left alone, also one that answers nothing', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const {port} = lab.site;
    await kill9(await lab.receiver());
    await untilPortIsFree(port);
    const foreign = createServer(socket => socket.resume()).listen(port, '127.0.0.1');
    onTestFinished(() => void foreign.close());
    await once(foreign, 'listening');
    const {code, stdout} = await lab.heartbeat();
    expect(code).toBe(69);
    expect(stdout).toMatch(new RegExp(`the port belongs to .* \\(pid ${process.pid}\\)`));
    expect(foreign.listening).toBe(true);
  });

  it('is no receiver of ours, though it answers C-ECHO', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const foreign = spawn('storescp', ['--ignore', String(lab.site.port)], {stdio: 'ignore'});
    onTestFinished(() => void foreign.kill('SIGKILL'));
    while ((await portOwner(lab.site.port)) === undefined) await delay(10);
    expect(await lab.heartbeat()).toMatchObject({
      code: 69,
      stdout: expect.stringContaining(`storescp (pid ${foreign.pid})`),
    });
    expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
  });
});

describe.concurrent('a detectStudyArrival', {timeout: 90_000}, () => {
  it('that hangs is ended with what it started, also while the receiver is well (HB-7)', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    await lab.receiver();
    const lockPath = lab.pids('detectStudyArrivalABCD.lock');
    const {child, line: hook} = await lab.program('stuckArrival.child.ts', lockPath, 'detectStudyArrival');
    const started = identityOf(Number(hook));
    const beganAgo = (seconds: number) => {
      const note = JSON.parse(readFileSync(`${lockPath}.json`, 'utf8')) as object;
      const since = new Date(Date.now() - seconds * 1000).toISOString();
      writeFileSync(`${lockPath}.json`, JSON.stringify({...note, since}));
    };
    beganAgo(3590);
    expect((await lab.heartbeat('--json')).stdout).toContain('"arrival":"none"');
    beganAgo(3601);
    expect((await lab.heartbeat('--dry-run')).stdout).toContain('would end it');
    expect(isAlive(started)).toBe(true);
    const ended = once(child, 'exit');
    expect((await lab.heartbeat()).code).toBe(0);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(isAlive(started)).toBe(false);
    expect(lab.log()).toMatch(/WARN detectStudyArrival \(pid \d+\) has been at work since .*: ended/);
    rmSync(`${lockPath}.json`);
  });

  it('is not what any other process is, whatever the note says', async ({onTestFinished}) => {
    const lab = await Lab.open(onTestFinished);
    const other = spawn('sleep', ['600'], {stdio: 'ignore'});
    onTestFinished(() => void other.kill());
    const note = {...identityOf(other.pid ?? 0), tool: 'detectStudyArrival', since: '2020-01-01T00:00:00Z'};
    writeFileSync(lab.pids('detectStudyArrivalABCD.lock.json'), JSON.stringify(note));
    expect((await lab.heartbeat('--json')).stdout).toContain('"arrival":"none"');
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });
});
