import {readFileSync} from 'node:fs';
import {lookup} from '@fiona/lib/dicom/dictionary';
import {isPrivate, type Tag} from '@fiona/lib/dicom/tag';
import type {Vr} from '@fiona/lib/dicom/vr';

/**
 * What must become of an element, by the standard's own table (read in place) and what this gateway promises beside it; the table of the
 * product is not asked. `free`: nothing is required but that what identifies is gone.
 */
export type Requirement =
  | 'free'
  | 'present'
  | 'notNull'
  | 'value'
  | 'words'
  | 'date'
  | 'time'
  | 'uid'
  | 'classUid'
  | 'subject'
  | 'code'
  | 'items';

interface StandardRow {
  readonly tag: string;
  readonly basic_profile: string;
  readonly options: Readonly<Record<string, string>>;
}

interface PrivateRow {
  readonly tag: string;
  readonly private_creator: string;
  readonly vr: string;
}

const golden = new URL('../../../../shared/data/golden/', import.meta.url);

function rowsOf(file: string): readonly unknown[] {
  return JSON.parse(readFileSync(new URL(file, golden), 'utf8')).rows;
}

const standard = new Map<Tag, StandardRow>();
for (const row of rowsOf('ps3.15-e1-1.json') as StandardRow[]) {
  const digits = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)$/.exec(row.tag);
  if (digits !== null) standard.set(Number.parseInt(`${digits[1]}${digits[2]}`, 16), row);
}

/** `creator|ggggee` of safe private elements that hold numbers or codes. */
const safePrivate = new Set(
  (rowsOf('ps3.15-e3-10-1.json') as PrivateRow[])
    .filter(({vr}) => /^(?:US|SS|UL|SL|FL|FD|AT|DS|IS|CS)$/.test(vr))
    .map(row => `${row.private_creator}|${row.tag.replace(/[^0-9A-Fa-f]/g, '').toUpperCase()}`),
);

/** Groups that go as a whole, and tags that begin so. */
const gone =
  /^(?:50|60)..|^(?:0000|0002|0004|0006|2030|4000|4008|4FFE|FFFA|FFFC|FFFE)|^(?:002031|008809)|^....0000$|^7FE0000[12]$/;

/** Where the gateway promises something else than the standard's row says. */
// biome-ignore format: one promise a line
const promises = new Map<Tag, Requirement>([
  ...list('subject', 0x0010_0010, 0x0010_0020, 0x0012_0040),
  ...list('notNull', 0x0008_0020, 0x0008_0080, 0x0012_0020, 0x0012_0021, 0x0012_0062, 0x0012_0063, 0x0028_0303, 0x0012_0010, 0x0040_2001, 0x0040_1002),
  ...list('present', 0x0008_0090, 0x0012_0050, 0x0012_0051, 0x0010_0030, 0x0008_1070, 0x0070_0084, 0x300e_0008, 0x3006_00a6, 0x0020_0010),
  // pseudonyms, of which text is left only where there was some
  ...list('notNull', 0x0008_0050, 0x0018_1000, 0x0008_1010, 0x0018_700a, 0x0018_9371, 0x0018_9367, 0x3010_002d, 0x0018_1008, 0x0062_0020, 0x0018_0015),
  ...list('notNull', 0x0070_0002, 0x0070_0080, 0x0062_0005, 0x0062_0009, 0x0040_a160),
  ...list('value', 0x0008_0201, 0x0008_0070, 0x0008_1090, 0x0018_1020, 0x0018_1210),
  ...list('code', 0x0008_0100, 0x0008_0102, 0x0008_0104),
  ...list('items', 0x0008_1110, 0x0008_1111),
  // groups of values that are dummies or codes only: what must be gone is all that is asked of what is in them
  ...list('present', 0x0040_a073, 0x0040_0275, 0x0008_1084, 0x0008_1301, 0x0008_1302, 0x0008_1303, 0x0008_1304, 0x0040_100a, 0x0032_1067, 0x0010_2161),
  ...list('free', 0x0008_0082, 0x0008_1072, 0x0040_1101, 0x0040_a088, 0x0012_0064, 0x0400_0500, 0x0008_0051, 0x0008_0120),
  ...list('free', 0x0010_2180, 0x0010_21b0, 0x0032_1030, 0x0032_1066, 0x0008_1080, 0x0032_1033),
  ...list('free', 0x0010_0033, 0x0010_0034, 0x0010_0035, 0x0010_2295, 0x0040_2006, 0x0040_2007, 0x0028_3003, 0x0034_0007, 0x0010_1010),
  // where the hospital keeps things, and values in bytes that nobody can look through
  ...list('free', 0x0008_0109, 0x0040_a390, 0x0040_e021, 0x0040_e022, 0x0040_e023, 0x0040_e024, 0x0040_e025, 0x0066_0121, 0x0066_0130, 0x0066_0012),
  ...list('words', 0x0018_9424, 0x0008_2111, 0x0018_1400, 0x300a_0004, 0x0062_0006),
  ...list('classUid', 0x0008_0016, 0x0008_001a, 0x0008_001b, 0x0008_0062, 0x0008_1150, 0x0008_115a, 0x0008_010c, 0x0008_0117, 0x0008_0118, 0x0400_0010, 0x0400_0510),
  // signatures do not survive a change
  ...list('free', 0x0400_0100, 0x0400_0105, 0x0400_0110, 0x0400_0115, 0x0400_0120, 0x0400_0305, 0x0400_0310),
  ...list('value', 0x5400_1010, 0x5400_0110, 0x5400_0112, 0x5600_0020, 0x0066_0016, 0x0064_0009),
]);

function list(requirement: Requirement, ...tags: readonly Tag[]): [Tag, Requirement][] {
  return tags.map(tag => [tag, requirement]);
}

/** What must become of a public element. */
export function requirementOf(tag: Tag): Requirement {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0');
  if (isPrivate(tag) || gone.test(hex)) return 'free';
  const promised = promises.get(tag);
  if (promised !== undefined) return promised;
  const vr = lookup(tag)?.vr;
  if (vr === undefined) return 'free';
  const row = standard.get(tag);
  return row === undefined ? unlisted[vr] : listed(row, vr);
}

/** PS3.15 E.3: options that are on win over the basic profile. */
function listed({basic_profile: basic, options}: StandardRow, vr: Vr): Requirement {
  const needsValue = basic.includes('D');
  if (options.retain_longitudinal_modified_dates === 'C') return vr === 'TM' ? 'time' : isDate(vr) ? 'date' : 'free';
  if (options.retain_patient_characteristics === 'K')
    return vr === 'SQ' ? 'items' : isLongText(vr) ? 'free' : vr === 'LO' || vr === 'SH' ? 'words' : 'value';
  if (options.retain_patient_characteristics === 'C') return 'free';
  if (options.clean_structured_content === 'C' || options.clean_graphics === 'C') return vr === 'SQ' ? 'items' : 'free';
  if (options.clean_descriptors === 'C') {
    if (vr === 'SQ') return 'items';
    return isLongText(vr)
      ? needsValue
        ? 'notNull'
        : 'free'
      : vr === 'LO' || vr === 'SH' || vr === 'UC'
        ? 'words'
        : 'free';
  }
  if (basic === 'U' || vr === 'UI') return basic === 'X' ? 'free' : 'uid';
  if (basic === 'X/Z/U*') return 'items';
  if (basic === 'X') return 'free';
  if (vr === 'SQ') return needsValue ? 'items' : 'present';
  return needsValue ? 'notNull' : 'present';
}

function isDate(vr: Vr): boolean {
  return vr === 'DA' || vr === 'DT';
}

function isLongText(vr: Vr): boolean {
  return vr === 'ST' || vr === 'LT' || vr === 'UT';
}

/** What the standard's table does not name is decided by its VR. */
const unlisted: Readonly<Record<Vr, Requirement>> = {
  ...{
    US: 'value',
    SS: 'value',
    UL: 'value',
    SL: 'value',
    UV: 'value',
    SV: 'value',
    FL: 'value',
    FD: 'value',
    AT: 'value',
  },
  ...{DS: 'value', IS: 'value', CS: 'value', AS: 'free', TM: 'time', DA: 'date', DT: 'date', UI: 'uid', SQ: 'items'},
  ...{
    LO: 'words',
    SH: 'words',
    UC: 'words',
    ST: 'free',
    LT: 'free',
    UT: 'free',
    PN: 'present',
    AE: 'present',
    UR: 'free',
  },
  ...{OB: 'free', OW: 'free', OF: 'free', OD: 'free', OL: 'free', OV: 'free', UN: 'free'},
};

/** Whether a private element is a number or code of the standard's list of safe ones. */
export function isSafePrivate(creator: string, tag: Tag): boolean {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0');
  return safePrivate.has(`${creator}|${hex.slice(0, 4)}${hex.slice(6)}`);
}

/** DCM concept names of items that name a person, subject, device or order: their values are dummies. */
export const namingConcepts =
  /^(?:121008|121009|12101[23]|12101[6-9]|12102[0-2]|12102[89]|12103[01]|121036|11387[0-3])$/;
export const publicSchemes = /^(?:DCM|SCT|SRT|SNM3|LN|UCUM|RADLEX|FMA|MDC)$/;
