import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {researchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import {describe, expect, it} from 'vitest';
import {toolEnd} from '../../../../test/support/runTool.ts';
import {checkImportRules} from '../src/importRules.ts';
import {findProject} from '../src/researchProject.ts';
import {gatewayForEachTest, valuesOf} from './support/eachTest.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

const known = (name: string, further: Record<string, string> = {}) =>
  test.services.store('DataTransferProjects', [{record_id: name, project_name: name, project_active: '1', ...further}]);

/** What is wrong, with the keys of the project and what the log says of it. */
type WrongKeys = readonly [what: string, keys: unknown, says: RegExp];

const wrongKeys: readonly WrongKeys[] = [
  ['the project, of the wrong type', 'hex', /expected an object/],
  ['the project, a list', [], /expected an object/],
  ['a key, mistyped', {uidSytle: 'hex'}, /uidSytle is unknown, did you mean .*uidStyle/],
  ['a key that holds for all projects only', {workers: 2}, /workers is unknown/],
  ['profileOverrides, which hold for all projects', {profileOverrides: []}, /profileOverrides is unknown/],
  ['uidRoot, of the wrong type', {uidRoot: 12}, /uidRoot: found 12, expected a UID prefix/],
  ['uidRoot, no UID', {uidRoot: '1.3.x.'}, /uidRoot: found/],
  ['uidRoot, without its dot', {uidRoot: '1.3.6.1'}, /uidRoot: found/],
  ['uidRoot, too long', {uidRoot: `1.${'2'.repeat(30)}.`}, /uidRoot: found/],
  ['uidRoot, whose UIDs are never mapped', {uidRoot: '1.2.840.10008.9.'}, /UID root is that of the standard/],
  ['uidStyle, of the wrong type', {uidStyle: true}, /uidStyle: found true/],
  ['uidStyle, unknown', {uidStyle: 'OID'}, /uidStyle: found "OID"/],
  ['uidStyle, keyed without key', {uidStyle: 'keyed'}, /pseudonymKeyFile: found nothing/],
  ['pseudonymKeyFile, of the wrong type', {uidStyle: 'keyed', pseudonymKeyFile: 12}, /pseudonymKeyFile: found 12/],
  ['pseudonymKeyFile, no full path', {uidStyle: 'keyed', pseudonymKeyFile: 'key'}, /pseudonymKeyFile: found "key"/],
  ['pseudonymKeyFile, missing', {uidStyle: 'keyed', pseudonymKeyFile: '/nonexistent/key'}, /cannot be read/],
  ['pseudonymKeyFile, too short', {uidStyle: 'keyed', pseudonymKeyFile: 'FOLDER/short'}, /at least 32 bytes/],
  ['pseudonymKeyFile, open to all', {uidStyle: 'keyed', pseudonymKeyFile: 'FOLDER/open'}, /readable by others/],
  ['dateIncrement, of the wrong type', {dateIncrement: '42 days'}, /dateIncrement: found "42 days"/],
  ['dateIncrement, no whole days', {dateIncrement: 1.5}, /dateIncrement: found 1.5/],
  ['dateIncrement, out of reach', {dateIncrement: 1e9}, /dateIncrement: found/],
  ['ageCap, of the wrong type', {ageCap: '90Y'}, /ageCap: found "90Y"/],
  ['ageCap, below zero', {ageCap: -1}, /ageCap: found -1/],
  ['narrative, of the wrong type', {narrative: false}, /narrative: found false/],
  ['narrative, unknown', {narrative: 'keep'}, /narrative: found "keep"/],
  ['retain, of the wrong type', {retain: true}, /retain: found true/],
  ['retain, of the wrong type inside', {retain: {deviceIdentity: 'yes'}}, /deviceIdentity: found "yes"/],
  ['retain, unknown', {retain: {patientNames: true}}, /patientNames is unknown/],
  ['safePrivate, of the wrong type', {safePrivate: 'ACME|0019,10'}, /safePrivate: found/],
  ['safePrivate, not private', {safePrivate: ['ACME|0020,10']}, /safePrivate: found/],
  ['safePrivate, without creator', {safePrivate: ['0019,10']}, /safePrivate: found/],
  ['allow, of the wrong type', {allow: 'stl'}, /allow: found "stl"/],
  ['allow, unknown', {allow: ['everything']}, /allow: found/],
  ['allow, what is never sent', {allow: ['1.2.840.10008.5.1.4.1.1.104.1']}, /documents .* are never sent/],
  ['vocabularyFile, of the wrong type', {vocabularyFile: ['a']}, /vocabularyFile: found/],
  ['vocabularyFile, missing', {vocabularyFile: '/nonexistent/words'}, /vocabularyFile .* cannot be read/],
  ['vocabularyFile, a folder', {vocabularyFile: 'FOLDER'}, /vocabularyFile .* cannot be read/],
  ['trialSponsor, of the wrong type', {trialSponsor: 12}, /trialSponsor: found 12/],
  ['trialSponsor, too long', {trialSponsor: 'x'.repeat(65)}, /trialSponsor: found/],
];

/** Projects `WRONG 0`, `WRONG 1` …, each with one of the wrong keys, beside PROJ, which has none. */
function configureAll(): string[] {
  const folder = test.gateway.path('secrets');
  mkdirSync(folder);
  writeFileSync(join(folder, 'short'), 'secret', {mode: 0o600});
  writeFileSync(join(folder, 'open'), 'x'.repeat(64), {mode: 0o644});
  const names = wrongKeys.map((_, n) => `WRONG ${n}`);
  const projects = Object.fromEntries(
    wrongKeys.map(([, keys], n) => [names[n], JSON.parse(JSON.stringify(keys).replaceAll('FOLDER', folder))]),
  );
  test.gateway.configure({ANONYMIZER: {projects}});
  return names;
}

describe('wrong keys of a project in the configuration', () => {
  it('stop its transfers with a clear message, whatever is wrong; the other projects go on', async () => {
    const names = configureAll();
    const {uid} = await askedStudy();
    for (const [n, name] of names.entries()) {
      await known(name);
      await test.gateway.ask(uid, {project: name, instance: n + 2});
    }
    const {code, counts, transfers, log} = await run();
    expect([code, counts.done, counts.refused]).toEqual([78, 1, names.length]);
    for (const [n, [what, , says]] of wrongKeys.entries()) {
      const result = transfers.find(({transfer}) => transfer?.project === names[n]);
      expect([what, result?.kind, result?.detail]).toEqual([what, 'refused', expect.stringMatching(says)]);
      expect([what, test.gateway.stored(uid, names[n])]).toEqual([what, []]);
      const lines = log.split('\n').filter(line => line.startsWith('ERROR') && line.includes(`${names[n]}`));
      expect([what, lines.length]).toEqual([what, expect.any(Number)]);
      expect(lines.join('\n')).toMatch(says);
    }
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(test.gateway.names('requests')).toHaveLength(names.length);
    await test.services.remove('DataTransferProjects', names);
  }, 20_000);

  it('stop the tool itself no more than that, and its exit code says so, also without requests', async () => {
    test.gateway.configure({ANONYMIZER: {projects: {WRONG: {uidStyle: 'OID'}}}});
    const {uid} = await askedStudy();
    const {code, stdout} = await toolEnd(test.gateway.start());
    expect([code, stdout]).toEqual([
      78,
      expect.stringMatching(/ERROR .*config\.json:\d+: ANONYMIZER\.projects\.WRONG\.uidStyle: found "OID"/),
    ]);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect((await run()).code).toBe(78);
  });

  it('are right again: what waited is sent', async () => {
    test.gateway.configure({ANONYMIZER: {projects: {PROJ: {dateIncrement: 'x'}}}});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(78);
    expect(await test.gateway.row(uid)).toMatchObject({transfers_complete: '0'});
    test.gateway.configure({ANONYMIZER: {projects: {PROJ: {dateIncrement: 7}}}});
    expect((await run()).code).toBe(0);
  });

  it('under a name that no project has are warned of', async () => {
    test.gateway.configure({ANONYMIZER: {projects: {PROJJ: {uidStyle: 'hex'}}}});
    await askedStudy();
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('WARN ANONYMIZER.projects."PROJJ": DataTransferProjects has no project of this name');
  });
});

describe('a change to the profile', () => {
  const row = (change: object) => ({tag: '0018,1160', action: 'X', reason: 'a test', ...change});

  it.each<[string, unknown, RegExp]>([
    ['of the wrong type', 'X', /profileOverrides: found "X"/],
    ['with an unknown key', [row({why: 'x'})], /why is unknown/],
    ['without reason', [{tag: '0018,1160', action: 'X'}], /reason: found nothing/],
    ['of no tag', [row({tag: 'PatientName'})], /tag: found "PatientName"/],
    ['of an unknown tag', [row({tag: '0018,0001'})], /is no element of the standard/],
    ['of a private element', [row({tag: '0019,100C'})], /is a private element/],
    ['with an unknown action', [row({action: 'burn'})], /burn is no action/],
    ['that contradicts another', [row({}), row({action: 'K'})], /names it twice/],
    ['that keeps a name of the patient', [row({tag: '0010,1001', action: 'K'})], /may not keep what tells who/],
    ['that keeps an id of the patient', [row({tag: '0010,1000', action: 'C'})], /may not keep what tells who/],
    ['that keeps original UIDs', [row({tag: '0020,0052', action: 'K'})], /may not keep original UIDs/],
    ['that keeps full dates', [row({tag: '0008,0022', action: 'K'})], /may not keep full dates/],
    ['of what the transfer writes', [row({tag: '0010,0020', action: 'X'})], /is written or needed/],
    ['that cleans a number', [row({tag: '0018,0050', action: 'C'})], /is no text/],
    ['that maps a text', [row({tag: '0008,103E', action: 'U'})], /is no UID/],
  ])('%s stops everything: it holds for all projects', async (_, profileOverrides, says) => {
    test.gateway.configure({ANONYMIZER: {profileOverrides}});
    const {uid} = await askedStudy();
    expect((await run()).code).toBe(78);
    expect(test.log).toMatch(says);
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(test.gateway.names('requests')).toHaveLength(1);
  });

  it('that lets more through is warned of in every run, and stands in every report', async () => {
    const profileOverrides = [
      {tag: '0018,1020', action: 'X', reason: 'versions name sites'},
      {tag: '(0008,1080)', action: 'C', reason: 'wanted by the study'},
    ];
    test.gateway.configure({ANONYMIZER: {profileOverrides}});
    await askedStudy();
    expect((await run()).code).toBe(0);
    expect((await run()).code).toBe(0);
    const warning = 'WARN ANONYMIZER.profileOverrides lets through more than the profile does: (0008,1080)';
    expect(test.log.split(warning)).toHaveLength(3);
    expect(test.gateway.json('done', '_deid.json').profileOverrides).toEqual([
      {tag: '00181020', action: 'remove', reason: 'versions name sites', widens: false},
      {tag: '00081080', action: 'descriptor', reason: 'wanted by the study', widens: true},
    ]);
  });
});

describe('import rules of a project in REDCap', () => {
  const rule = (tag: string, pattern: string) => ({
    project_import_rule_1_tag: tag,
    project_import_rule_1_regexp: pattern,
  });

  const wrongTags: readonly (readonly [tag: string, says: RegExp])[] = [
    ['nonsense', /names no element/],
    ['0010,0010', /is an element that the transfer itself sets/],
    ['(0008,0080)', /is an element that the transfer itself sets/],
    ['0020,000D', /is a UID/],
    ['00020010', /is an element of the file header/],
    ['7FE0,0010', /is no text element/],
    ['0x0018,0x9346', /is no text element/],
    ['0019,1001', /is no text element/],
  ];

  it('for elements that no rule may set stop its transfers, and no others', async () => {
    const {uid} = await askedStudy();
    const names = wrongTags.map((_, n) => `RULED ${n}`);
    for (const [n, [tag]] of wrongTags.entries()) {
      await known(names[n] ?? '', rule(tag, '(.*)'));
      await test.gateway.ask(uid, {project: names[n] ?? '', instance: n + 2});
    }
    const {code, counts, transfers} = await run();
    expect([code, counts.done, counts.failed]).toEqual([65, 1, names.length]);
    for (const [n, [tag, says]] of wrongTags.entries()) {
      const result = transfers.find(({transfer}) => transfer?.project === names[n]);
      expect([tag, result?.reason, result?.detail]).toEqual([tag, 'import-rule', expect.stringMatching(says)]);
      expect([tag, test.gateway.stored(uid, names[n])]).toEqual([tag, []]);
    }
    await test.services.remove('DataTransferProjects', names);
  });

  it.each([
    ['that RE2 cannot say', '(?<=t)(\\d)', '1', 0],
    ['that is invalid: its element loses its text', '(', 'FIONA: no match on regular expression', 65],
    ['that is blank: its element loses its text', '', 'FIONA: no match on regular expression', 65],
    ['of another dialect: its element loses its text', '(\\pL)', 'FIONA: no match on regular expression', 65],
  ])('with a pattern %s', async (_, pattern, description, code) => {
    await known('RULED', rule('0008,103E', pattern));
    const {uid} = await askedStudy({project: 'RULED'});
    expect((await run()).code).toBe(code);
    const texts = test.gateway.stored(uid, 'RULED').map(({content}) => valuesOf(content, 0x0008_103e)[0]);
    expect(new Set(texts)).toContain(description);
    const warning = /WARN DataTransferProjects record RULED, project_import_rule_1_regexp:/;
    expect(warning.test(test.log)).toBe(code === 65);
    await test.services.remove('DataTransferProjects', ['RULED']);
  });

  it('with a pattern that takes for ever stop its transfers', async () => {
    await known('RULED', rule('0008,103E', '(?:(?:[^!])+)+\\b(?<=!)'));
    test.gateway.configure({REDCAP: {...redcap(), patternMillis: 20}});
    const {uid} = await askedStudy({project: 'RULED'});
    expect((await run()).code).toBe(65);
    expect(test.gateway.stored(uid, 'RULED')).toEqual([]);
    expect(test.gateway.json('fail', '_fail_messages.log')).toMatchObject({
      error: expect.stringContaining('import-rule'),
      anonymize_output: expect.stringContaining('the pattern of an import rule takes too long'),
    });
    await test.services.remove('DataTransferProjects', ['RULED']);
  });

  it('two for one element contradict each other', () => {
    const rules = [1, 2].map(n => ({field: `rule_${n}`, tag: 0x0008_103e, tagText: '0008,103E', pattern: '(.)'}));
    expect(checkImportRules({importRules: rules})).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('rule_2: "0008,103E" has another rule already'),
    });
  });

  const redcap = () =>
    (JSON.parse(readFileSync(test.gateway.path('config.json'), 'utf8')) as {REDCAP: Record<string, unknown>}).REDCAP;
});

describe('features of a project in REDCap', () => {
  it('that are neither ticked nor unticked stop its transfers', () => {
    const base = {project_name: 'ODD', project_features___0: 'Checked'};
    const found = findProject('ODD', researchProjects([{record: 'ODD', values: base} as never], new Map()), false);
    expect(found).toMatchObject({kind: 'unclear', detail: expect.stringContaining('project_features: choice 0')});
  });
});

describe('the values that a project keeps for life', () => {
  const remember = (PROJ: unknown) =>
    test.gateway.put(test.gateway.path('state/uid-styles.json'), JSON.stringify({PROJ}));
  const used = {uidRoot: '1.3.6.1.4.1.45037.', uidStyle: 'oid', dateIncrement: 42, since: '2024-01-01T00:00:00Z'};

  it.each<[string, object, RegExp]>([
    ['another root', {...used, uidRoot: '1.2.3.'}, /uidRoot 1\.2\.3\. since 2024/],
    ['another style', {...used, uidStyle: 'hex'}, /uidStyle hex since 2024.* now it is oid/],
    ['another increment', {...used, dateIncrement: 7}, /dateIncrement 7 since/],
    ['another key', {...used, uidStyle: 'keyed', keyCheck: '00000000'}, /another key \(pseudonymKeyFile\) since/],
  ])('%s refuses its transfers, and no others', async (_, before, says) => {
    await known('OTHER');
    writeFileSync(test.gateway.path('key'), 'k'.repeat(40), {mode: 0o600});
    const keyed = 'keyCheck' in before && {uidStyle: 'keyed', pseudonymKeyFile: test.gateway.path('key')};
    test.gateway.configure({ANONYMIZER: {projects: {PROJ: {...keyed}}}});
    remember(before);
    const {uid} = await askedStudy({ageSeconds: 300});
    const other = await askedStudy({project: 'OTHER'});
    expect(await run()).toMatchObject({code: 78, counts: {refused: 1, done: 1}});
    expect(test.log).toMatch(says);
    expect([test.gateway.stored(uid).length, test.gateway.stored(other.uid, 'OTHER').length]).toEqual([0, 6]);
  });

  it('are remembered with its first transfer, of a keyed one also which key it was', async () => {
    writeFileSync(test.gateway.path('key'), 'k'.repeat(40), {mode: 0o600});
    const PROJ = {uidStyle: 'keyed', pseudonymKeyFile: test.gateway.path('key')};
    test.gateway.configure({ANONYMIZER: {projects: {PROJ}}});
    await askedStudy();
    expect((await run()).code).toBe(0);
    const text = readFileSync(test.gateway.path('state/uid-styles.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({
      PROJ: {...used, uidStyle: 'keyed', since: expect.any(String), keyCheck: expect.stringMatching(/^[0-9a-f]{8}$/)},
    });
    writeFileSync(test.gateway.path('key'), 'other'.repeat(40));
    await askedStudy();
    expect((await run()).code).toBe(78);
  });

  it.each([
    ['half an entry', JSON.stringify({PROJ: {uidRoot: '1.2.3.', uidStyle: 'hex'}})],
    ['no JSON', '{"PROJ": {'],
  ])('are remembered anew when there is %s', async (_, content) => {
    test.gateway.put(test.gateway.path('state/uid-styles.json'), content);
    await askedStudy();
    expect((await run()).code).toBe(0);
    expect(JSON.parse(readFileSync(test.gateway.path('state/uid-styles.json'), 'utf8'))).toMatchObject({
      PROJ: {uidStyle: 'oid'},
    });
  });
});
