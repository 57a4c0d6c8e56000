import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {filesBelow, linesOf, runInstalled} from '../support/installedTools.ts';

/** Every tool of the path with what it is called with every day. */
const tools: readonly (readonly [tool: string, ...args: string[]])[] = [
  ['bin/populateIncoming'],
  ['bin/createTransferRequests'],
  ['bin/anonymizeAndSend'],
  ['server/bin/storectl', 'start'],
  ['server/bin/processSingleFile3', 'start'],
];
const home = mkdtempSync(join(tmpdir(), 'fiona-configuration-'));
const token = '0123456789ABCDEF0123456789ABCDEF';
let dir: string;

afterAll(() => rmSync(home, {recursive: true, force: true}));
beforeEach(() => {
  dir = mkdtempSync(join(home, 'x-'));
});

/** A configuration on which every tool could start. */
function sound(): Record<string, unknown> {
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'token'), `${token}\n`, {mode: 0o600});
  const tokenFile = {tokenFile: join(dir, 'token')};
  const projects = Object.fromEntries(
    ['Incoming', 'Routing', 'CouplingList', 'DataTransferProjects'].map(name => [name, tokenFile]),
  );
  const paths = ['stateDir', 'pidDir', 'transferRequests', 'transfersDone', 'transfersFail', 'spool', 'quarantine'];
  return {
    DATADIR: join(dir, 'data'),
    DICOMIP: '127.0.0.1',
    DICOMPORT: 11112,
    PROCESSING_USER: userInfo().username,
    PATHS: Object.fromEntries([...paths, 'serverDir'].map(name => [name, join(dir, name)])),
    REDCAP: {url: 'http://127.0.0.1:9/api/', attempts: 1, projects},
    RESEARCH_PACS: {host: '127.0.0.1', port: 104, storage: {port: 104}},
  };
}

async function runWith(text: string | undefined, [tool, ...args]: readonly string[], ...more: string[]) {
  const file = join(dir, 'config.json');
  if (text !== undefined) writeFileSync(file, text);
  const before = filesBelow(dir);
  const result = await runInstalled(tool ?? '', [...args, ...more], {FIONA_CONFIG: file, TMPDIR: dir});
  return {...result, file, created: filesBelow(dir).filter(name => !before.includes(name))};
}

describe.each(tools)('%s', (name, ...args) => {
  const tool = [name, ...args];

  it('without its configuration file says so in one line and does nothing', async () => {
    const {code, stdout, file, created} = await runWith(undefined, tool);
    expect(code).toBe(78);
    expect(linesOf(stdout, 'ERROR')).toEqual([
      expect.stringContaining(`${file}: the configuration file does not exist; name it with --config or FIONA_CONFIG`),
    ]);
    expect(created).toEqual([]);
  });

  it('names line, column and cause when the file is not JSON', async () => {
    const {code, stdout, file, created} = await runWith('{\n  "DATADIR": "/data",\n}\n', tool);
    expect(code).toBe(78);
    expect(linesOf(stdout, 'ERROR')).toEqual([expect.stringMatching(`${file}:[23]:\\d+: .*trailing comma`)]);
    expect(created).toEqual([]);
  });

  it('names every wrong value at once: key, found, expected', async () => {
    const wrong = {
      ...sound(),
      DATADIR: 'relative/folder',
      DICOMPORT: 'eleven',
      PROCESSING_USER: 7,
      PATHS: {stateDir: 3, pidDir: 'pids', serverDir: ['x'], modes: {files: '0999'}, transferRequests: false},
      RESEARCH_PACS: {host: 'http://pacs', port: 0, storage: {port: 70_000}},
      REDCAP: {url: 'ftp://nowhere', projects: 'none'},
    };
    const {code, stdout, created} = await runWith(JSON.stringify(wrong, null, 2), tool);
    expect(code).toBe(78);
    const problems = linesOf(stdout, 'ERROR').filter(line => line.includes(': found '));
    expect(problems.length).toBeGreaterThan(1);
    for (const line of problems) expect(line).toMatch(/config\.json:\d+: [A-Za-z_.]+: found .+, expected .+/);
    expect(stdout).toContain('DATADIR: found "relative/folder", expected an absolute path');
    expect(created).toEqual([]);
  });

  it('with an older Node ends with one sentence', async () => {
    const preload = join(dir, 'older.cjs');
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', {value: '20.20.2'});`);
    const older = join(dir, 'node');
    writeFileSync(older, `#!/bin/sh\nexec ${process.execPath} -r ${preload} "$@"\n`);
    chmodSync(older, 0o755);
    const {code, stdout, stderr} = await runInstalled(name, args, {FIONA_NODE: older});
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toBe('Node 20.20.2 is too old: this tool needs Node 22.13 or newer (set FIONA_NODE to one)\n');
  });

  it('without any Node ends with one sentence', async () => {
    const {code, stdout, stderr} = await runInstalled(name, args, {FIONA_NODE: join(dir, 'none'), PATH: dir});
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toMatch(/^no Node to run \S+ with: install Node 22\.13 or newer, or set FIONA_NODE to one\n$/);
  });

  it('explains itself with an example and knows its version', async () => {
    const command = name.split('/').at(-1) ?? '';
    const help = await runInstalled(name, ['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain(`Usage: ${command}`);
    expect(help.stdout).toMatch(new RegExp(`Example:\\n +${command} `));
    for (const shared of ['--config', '--dry-run', '--json', '--quiet', '--verbose', '--version'])
      expect(help.stdout).toContain(shared);
    const {version} = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await runInstalled(name, ['--version'])).toEqual({code: 0, stdout: `${version}\n`, stderr: ''});
  });

  it('answers with JSON alone under --json, whatever is wrong', async () => {
    const bad = await runWith('{', tool, '--json');
    expect(JSON.parse(bad.stdout)).toEqual({error: expect.stringContaining('config.json:1:'), exitCode: 78});
    expect(linesOf(bad.stderr, 'ERROR')).toHaveLength(1);
    const usage = await runWith('{', tool, '--json', '--no-such-switch');
    expect(usage.code).toBe(64);
    expect(JSON.parse(usage.stdout)).toEqual({error: expect.stringContaining('--no-such-switch'), exitCode: 64});
  });
});

describe('a project that does not exist', () => {
  it.each(['server/bin/storectl', 'server/bin/processSingleFile3'])(
    '%s is told in one line, nothing is started',
    async tool => {
      const config = {...sound(), SITES: {P: {DATADIR: join(dir, 'p'), DICOMPORT: 11113}}};
      for (const project of ['Q', 'p', '../P', 'a b']) {
        const {code, stdout} = await runWith(JSON.stringify(config), [tool, 'start', project]);
        expect([project, code]).toEqual([project, 78]);
        expect(linesOf(stdout, 'ERROR')).toHaveLength(1);
        expect(existsSync(join(dir, 'server'))).toBe(false);
      }
    },
  );
});

describe('a secret file', () => {
  it('that everybody may read is refused, and the token is not shown', async () => {
    const config = sound();
    chmodSync(join(dir, 'token'), 0o644);
    for (const tool of tools.slice(0, 3)) {
      const {code, stdout, stderr} = await runWith(JSON.stringify(config), tool, '--verbose');
      expect(code).toBe(78);
      expect(stdout).toContain(join(dir, 'token'));
      expect(stdout + stderr).not.toContain(token);
    }
  });
});

describe('the log', () => {
  it('has one line an event in the form that people grep for, and a summary at the end', async () => {
    const line = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: \[\w+\] (DEBUG|INFO|WARN|ERROR) \S/;
    for (const tool of tools.slice(0, 3)) {
      dir = mkdtempSync(join(home, 'x-'));
      const {stdout} = await runWith(JSON.stringify(sound()), tool);
      const lines = stdout.trimEnd().split('\n');
      for (const each of lines) expect(each).toMatch(line);
      expect(lines.at(-1)).toMatch(/INFO summary: .*\d s/);
    }
  });

  it('is NDJSON with FIONA_LOG=json', async () => {
    writeFileSync(join(dir, 'config.json'), JSON.stringify(sound()));
    const env = {FIONA_LOG: 'json', FIONA_CONFIG: join(dir, 'config.json')};
    const {stdout} = await runInstalled('bin/populateIncoming', [], env);
    for (const each of stdout.trimEnd().split('\n')) expect(JSON.parse(each)).toHaveProperty('msg');
  });
});
