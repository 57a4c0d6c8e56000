import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {bodyParts} from '../../src/deid/profile/bodyParts.ts';
import {gatewayRows} from '../../src/deid/profile/gatewayRows.ts';
import {patternRows} from '../../src/deid/profile/patternRows.ts';
import {Profile} from '../../src/deid/profile/profile.ts';
import type {Action, ProfileRow} from '../../src/deid/profile/profileRow.ts';
import {SafePrivate} from '../../src/deid/profile/safePrivate.ts';
import {safePrivateRows} from '../../src/deid/profile/safePrivateRows.ts';
import {profileTable} from '../../src/deid/profile/table.ts';
import {appliedCodes, stampElements} from '../../src/deid/stamp.ts';
import {defaultCharacterSet} from '../../src/dicom/charset.ts';
import {lookup} from '../../src/dicom/dictionary.ts';
import {formatTag} from '../../src/dicom/tag.ts';
import {aRequest} from './support/instances.ts';

interface StandardRow {
  name: string;
  tag: string;
  basic_profile: string;
  options: Record<string, string>;
}

function golden<T>(name: string): T {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL(`../../../../../shared/data/golden/${name}`, import.meta.url)), 'utf8'),
  ) as T;
}

const standard = golden<{rows: StandardRow[]}>('ps3.15-e1-1.json').rows;
const columns = [
  'retain_safe_private',
  'retain_uids',
  'retain_device_identity',
  'retain_institution_identity',
  'retain_patient_characteristics',
  'retain_longitudinal_full_dates',
  'retain_longitudinal_modified_dates',
  'clean_descriptors',
  'clean_structured_content',
  'clean_graphics',
];
const optionsOf = (row: StandardRow) => columns.map(column => row.options[column] ?? '.').join('');

/** The action that the standard's row leads to, with the options that are on: what our table says unless it gives a reason of its own. */
function genericAction([, keyword, vr, basic, options]: ProfileRow): Action {
  const [, , device, , patient, , dates, descriptors, structured, graphics] = options;
  const needsValue = basic.includes('D');
  if (dates === 'C') return 'date';
  if (patient === 'K') {
    if (vr === 'SQ') return keyword.includes('Code') ? 'codes' : 'sequence';
    if (vr === 'AS') return 'age';
    return ['SH', 'LO', 'UC'].includes(vr) ? 'descriptor' : 'keep';
  }
  if (patient === 'C') return 'narrative';
  if (structured === 'C' || graphics === 'C') return 'sequence';
  if (descriptors === 'C') {
    if (vr === 'SQ') return keyword.includes('Code') ? 'codes' : 'sequence';
    if (['LO', 'SH', 'UC'].includes(vr)) return needsValue ? 'descriptorDummy' : 'descriptor';
    return 'description';
  }
  if (device === 'K' && basic !== 'X' && ['LO', 'SH', 'UC', 'ST'].includes(vr)) return 'device';
  if (basic === 'X') return 'remove';
  if (basic === 'U') return 'uid';
  if (basic === 'Z' || basic === 'X/Z') return 'empty';
  if (vr === 'SQ') return 'sequence';
  if (vr === 'UI') return 'uid';
  return ['OB', 'OW', 'UN'].includes(vr) ? 'zeroBytes' : 'dummy';
}

const genericReasons =
  /^(basic|modified dates|patient characteristics|structured content|graphics: geometry kept|descriptors|device pseudonym)/;

describe('our table of the profile', () => {
  it('has every row of Table E.1-1 with the codes of the standard, and no other', () => {
    const single = standard.filter(row => /^\([0-9A-F]{4},[0-9A-F]{4}\)$/i.test(row.tag));
    const ours = profileTable.map(([tag, , , basic, options]) => `${formatTag(tag)} ${basic} ${options}`);
    expect(ours).toEqual(
      single.map(row => `${row.tag.toUpperCase()} ${row.basic_profile} ${optionsOf(row)}`).toSorted(),
    );
    const many = standard
      .filter(row => !single.includes(row))
      .map(row => `${row.tag.replace(/[()]/g, '')} ${row.basic_profile} ${optionsOf(row)}`);
    expect(
      patternRows
        .filter(row => row[2] !== '')
        .map(([pattern, , basic, options]) => `${pattern} ${basic} ${options}`)
        .toSorted(),
    ).toEqual(many.toSorted());
    expect(profileTable.length + many.length).toBe(657);
  });

  it('follows the standard wherever it gives no reason of its own', () => {
    const other = profileTable.filter(row => genericReasons.test(row[6]) && row[5] !== genericAction(row));
    // free text of the descriptors column is narrative unless it is a short description
    const allowed = other.filter(([, , vr, , , action]) => {
      const isNarrative = ['ST', 'LT', 'UT'].includes(vr) && (action === 'narrative' || action === 'narrativeDummy');
      return !isNarrative && action !== 'descriptionDummy';
    });
    expect(allowed.map(row => row[1])).toEqual([]);
  });

  it('knows keyword and VR of each row as the dictionary does', () => {
    const wrong = profileTable.filter(([tag, keyword, vr]) => {
      const entry = lookup(tag);
      return entry !== undefined && (entry.keyword !== keyword || (entry.vr !== vr && entry.otherVr !== vr));
    });
    expect(wrong.map(row => row[1])).toEqual([]);
  });

  it('has no attribute twice', () => {
    const tags = [...profileTable.map(row => row[0]), ...gatewayRows.map(row => row[0])];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('gives a reason for every row', () => {
    expect([...profileTable.map(row => row[6]), ...gatewayRows.map(row => row[4])].filter(why => why === '')).toEqual(
      [],
    );
  });
});

describe('the code of the engine', () => {
  it('names no attribute: what it needs to find or to write stands in the profile', () => {
    const folder = fileURLToPath(new URL('../../src/deid/', import.meta.url));
    const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter(
      name => name.endsWith('.ts') && !name.startsWith('profile/'),
    );
    const naming = files.filter(name => /0x[0-9a-f]{4}_[0-9a-f]{4}/i.test(readFileSync(join(folder, name), 'utf8')));
    expect(files.length).toBeGreaterThan(30);
    expect(naming).toEqual([]);
  });
});

describe('the rule of an attribute', () => {
  const profile = new Profile(aRequest);

  it.each([
    [0x6000_3000, 'remove'],
    [0x601e_0022, 'remove'],
    [0x5002_3000, 'remove'],
    [0x5400_1010, 'keep'],
    [0x0008_0000, 'remove'],
    [0x4008_0300, 'remove'],
    [0x0020_3100, 'remove'],
    [0x0018_0050, 'keep'],
    [0x0018_1160, 'descriptorDummy'],
    [0x0018_1261, 'descriptor'],
    [0x0008_0008, 'codeString'],
    [0x0028_0010, 'keep'],
    [0x0008_9999, 'remove'],
    [0xfffa_fffa, 'remove'],
    [0xfffc_fffc, 'remove'],
    [0x7fe0_0010, 'keep'],
  ])('%s is %s', (tag, action) => {
    expect(profile.ruleOf(tag).action).toBe(action);
  });

  it('changes with the option to retain device identity, but not for AE titles and UIDs', () => {
    const retaining = new Profile({...aRequest, retain: {deviceIdentity: true}});
    expect(retaining.ruleOf(0x0018_1000).action).toBe('keep');
    expect(retaining.ruleOf(0x0008_0055).action).toBe('empty');
    expect(retaining.ruleOf(0x0018_1002).action).toBe('uid');
    expect(profile.ruleOf(0x0018_1000).action).toBe('device');
  });

  it('may be changed by the site, but never so that it keeps who the patient is', () => {
    const changed = new Profile({
      ...aRequest,
      profileOverrides: [{tag: 0x0018_1160, action: 'remove', reason: 'test'}],
    });
    expect(changed.ruleOf(0x0018_1160)).toMatchObject({action: 'remove', source: 'override'});
    expect(
      () => new Profile({...aRequest, profileOverrides: [{tag: 0x0010_1000, action: 'keep', reason: 'test'}]}),
    ).toThrow(/may not keep/);
  });
});

describe('safe private elements', () => {
  interface SafeRow {
    tag: string;
    private_creator: string;
    vm: string;
    vr: string;
  }
  const rows = golden<{rows: SafeRow[]}>('ps3.15-e3-10-1.json').rows;

  it('are those of Table E.3.10-1', () => {
    const ours = safePrivateRows.flatMap(([creator, group, elements]) =>
      Object.entries(elements).flatMap(([vr, numbers]) =>
        numbers
          .split(' ')
          .map(text => text.split('*'))
          .map(
            ([number, most = '1']) =>
              `${creator} (${group.toString(16).toUpperCase().padStart(4, '0')},xx${number}) ${vr === '--' ? '' : vr} ${vr === 'SQ' ? '' : most}`,
          ),
      ),
    );
    const theirs = rows.map(
      row =>
        `${row.private_creator} ${row.tag.toUpperCase().replace('XX', 'xx')} ${row.vr.replace('OW/OB', 'OW')} ${row.vr === 'SQ' ? '' : row.vm.split('-').at(-1)}`,
    );
    expect(ours.toSorted()).toEqual(theirs.toSorted());
    expect(ours).toHaveLength(479);
  });

  it('are on when they are numbers or codes, and when the site lists them', () => {
    const safe = new SafePrivate(['Philips Imaging DD 001|2001,50', 'OWN CREATOR|0011,01']);
    expect(safe.find('SIEMENS MR HEADER', 0x0019_100c)).toEqual({vr: 'IS', mostValues: 1});
    expect(safe.find('SIEMENS MR HEADER ', 0x0019_100c)).toBeUndefined();
    expect(safe.find('SIEMENS MR HEADER', 0x0019_1008)).toBeUndefined();
    expect(safe.find('Philips Imaging DD 001', 0x2001_1050)).toEqual({vr: 'LO', mostValues: 1});
    expect(safe.find('Philips Imaging DD 001', 0x2001_106d)).toBeUndefined();
    expect(safe.find('OWN CREATOR', 0x0011_1001)).toEqual({vr: undefined, mostValues: Number.POSITIVE_INFINITY});
    expect(() => new SafePrivate(['OWN CREATOR|0010,01'])).toThrow(/odd group/);
  });
});

describe('the stamp', () => {
  it('names codes and meanings of CID 7050', () => {
    const rows = golden<{rows: {code_value: string; code_meaning: string}[]}>('ps3.16-cid-7050.json').rows;
    const meaning = new Map(rows.map(row => [row.code_value, row.code_meaning]));
    const request = {...aRequest, retain: {deviceIdentity: true}};
    const sequence = stampElements(request, defaultCharacterSet, true, new Set(['113102'])).find(
      element => element.tag === 0x0012_0064,
    );
    const items = sequence?.vr === 'SQ' ? sequence.items : [];
    const written = items.map(item =>
      item.map(element => (element.vr === 'SQ' ? '' : element.value.toString('latin1'))),
    );
    expect(written.map(([code, , text]) => [code, text])).toEqual(
      written.map(([code]) => [code, meaning.get(code ?? '')]),
    );
    expect(written.map(([code]) => code)).toEqual([
      '113100',
      '113101',
      '113102',
      '113103',
      '113104',
      '113105',
      '113107',
      '113108',
      '113109',
      '113111',
    ]);
  });

  it('says of the dates what was done: moved, or left as they are', () => {
    const stampsOf = (dateIncrement: number) =>
      stampElements({...aRequest, dateIncrement}, defaultCharacterSet, false, new Set());
    const claim = (dateIncrement: number) => {
      const claimed = stampsOf(dateIncrement).find(element => element.tag === 0x0028_0303);
      return claimed !== undefined && 'value' in claimed ? claimed.value.toString('latin1') : '';
    };
    const codes = (dateIncrement: number) => appliedCodes({...aRequest, dateIncrement}, false, new Set());
    expect([claim(42), claim(-3), claim(0)]).toEqual(['MODIFIED', 'MODIFIED', 'UNMODIFIED']);
    expect([codes(42).includes('113106'), codes(42).includes('113107')]).toEqual([false, true]);
    expect([codes(0).includes('113106'), codes(0).includes('113107')]).toEqual([true, false]);
  });

  it.each([
    {cleaned: false, retain: false, earlier: [] as string[]},
    {cleaned: true, retain: false, earlier: []},
    {cleaned: false, retain: true, earlier: ['113101']},
    {cleaned: true, retain: true, earlier: ['113102']},
  ])('claims pixels, faces and devices as they are: %o', ({cleaned, retain, earlier}) => {
    const request = {...aRequest, retain: {deviceIdentity: retain}};
    const codes = appliedCodes(request, cleaned, new Set(earlier));
    expect(codes.includes('113101')).toBe(cleaned || earlier.includes('113101'));
    expect(codes.includes('113102')).toBe(earlier.includes('113102'));
    expect(codes.includes('113109')).toBe(retain);
    const stamps = stampElements(request, defaultCharacterSet, cleaned, new Set(earlier));
    expect(stamps.some(element => element.tag === 0x0028_0301)).toBe(cleaned);
  });

  it('claims only what was done', () => {
    expect(appliedCodes(aRequest, false, new Set())).toEqual([
      '113100',
      '113103',
      '113104',
      '113105',
      '113107',
      '113108',
      '113111',
    ]);
  });
});

describe('defined terms of body parts', () => {
  it('are those the older anonymizer kept', () => {
    expect([...bodyParts].toSorted()).toEqual(golden<{terms: string[]}>('body-part-examined.json').terms.toSorted());
  });
});
