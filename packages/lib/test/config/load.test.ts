import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Log} from '../../src/cli/log.ts';
import {ConfigError} from '../../src/config/configError.ts';
import {dataRoot, dataRoots, dataRootUse} from '../../src/config/dataRoot.ts';
import {type Config, type ConfigUse, checkConfig, loadConfig} from '../../src/config/load.ts';
import {tempFolder} from '../fs/tempFolder.ts';

const folder = tempFolder();
const file = '/data/config/config.json';

const populateIncoming: ConfigUse = {keys: ['DATADIR', 'PATHS', 'PIPELINE', 'REDCAP'], required: ['REDCAP.url']};
const anonymizeAndSend: ConfigUse = {keys: ['PATHS', 'ANONYMIZER', 'REDCAP', 'RESEARCH_PACS']};
const storectl: ConfigUse = {keys: ['DATADIR', 'DICOMPORT', 'PATHS', 'RECEIVER'], required: ['DICOMPORT']};
const clearOldFiles: ConfigUse = {keys: ['DATADIR', 'SITES', 'CLEANUP']};

interface Verdict {
  errors: readonly string[];
  warnings: string[];
  /** ERROR lines about what does not stop the tool. */
  refusals: string[];
  config: Config | undefined;
}

function judge(content: object | string, use: ConfigUse): Verdict {
  const warnings: string[] = [];
  const refusals: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    error: message => refusals.push(message),
    warn: message => warnings.push(message),
  };
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
  try {
    return {errors: [], warnings, refusals, config: checkConfig(text, file, use, log)};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {errors: error.problems, warnings, refusals, config: undefined};
  }
}

describe('a file that is not JSON', () => {
  it.each([
    ['{\n "a": 1,\n}', ':2:8: not JSON (trailing comma?)'],
    ['{"a": [1, 2,]}', ':1:12: not JSON (trailing comma?)'],
    ['{"a": "b\n}', ':1:7: not JSON (missing quote at the end of the text?)'],
    ['{a: 1}', ':1:2: not JSON (missing quote around the key?)'],
    ['{"a": b}', ':1:7: not JSON (missing quote?)'],
    ['{"a": 1 "b": 2}', ':1:8: not JSON (missing comma?)'],
    ['{"a": 1', ':1:8: not JSON (the file ends too early, missing }?)'],
    ['{"a": [1, 2}', ':1:12: not JSON (found }, missing ]?)'],
    ['{"a" 1}', ':1:6: not JSON (missing colon or quote?)'],
    ["{'a': 1}", ':1:2: not JSON (single quotes, JSON takes double quotes)'],
    ['{"a": True}', ':1:7: not JSON (write true, false or null, or a number)'],
    ['{"a": 01}', ':1:7: not JSON (no valid number)'],
    ['{"a": "C:\\x"}', ':1:10: not JSON (a backslash in a text is written \\\\)'],
    ['{ // note\n}', ':1:3: not JSON (comments are not JSON, use a key that begins with _)'],
    ['{"a": 1}}', ':1:9: not JSON (something follows the end, one } too many?)'],
    ['', ': is empty, expected a JSON object'],
    ['[]', ':1: found an empty list, expected an object of keys'],
    ['12', ':1: found 12, expected an object of keys'],
  ])('%j', (text, expected) => {
    expect(judge(text, storectl).errors).toEqual([`${file}${expected}`]);
  });

  it('is always told with line, column and a cause, however it is broken', () => {
    const example = readFileSync(join(import.meta.dirname, 'realistic.json'), 'utf8');
    fc.assert(
      fc.property(
        fc.nat(example.length - 1),
        fc.nat(4),
        fc.constantFrom('', ',', '"', '}', ']', '{', "'", '\n', '\\', 'x', '\0'),
        (at, cut, put) => {
          const text = example.slice(0, at) + put + example.slice(at + cut);
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          const {errors} = judge(text, {keys: []});
          if (isJson) for (const error of errors) expect(error).not.toContain('not JSON');
          else expect(errors).toEqual([expect.stringMatching(/^[^\n]*:\d+:\d+: not JSON \(.+\)$/)]);
        },
      ),
      {numRuns: 2000},
    );
  });

  it('does not overflow on deep nesting', () => {
    expect(judge(`{"a":${'['.repeat(100_000)}`, storectl).errors).toEqual([
      `${file}:1:206: not JSON (nested too deeply)`,
    ]);
    expect(judge({DICOMPORT: 1, foreign: JSON.parse('['.repeat(1000) + ']'.repeat(1000))}, storectl).errors).toEqual(
      [],
    );
  });
});

describe('problems', () => {
  it('are reported all at once, in the order of the file, with key, line, found and expected', () => {
    const {errors} = judge(
      {
        RESEARCH_PACS: {port: 'eleven', host: 'https://x'},
        PATHS: {spool: 'spool', spoolMinFreeBytes: '5 apples'},
        REDCAP: 5,
      },
      anonymizeAndSend,
    );
    expect(errors).toEqual([
      `${file}:3: RESEARCH_PACS.port: found "eleven", expected a port number 1-65535`,
      `${file}:4: RESEARCH_PACS.host: found "https://x", expected a host name or address`,
      `${file}:7: PATHS.spool: found "spool", expected an absolute path (below this file it would be /data/config/spool)`,
      `${file}:8: PATHS.spoolMinFreeBytes: found "5 apples", expected a number of bytes, or text like "10 GiB"`,
      `${file}:10: REDCAP: found 5, expected an object`,
    ]);
  });

  it('in a section that the tool does not use are warnings, and the default holds', () => {
    const content = {DICOMPORT: '70000', REDCAP: {url: 'http://redcap.example.org/api/'}, WORKFLOWS: {storage: 5}};
    const pipeline = judge(content, populateIncoming);
    expect(pipeline.errors).toEqual([
      expect.stringContaining(':4: REDCAP.url: found "http://redcap.example.org/api/"'),
    ]);
    expect(pipeline.warnings).toEqual([
      expect.stringContaining(':2: DICOMPORT: found "70000", expected a port number 1-65535'),
      expect.stringContaining('WORKFLOWS.storage'),
    ]);
    const receiver = judge(content, storectl);
    expect(receiver.errors).toEqual([expect.stringContaining('DICOMPORT')]);
    const cleaner = judge(content, clearOldFiles);
    expect(cleaner.config?.WORKFLOWS.storage).toBe('/export/Workflows');
    expect(cleaner.config?.DICOMPORT).toBeUndefined();
  });

  it('are required keys that are missing, null, "null" or empty, for the tools that use them', () => {
    expect(judge({}, populateIncoming).errors).toEqual([
      expect.stringContaining('REDCAP.url: found nothing, expected an address'),
    ]);
    expect(judge({REDCAP: {url: null}}, populateIncoming).errors).toEqual([
      expect.stringContaining(':3: REDCAP.url: found null'),
    ]);
    expect(judge({REDCAP: {url: 'null'}}, populateIncoming).errors).toEqual([expect.stringContaining('found "null"')]);
    expect(judge({REDCAP: {url: ''}}, clearOldFiles)).toMatchObject({errors: [], warnings: []});
    expect(judge({DATADIR: null, PATHS: null, DICOMPORT: 1}, storectl).config?.DATADIR).toBe('/data');
  });

  it('inside a TLS block name the key in it', () => {
    const tls = {RESEARCH_PACS: {tls: {verify: 'maybe', caFile: 'x'}}};
    expect(judge(tls, anonymizeAndSend).errors.join()).toMatch(/tls\.verify: found "maybe".*tls\.caFile: found "x"/);
    expect(judge({RESEARCH_PACS: {tls: true}}, anonymizeAndSend).errors.join()).toContain(
      'expected false or an object (TLS block)',
    );
  });

  it('are switched-off certificates, warned of on every run of those who use them', () => {
    const content = {REDCAP: {url: 'https://x/api/', verifyTls: false}};
    expect(judge(content, populateIncoming).warnings).toEqual([expect.stringContaining('REDCAP.verifyTls is false')]);
    expect(judge(content, clearOldFiles).warnings).toEqual([]);
  });

  it('never stop stop and status', () => {
    const tolerant = {...storectl, tolerant: true};
    const broken = judge('{"DICOMPORT": 1,}', tolerant);
    expect(broken).toMatchObject({
      errors: [],
      warnings: [expect.stringContaining('trailing comma?); going on with defaults')],
    });
    expect(judge({DICOMPORT: 'x', PATHS: {serverDir: '/srv'}}, tolerant)).toMatchObject({
      errors: [],
      config: {PATHS: {serverDir: '/srv'}},
    });
  });

  it('between keys', () => {
    expect(judge({ARRIVAL: {runLimitSeconds: 4000}}, {keys: ['HEARTBEAT']}).errors.join()).toContain(
      'more than ARRIVAL.runLimitSeconds (4000)',
    );
    expect(judge({PIPELINE: {quietSeconds: 30}}, {keys: ['PIPELINE']}).errors.join()).toContain(
      'found 30, expected a whole number of seconds, 60 or more',
    );
    expect(judge({MAIL: {host: 'm', security: 'none', credentialFile: '/x'}}, {keys: ['MAIL']}).errors).toHaveLength(2);
    expect(judge({RECEIVER: {tls: {port: 2762}}, DICOMPORT: 1}, storectl).errors).toHaveLength(2);
    expect(judge({ANONYMIZER: {uidStyle: 'keyed'}}, anonymizeAndSend).errors).toEqual([
      expect.stringContaining('ANONYMIZER.pseudonymKeyFile: found nothing'),
    ]);
    expect(judge({REDCAP: {url: 'http://127.0.0.1:8080/api/'}}, populateIncoming).errors).toEqual([]);
    expect(judge({REDCAP: {url: 'https://user:geheim@x/api/'}}, populateIncoming).errors.join()).not.toContain(
      'geheim',
    );
  });

  it('of the receiver: allow lists, limits, and what warns on every run', () => {
    const receiver = (change: object) => judge({RECEIVER: change, DICOMPORT: 1}, storectl);
    const networks = ['192.0.2.0/24', '192.0.2.7', '2001:db8::/32', '::1', '::ffff:192.0.2.1', '0.0.0.0/0'];
    expect(receiver({allowNetworks: networks, allowCallers: ['CT 1']})).toMatchObject({errors: [], warnings: []});
    for (const wrong of [
      '192.0.2.0/33',
      '192.0.2',
      '192.0.2.256',
      '2001:db8::/129',
      ':::',
      'ct1.example.org',
      '1/2/3',
      '::/',
      '',
    ]) {
      expect(receiver({allowNetworks: [wrong]}).errors, wrong).toHaveLength(1);
    }
    expect(receiver({allowCallers: ['A'.repeat(17)], maxPduBytes: 100, durability: 'maybe'}).errors).toHaveLength(3);
    const tls = {port: 2762, certFile: '/c', keyFile: '/k', verify: false};
    expect(receiver({durability: 'none', tls}).warnings).toHaveLength(2);
  });

  it('with a proof by query names the side that would have to be asked', () => {
    const proof = {RESEARCH_PACS: {host: '192.0.2.20', storage: {port: 7810, proof: 'query'}}};
    expect(judge(proof, anonymizeAndSend).errors).toEqual([
      expect.stringMatching(/RESEARCH_PACS\.port: .*a value \(storage\.proof is query\)/),
    ]);
    const samePort = {DICOMPORT: '11112', RESEARCH_PACS: {storage: {commitmentPort: 11112}}};
    expect(judge(samePort, anonymizeAndSend).errors.join()).toMatch(/commitmentPort: .*another port than DICOMPORT/);
    expect(judge({RESEARCH_PACS: {storage: {proof: 'perhaps'}}}, anonymizeAndSend).errors.join()).toContain(
      'expected "status" or "query" or "commitment"',
    );
  });

  it('never end the check itself, whatever stands in the file', () => {
    const names = fc.constantFrom(
      'DATADIR',
      'SITES',
      'PATHS',
      'modes',
      'REDCAP',
      'projects',
      'url',
      'tls',
      'RESEARCH_PACS',
      'storage',
      'port',
      'ANONYMIZER',
      'ageCap',
      'PROCESSED',
      'hooks',
      'CLEANUP',
      'workDirs',
      'dir',
      'WSI',
      'converter',
      '__proto__',
      'constructor',
      'toString',
      'x',
    );
    const {tree} = fc.letrec<{tree: unknown}>(tie => ({
      tree: fc.oneof(
        {maxDepth: 4},
        fc.constantFrom(null, 'null', '', true, false, 0, -1, 1.5, 1e300, '/x', 'x', '\u0000'),
        fc.array(tie('tree'), {maxLength: 3}),
        fc.dictionary(names, tie('tree'), {maxKeys: 8}),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(names, tree), content => {
        const verdict = judge(content, {keys: ['SITES', 'PATHS', 'REDCAP', 'RESEARCH_PACS', 'ANONYMIZER', 'CLEANUP']});
        if (verdict.config) expect(verdict.config.PATHS.stateDir).toBe('/home/processing/.state');
        for (const error of verdict.errors) expect(error).not.toContain('\n');
      }),
      {numRuns: 1500},
    );
  });
});

describe('what is wrong in ANONYMIZER.projects', () => {
  const content = {
    ANONYMIZER: {
      uidStyle: 'oid',
      projects: {
        'QC - X': {uidStyle: 'keyed'},
        MISTYPED: {uidRot: '1.2.'},
        TWICE: {dateIncrement: 'x', ageCap: -1},
        TEXT: 'hex',
        GOOD: {uidStyle: 'hex'},
      },
    },
  };

  it('refuses that project for those who use it, and no other one', () => {
    const {errors, refusals, config} = judge(content, anonymizeAndSend);
    expect(errors).toEqual([]);
    expect(config?.ANONYMIZER.refusedProjects).toEqual({
      'QC - X': expect.stringContaining('ANONYMIZER.projects."QC - X".pseudonymKeyFile: found nothing'),
      MISTYPED: `${file}:9: ANONYMIZER.projects.MISTYPED.uidRot is unknown, did you mean ANONYMIZER.projects.MISTYPED.uidRoot?`,
      TWICE: expect.stringMatching(/dateIncrement: found "x", expected .*; .*ageCap: found -1, expected/),
      TEXT: expect.stringContaining('ANONYMIZER.projects.TEXT: found "hex", expected'),
    });
    expect(refusals).toHaveLength(5);
    expect(config?.ANONYMIZER.projects.GOOD).toMatchObject({uidStyle: 'hex'});
  });

  it('is a warning for everybody else', () => {
    const {errors, refusals, warnings, config} = judge(content, clearOldFiles);
    expect([errors, refusals, config?.ANONYMIZER.refusedProjects]).toEqual([[], [], {}]);
    expect(warnings).toHaveLength(4);
  });
});

describe('unknown keys', () => {
  it('are warned of with the nearest name; in ANONYMIZER they stop those who use it', () => {
    expect(judge({EXPORTS: {workdir: '/x'}}, {keys: ['EXPORTS']})).toMatchObject({
      errors: [],
      warnings: [`${file}:3: EXPORTS.workdir is unknown, did you mean EXPORTS.workDir?`],
    });
    const mistyped = {ANONYMIZER: {uidSytle: 'hex'}};
    expect(judge(mistyped, anonymizeAndSend).errors).toEqual([
      `${file}:3: ANONYMIZER.uidSytle is unknown, did you mean ANONYMIZER.uidStyle?`,
    ]);
    expect(judge(mistyped, clearOldFiles)).toMatchObject({errors: [], warnings: [expect.anything()]});
  });

  it('of the web pages and comments are ignored, unless they look like ours', () => {
    const content = {
      _comment: 1,
      '// note': 2,
      Authentication: {token: 'x', LDAP: {}},
      COUNTRY: 'x',
      SITES: {P: {DATADIR: '/dataP', LONGNAME: 'x', _note: ''}},
      PATHS: {_why: 'x'},
    };
    expect(judge(content, clearOldFiles)).toMatchObject({errors: [], warnings: []});
    expect(judge({DICOMPROT: 1, Paths: {}, SITES: {P: {DATADIR: '/p', DICOMPROT: 1}}}, clearOldFiles).warnings).toEqual(
      [
        expect.stringContaining('DICOMPROT is unknown, did you mean DICOMPORT?'),
        expect.stringContaining('Paths is unknown, did you mean PATHS?'),
        expect.stringContaining('SITES.P.DICOMPROT is unknown, did you mean SITES.P.DICOMPORT?'),
      ],
    );
  });

  it('that hold a secret are refused without showing it', () => {
    const {errors} = judge(
      {REDCAP: {url: 'https://x/api/', projects: {Incoming: {token: '0123456789ABCDEF'}}}},
      populateIncoming,
    );
    expect(errors).toEqual([
      expect.stringContaining('REDCAP.projects.Incoming.token is a secret and must not stand in this file'),
    ]);
    expect(errors.join()).toContain('tokenFile');
    expect(errors.join()).not.toContain('0123');
  });
});

describe('values', () => {
  it('may be written as older files have them', () => {
    const {config, warnings} = judge(
      {
        DICOMPORT: '11112',
        DICOMIP: '192.0.2.1',
        SITES: {P: {DATADIR: '/dataP', DICOMPORT: '11113'}},
        RECEIVER: {logMaxBytes: '1.5 MiB'},
        INDEX: {allowOutside: 'true'},
        PATHS: {modes: {folders: '02770', files: '0660', group: 'www-data'}},
        ANONYMIZER: {ageCap: null},
      },
      {...storectl, keys: ['SITES', 'PATHS', 'RECEIVER', 'INDEX', 'ANONYMIZER']},
    );
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      DICOMPORT: 11112,
      SITES: {P: {DICOMPORT: 11113}},
      RECEIVER: {logMaxBytes: 1_572_864},
      INDEX: {allowOutside: true},
      PATHS: {modes: {folders: 0o2770, leafFolders: 0o1777, files: 0o660, group: 'www-data'}},
      ANONYMIZER: {ageCap: null, dateIncrement: 42},
    });
  });

  it('that depend on other keys follow them', () => {
    const {config} = judge(
      {
        PATHS: {serverDir: '/srv', stateDir: '/state'},
        RESEARCH_PACS: {host: 'pacs', storage: {port: 104}},
        LOCALTIMEZONE: 'Europe/Berlin',
        WORKFLOWS: {storage: '/wf'},
      },
      {keys: ['PATHS']},
    );
    expect(config).toMatchObject({
      PATHS: {classifyRules: '/srv/bin/classifyRules.json'},
      RESEARCH_PACS: {storage: {host: 'pacs', port: 104, aeTitle: 'DICOM_STORAGE'}},
      REDCAP: {timeZone: 'Europe/Berlin'},
      USER_EVENTS: {stateDir: '/state/cron'},
      WORKFLOWS: {dataRoots: ['/wf']},
    });
    const host = judge({}, {keys: []}).config?.REDCAP.timeZone;
    const canonical = (timeZone?: string) =>
      new Intl.DateTimeFormat('en', {...(timeZone && {timeZone})}).resolvedOptions().timeZone;
    expect(canonical(host)).toBe(canonical());
  });

  it.each([
    ['DICOMAETITLE', ['A', 'FIONA 1', 'A'.repeat(16)], ['', ' A', 'A\\B', 'A'.repeat(17), 'Ä', 5]],
    ['DATADIR', ['/data', '/a b'], ['/', '/a,b', '/a\nb', 'data', '//']],
    ['DICOMPORT', [1, '65535'], [0, 65536, 1.5, '1e3', 'x', true]],
    [
      'LOCALTIMEZONE',
      ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'],
      ['Mars/Base', '../../etc/passwd', 'europe'],
    ],
  ])('of %s', (key, right, wrong) => {
    const use = {keys: [key], required: [key]};
    for (const value of right) expect(judge({[key]: value}, use).errors).toEqual([]);
    for (const value of wrong) {
      if (value !== '') expect(judge({[key]: value}, use).errors).toHaveLength(1);
    }
  });

  it('the realistic example is valid for every tool', () => {
    const text = readFileSync(join(import.meta.dirname, 'realistic.json'), 'utf8');
    const sections = Object.keys(JSON.parse(text) as object).filter(name => name !== 'Authentication');
    const {errors, warnings, config} = judge(text, {keys: sections});
    expect(errors).toEqual([]);
    expect(warnings).toEqual([]);
    expect(config?.ANONYMIZER.projects['DEMO-BRAIN']).toMatchObject({
      dateIncrement: -77,
      retain: {deviceIdentity: true},
    });
  });
});

describe('data roots', () => {
  const {config} = judge(
    {
      DATADIR: '/data',
      DICOMIP: '192.0.2.1',
      DICOMPORT: 1,
      SITES: {'MY-P': {DATADIR: '/dataP', DICOMPORT: 2}, Q: {DATADIR: null}},
    },
    {keys: ['DATADIR']},
  );
  if (!config) throw new Error('no config');

  it('fall back to the top level, except for folder and port', () => {
    expect(dataRoot(config, '')).toMatchObject({
      project: '',
      nameOrAbcd: 'ABCD',
      dataDir: '/data',
      port: 1,
      aeTitle: 'FIONA',
    });
    expect(dataRoot(config, 'ABCD')).toEqual(dataRoot(config, ''));
    expect(dataRoot(config, 'MY-P')).toMatchObject({dataDir: '/dataP', port: 2, ip: '192.0.2.1'});
    expect(dataRoots(config).map(({project}) => project)).toEqual(['', 'MY-P']);
  });

  it.each(['Q', 'NONE', '../x', 'a'.repeat(33), 'toString', '__proto__'])('of %s are refused', name => {
    expect(() => dataRoot(config, name)).toThrow(ConfigError);
  });

  it('are required for the tool that works on them', () => {
    const use = dataRootUse('P', ['DATADIR', 'DICOMPORT', 'DICOMIP'], ['DICOMPORT', 'DICOMIP']);
    expect(judge({SITES: {P: {DATADIR: null}}}, use).errors).toEqual([
      expect.stringContaining(':3: SITES.P.DICOMPORT: found nothing'),
      expect.stringContaining(':3: SITES.P.DICOMIP: found nothing'),
      expect.stringContaining(':4: SITES.P.DATADIR: found null, expected an absolute path'),
    ]);
    expect(judge({DICOMIP: 'h', SITES: {P: {DATADIR: '/p', DICOMPORT: 3}}}, use).errors).toEqual([]);
    expect(judge({SITES: {}}, use).errors).toEqual([
      expect.stringContaining('SITES.P: found nothing, expected a data root of that name'),
    ]);
    expect(
      judge({SITES: {P: {DATADIR: '/p', DICOMPORT: 3}, Q: {DATADIR: 'relative'}}, DICOMIP: 'h'}, use),
    ).toMatchObject({
      errors: [],
      warnings: [expect.stringContaining('SITES.Q.DATADIR')],
    });
  });

  it('must not lie in each other', () => {
    const {errors} = judge(
      {
        DATADIR: '/data',
        SITES: {A: {DATADIR: '/data/a'}, B: {DATADIR: '/b'}, C: {DATADIR: '/b/'}, '-': {DATADIR: '/dataX'}},
      },
      clearOldFiles,
    );
    expect(errors).toHaveLength(2);
  });
});

describe('loadConfig', () => {
  const path = join(folder, 'config.json');
  const use: ConfigUse = {keys: ['DATADIR'], folders: ['DATADIR']};

  it('reads the named file with a byte order mark, and checks the folders it needs', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, `\uFEFF${JSON.stringify({DATADIR: join(folder, 'data')})}`);
    expect((await loadConfig(path, use)).DATADIR).toBe(join(folder, 'data'));
    process.env.FIONA_CONFIG = path;
    expect((await loadConfig(undefined, use)).DATADIR).toBe(join(folder, 'data'));
    delete process.env.FIONA_CONFIG;
    writeFileSync(path, JSON.stringify({DATADIR: join(folder, 'none')}));
    await expect(loadConfig(path, use)).rejects.toThrow(/:1: DATADIR: .*none: no such file or folder/);
  });

  it('needs the file, unless the tool runs with defaults and nobody named one', async () => {
    await expect(loadConfig(join(folder, 'nope.json'), {keys: [], optionalFile: true})).rejects.toThrow(
      /does not exist/,
    );
    expect((await loadConfig(join(folder, 'nope.json'), {keys: [], tolerant: true})).PATHS.stateDir).toBe(
      '/home/processing/.state',
    );
    await expect(loadConfig(folder, {keys: []})).rejects.toThrow(/no regular file/);
  });

  it('checks the secret files that the tool requires', async () => {
    const token = join(folder, 'token');
    writeFileSync(token, 'A'.repeat(32), {mode: 0o644});
    chmodSync(token, 0o644);
    writeFileSync(path, JSON.stringify({REDCAP: {url: 'https://x/api/', projects: {Incoming: {tokenFile: token}}}}));
    const key = 'REDCAP.projects.Incoming.tokenFile';
    const needs: ConfigUse = {keys: ['REDCAP'], required: ['REDCAP.url', key]};
    await expect(loadConfig(path, needs)).rejects.toThrow(
      `${key}: ${token} is readable by others (0644), expected 0640 or stricter`,
    );
    chmodSync(token, 0o640);
    expect((await loadConfig(path, needs)).REDCAP.projects.Incoming.tokenFile).toBe(token);
    expect(await loadConfig(path, {keys: ['REDCAP'], required: ['REDCAP.url']})).toBeDefined();
  });
});
