import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {Gateway, until} from './gateway.ts';
import {summariesOf} from './helpers.ts';
import {type Attributes, store} from './instances.ts';

const image = (number: number, more: Attributes = {}): Attributes => ({
  SOPInstanceUID: ['UI', `1.2.3.1.${number}`],
  InstanceNumber: ['IS', String(number)],
  ...more,
});

describe('start, stop, restart, status', () => {
  it('work from any state and say so by their exit codes', async () => {
    const gateway = new Gateway();
    expect((await gateway.run('status')).code).toBe(69);
    expect((await gateway.run('stop')).code).toBe(0);
    expect((await gateway.run('start')).code).toBe(0);
    const status = JSON.parse((await gateway.run('--json', 'status')).stdout);
    expect(status).toMatchObject({running: true, backlog: {lines: 0}, messages: 0, failures: 0});
    // PF-27: a start of a running daemon is no error
    expect((await gateway.run('start')).code).toBe(0);
    expect(JSON.parse((await gateway.run('--json', 'status')).stdout).pid).toBe(status.pid);
    expect((await gateway.run('restart')).code).toBe(0);
    const restarted = JSON.parse((await gateway.run('--json', 'status')).stdout).pid;
    expect(restarted).not.toBe(status.pid);
    expect(statSync(gateway.pipe).isFIFO()).toBe(true);
    expect((await gateway.run('stop')).code).toBe(0);
    expect(existsSync(gateway.pipe)).toBe(false);
    expect(readdirSync(join(gateway.serverDir, '.pids')).filter(name => name.endsWith('.pid'))).toEqual([]);
  });

  it('a stale pid file, also one with the pid of another program, does not block a start (PF-5)', async () => {
    const gateway = new Gateway();
    mkdirSync(join(gateway.serverDir, '.pids'));
    for (const content of ['', '999999\n', `${process.pid}\n`]) {
      writeFileSync(join(gateway.serverDir, '.pids/processSingleFile.pid'), content);
      expect((await gateway.run('start')).code).toBe(0);
      expect((await gateway.run('stop')).code).toBe(0);
    }
  });

  it.each([
    [['frobnicate'], 64],
    [['start', 'a', 'b'], 64],
    [['send'], 64],
    [['reclassify'], 64],
    [['reclassify', '../x'], 64],
    [['start', 'a b'], 78],
    [['start', 'unknown'], 78],
  ])('%j ends with %i', async (args, code) => {
    expect((await new Gateway().run(...args)).code).toBe(code);
  });

  it('stop works with a broken configuration and a broken rule file (PF-23), start says what is wrong', async () => {
    const gateway = new Gateway();
    const rules = join(gateway.serverDir, 'bin/classifyRules.json');
    expect((await gateway.run('start')).code).toBe(0);
    writeFileSync(rules, '{');
    expect((await gateway.run('restart')).code).toBe(78);
    writeFileSync(
      rules,
      '[{"type": "CHECKBURNEDINFO", "rules": [{"tag": []}]}, {"type": "GE", "rules": [{"tag": []}]}]',
    );
    const refused = await gateway.run('start');
    expect(refused.code).toBe(78);
    expect(refused.stdout).toContain('rule 1 (CHECKBURNEDINFO) is disabled');
    writeFileSync(rules, '[{"type": "GE", "rules": [{"tag": []}]}, {"type": "all", "rules": []}]');
    expect((await gateway.run('start')).code).toBe(0);
    const config = readFileSync(gateway.config, 'utf8');
    writeFileSync(gateway.config, config.replace('"DATADIR"', ',"DATADIR"'));
    expect((await gateway.run('status')).code).toBe(69);
    writeFileSync(gateway.config, config);
    expect((await gateway.run('stop')).code).toBe(0);
  });

  it('refuse a foreign object in place of the pipe or replace an own one', async () => {
    const gateway = new Gateway();
    writeFileSync(gateway.pipe, 'a file');
    expect((await gateway.run('start')).code).toBe(0);
    expect(statSync(gateway.pipe).isFIFO()).toBe(true);
    await gateway.run('stop');
    execFileSync('mkfifo', [gateway.pipe]);
    chmodSync(gateway.pipe, 0o600);
    expect((await gateway.run('start')).code).toBe(0);
    expect(statSync(gateway.pipe).mode & 0o777).toBe(0o666);
  });

  it('keep projects apart (PF-3, PF-4)', async () => {
    const gateway = new Gateway();
    const other = join(gateway.folder, 'dataP');
    mkdirSync(join(other, 'site/archive'), {recursive: true});
    const config = JSON.parse(readFileSync(gateway.config, 'utf8'));
    writeFileSync(gateway.config, JSON.stringify({...config, SITES: {P: {DATADIR: other}}}));
    expect((await gateway.run('start')).code).toBe(0);
    expect((await gateway.run('start', 'P')).code).toBe(0);
    const {path} = store(other, image(1));
    expect((await gateway.run('send', path, 'P')).code).toBe(0);
    await until(() => Object.keys(summariesOf(other)).length === 1);
    expect(summariesOf(gateway.root)).toEqual({});
    expect((await gateway.run('stop', 'P')).code).toBe(0);
    expect(existsSync(`${gateway.pipe}P`)).toBe(false);
    expect(existsSync(gateway.pipe)).toBe(true);
    expect((await gateway.run('status')).code).toBe(0);
  });
});
