import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, it} from 'vitest';
import {postRaw} from '../../../test/support/redcapCall.ts';
import {type RunningSandbox, runSandbox, startSandbox} from '../../../test/support/sandbox.ts';
import {field, projectL, projectS} from './support/projects.ts';

const folder = mkdtempSync(join(tmpdir(), 'fiona-sandbox-commands-'));
let number = 0;
const newFolder = (): string => join(folder, String(++number));
const running: RunningSandbox[] = [];

async function start(options: Parameters<typeof startSandbox>[0]): Promise<RunningSandbox> {
  const sandbox = await startSandbox({site: false, ...options});
  running.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.stop();
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

describe('sandbox load', () => {
  it('prints the token and nothing else, from a file or stdin', async () => {
    const dir = newFolder();
    const file = join(folder, 's.json');
    writeFileSync(file, JSON.stringify(projectS()));
    const first = await runSandbox(['load', '--dir', dir, file]);
    const second = await runSandbox(['load', '--dir', dir, '-'], JSON.stringify({...projectS(), surplus: 1}));
    expect([first.code, first.stdout, first.stderr]).toEqual([0, expect.stringMatching(/^[0-9A-F]{32}\n$/), '']);
    expect(second.stdout).not.toBe(first.stdout);
    expect(second.stderr).toContain('surplus');
  });

  it('names every problem with its place and stores nothing', async () => {
    const dir = newFolder();
    const bad = {
      ...projectL(),
      metadata: [
        field('person', 'record_id'),
        field('person', 'x'),
        field('person', 'x'),
        field('person', 'Y y', 'radio'),
      ],
      events: [{unique_event_name: 'e_arm_1', forms: ['person', 'nix']}],
    };
    const first = await runSandbox(['load', '--dir', dir, '-'], JSON.stringify(bad));
    expect(first.code).toBe(65);
    expect(first.stdout).toBe('');
    for (const place of [
      'metadata[2].field_name',
      'metadata[3].field_name',
      'metadata[3].select_choices_or_calculations',
      'events[0].forms[1]',
      'repeating[0].form_name',
    ]) {
      expect(first.stderr).toContain(place);
    }
    const data = [
      {record_id: '1', foo: 'x'},
      {record_id: '1'},
      {record_id: ''},
      {record_id: '2', redcap_repeat_instrument: 'base'},
      {record_id: '3', uid: '1'},
    ];
    const second = await runSandbox(['load', '--dir', dir, '-'], JSON.stringify({...projectS(), data}));
    expect(second.code).toBe(65);
    expect(second.stderr).toContain('data[0]: column foo is not in the dictionary');
    expect(second.stderr).toContain('data[1]: the same record');
    expect(second.stderr).toContain('data[2]: record_id is missing');
    expect(second.stderr).toContain('data[3]: base is no repeating instrument');
    expect(second.stderr).toContain('data[4]: column uid does not belong');
    const good = await runSandbox(['load', '--dir', dir, '--seed', 'x', '-'], JSON.stringify(projectS()));
    const fresh = await runSandbox(['load', '--dir', newFolder(), '--seed', 'x', '-'], JSON.stringify(projectS()));
    expect(good.stdout).toBe(fresh.stdout);
  });

  it.each([
    [['load', '--dir', 'DIR', '/nowhere/x.json'], 65],
    [['load', '--dir', '/proc/none/x', 'FILE'], 73],
    [['load', '--dir', '/dev/null/x', 'FILE'], 73],
    [['load', 'FILE'], 64],
    [['nonsense'], 64],
    [['fault', '--dir', 'DIR', '{"do":"explode"}'], 65],
    [['fault', '--dir', 'DIR', '{"do":'], 65],
    [['start', '--dir', 'DIR', '--redcap-port', 'x'], 64],
    [['start', '--dir', 'DIR', '--move-to', 'x'], 64],
  ])('%j ends with %i', async (args, code) => {
    const file = join(folder, 'good.json');
    writeFileSync(file, JSON.stringify(projectS()));
    const real = args.map(arg => (arg === 'DIR' ? newFolder() : arg === 'FILE' ? file : arg));
    const result = await runSandbox(real);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(result.stderr).not.toBe('');
  });
});

describe('sandbox start', () => {
  it('serves with TLS that its own authority vouches for', async () => {
    const sandbox = await start({});
    expect(sandbox.redcapUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/api\/$/);
    expect((await postRaw(sandbox, '')).status).toBe(403);
    const other = await start({});
    await expect(postRaw({...sandbox, caFile: other.caFile}, '')).rejects.toThrow(/certificate|signature/);
    await expect(postRaw({...sandbox, redcapUrl: sandbox.redcapUrl.replace('https', 'http')}, '')).rejects.toThrow();
  });

  it('keeps its ports, and ends with 0 on SIGTERM', async () => {
    const dir = newFolder();
    const first = await start({dir, plainHttp: true});
    const {redcapUrl, pacs} = first;
    expect(first.caFile).toBe('');
    expect(await first.stop()).toBe(0);
    const second = await start({dir, plainHttp: true});
    expect([second.redcapUrl, second.pacs]).toEqual([redcapUrl, pacs]);
    expect(pacs).toMatchObject({aeTitle: 'DICOM_STORAGE', queryAeTitle: 'DICOM_QR_SCP', host: '127.0.0.1'});
  });

  it('finishes a running request when it is stopped', async () => {
    const sandbox = await start({plainHttp: true, dir: newFolder()});
    const token = await sandbox.load(projectS());
    await sandbox.fault({do: 'delay:400', times: 1});
    const answer = sandbox.call(token, {content: 'version'});
    await new Promise(resolve => setTimeout(resolve, 150));
    expect(await sandbox.stop()).toBe(0);
    expect((await answer).text).toBe('14.7.3');
  });

  it('refuses a folder that another one serves, and a port in use', async () => {
    const dir = newFolder();
    await start({dir});
    const second = await runSandbox(['start', '--dir', dir]);
    expect([second.code, second.stdout]).toEqual([75, '']);
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => blocker.once('listening', resolve));
    const {port} = blocker.address() as {port: number};
    for (const option of ['--redcap-port', '--pacs-port']) {
      const blocked = await runSandbox(['start', '--dir', newFolder(), '--plain-http', option, String(port)]);
      expect([blocked.code, blocked.stdout]).toEqual([69, '']);
      expect(blocked.stderr).toContain(`the port is in use; choose another port with ${option}`);
    }
    blocker.close();
  });

  it('serves 50 requests at once', async () => {
    const sandbox = await start({});
    const token = await sandbox.load(projectS());
    const rows = (index: number): string => JSON.stringify([{record_id: `p${index}`}]);
    const answers = await Promise.all(
      Array.from({length: 50}, (_, index) => sandbox.call(token, {content: 'record', data: rows(index)})),
    );
    expect(new Set(answers.map(answer => answer.text))).toEqual(new Set(['{"count":1}']));
  });

  it('takes a body that is too large for an empty one, and drops variables behind the limit', async () => {
    const sandbox = await start({plainHttp: true, args: ['--post-max-bytes', '1000', '--max-input-vars', '2']});
    const token = await sandbox.load(projectS());
    const {status} = await sandbox.call(token, {content: 'record', data: 'x'.repeat(2000)});
    expect(status).toBe(403);
    expect((await sandbox.call(token, {content: 'version'})).status).toBe(400);
  });

  it('depends on the seed and the clock it is given only', async () => {
    const story = async (): Promise<string[]> => {
      const env = {FIONA_SANDBOX_NOW: '2026-01-02T03:04:05Z', TZ: 'UTC'};
      const sandbox = await start({plainHttp: true, seed: 'story', env, dir: newFolder()});
      const loaded = await runSandbox(['load', '--dir', sandbox.dir, '-'], JSON.stringify(projectL()), env);
      const token = loaded.stdout.trim();
      await sandbox.call(token, {content: 'record', data: JSON.stringify([{record_id: 'x', sex: '1'}])});
      const answers = ['log', 'event', 'project', 'dag', 'record'].map(
        async content => (await sandbox.call(token, {content})).text,
      );
      return [token, ...(await Promise.all(answers))];
    };
    const first = await story();
    expect(first[1]).toContain('2026-01-02 03:04:05');
    expect(await story()).toEqual(first);
  });
});

describe('sandbox site', () => {
  it('prints the same configuration twice and loads nothing twice', async () => {
    const dir = newFolder();
    const first = await runSandbox(['site', '--dir', dir]);
    const second = await runSandbox(['site', '--dir', dir]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(second.stdout).toBe(first.stdout);
    const sandbox = await start({dir, site: true});
    expect(Object.keys(sandbox.tokens)).toHaveLength(10);
    for (const [name, token] of Object.entries(sandbox.tokens)) {
      expect(statSync(join(dir, 'tokens', name)).mode & 0o777).toBe(0o600);
      expect((await sandbox.call(token, {content: 'project'})).json).toMatchObject({project_title: name});
    }
    const projects = await sandbox.call(sandbox.tokens.DataTransferProjects ?? '', {
      content: 'record',
      forms: 'projects',
    });
    expect(projects.json).toMatchObject(
      ['DEMO-AUTO', 'DEMO-BRAIN', 'DEMO-KNEE', 'DEMO-PATH'].map(name => ({
        record_id: name,
        project_name: name,
        project_token: sandbox.tokens[name],
        project_active: '1',
      })),
    );
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'redcap.db')).mode & 0o777).toBe(0o600);
  });

  it('prints a configuration without a fault for every tool, with everything below its folder', async () => {
    const dir = newFolder();
    const {stdout} = await runSandbox(['site', '--dir', dir]);
    const {checkConfig} = await import('@fiona/lib/config/load');
    const warnings: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn: (text: string) => void warnings.push(text),
      error: (text: string) => void warnings.push(text),
    };
    const keys = Object.keys(JSON.parse(stdout) as object);
    const config = checkConfig(
      stdout,
      join(dir, 'config.json'),
      {keys, required: ['REDCAP.url', 'RESEARCH_PACS.storage.port'], folders: ['DATADIR']},
      log,
    );
    expect(warnings).toEqual([]);
    expect(config.REDCAP.url).toMatch(/^https:/);
    const paths = [...stdout.matchAll(/"(\/[^"]*)"/g)].map(([, path]) => path ?? '');
    expect(paths.filter(path => !path.startsWith(`${dir}/`))).toEqual([]);
    expect(await readFile(config.REDCAP.caFile ?? '', 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});

describe('sandbox site without TLS', () => {
  it('names the plain address, also when the server was started so before', async () => {
    const asked = await runSandbox(['site', '--dir', newFolder(), '--plain-http']);
    const sandbox = await start({dir: newFolder(), plainHttp: true});
    const follows = await runSandbox(['site', '--dir', sandbox.dir]);
    for (const {stdout} of [asked, follows]) {
      const {REDCAP} = JSON.parse(stdout) as {REDCAP: {url: string; caFile?: string}};
      expect(REDCAP.url).toMatch(/^http:/);
      expect(REDCAP.caFile).toBeUndefined();
    }
    expect(JSON.parse(follows.stdout)).toMatchObject({REDCAP: {url: sandbox.redcapUrl}});
  });
});

describe('sandbox fault', () => {
  it('queues, shows and clears', async () => {
    const dir = newFolder();
    await runSandbox(
      ['fault', '--dir', dir, '-'],
      '[{"do":"ban","times":2},{"match":{"pacs":"store"},"do":"status:A700"}]',
    );
    const shown = await runSandbox(['faults', '--dir', dir]);
    expect(JSON.parse(shown.stdout)).toMatchObject([
      {do: 'ban', times: 2},
      {match: {pacs: 'store'}, do: 'status:A700'},
    ]);
    await runSandbox(['faults', '--dir', dir, '--clear']);
    expect((await runSandbox(['faults', '--dir', dir])).stdout).toBe('[]\n');
  });
});

describe('other clients', () => {
  it('B-19 are understood in all three spellings of lists, urlencoded and multipart, by curl', async () => {
    const sandbox = await start({});
    const token = await sandbox.load(projectS());
    const curl = (...args: string[]): string => {
      const base = ['--silent', '--show-error', '--cacert', sandbox.caFile, sandbox.redcapUrl];
      const {stdout, stderr} = spawnSync('curl', [...base, ...args], {encoding: 'utf8'});
      return stdout + stderr;
    };
    // as PyCap, REDCapR, PHP and plain scripts send them
    const lists = [
      ['records[0]=2', 'records[1]=10', 'fields[0]=record_id'],
      ['records=2,10', 'fields=record_id'],
      ['records[]=2', 'records[]=10', 'fields[]=record_id'],
    ];
    const common = [
      `token=${token}`,
      'content=record',
      'format=csv',
      'rawOrLabel=raw',
      'exportDataAccessGroups=False',
      'returnFormat=json',
    ];
    for (const list of lists) {
      for (const option of ['--data-urlencode', '--form']) {
        const args = [...common, ...list].flatMap(pair => [option, pair]);
        expect(curl(...args)).toBe('record_id,redcap_repeat_instrument,redcap_repeat_instance\n2,,\n10,,\n');
      }
    }
    // older scripts: action=export, singular names with an index are ignored
    const old = curl(
      ...[...common, 'action=export', 'record[0]=2', 'field[0]=record_id', 'record_id=da39a3ee'].flatMap(pair => [
        '--data',
        pair,
      ]),
    );
    expect(old.split('\n')).toHaveLength(6);
    const large = `data=[{"record_id":"5","name":"${'x'.repeat(5000)}"}]`;
    const imported = curl(
      '--header',
      'Expect: 100-continue',
      '--data-urlencode',
      large,
      ...common.flatMap(pair => ['--data', pair.replace('=csv', '=json')]),
    );
    expect(imported).toBe('{"count": 1}'.replace(' ', ''));
  });
});
