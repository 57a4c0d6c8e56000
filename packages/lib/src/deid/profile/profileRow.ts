import type {Tag} from '../../dicom/tag.ts';
import type {Vr} from '../../dicom/vr.ts';

/** What the engine does with an element; see `actions.ts` for each. */
export type Action =
  | 'remove'
  | 'empty'
  | 'dummy'
  | 'keep'
  | 'uid'
  | 'studyUid'
  | 'classUid'
  | 'date'
  | 'timezone'
  | 'age'
  | 'years'
  | 'sequence'
  | 'codes'
  | 'identity'
  | 'requestAttributes'
  | 'descriptor'
  | 'descriptorDummy'
  | 'description'
  | 'descriptionDummy'
  | 'narrative'
  | 'narrativeDummy'
  | 'codeString'
  | 'device'
  | 'modelText'
  | 'zeroBytes'
  | 'bodyPart'
  | 'trackingId'
  | 'layerName'
  | 'iccProfile'
  | 'characterSet'
  | 'subject'
  | 'project'
  | 'event'
  | 'eventName'
  | 'eventReason'
  | 'accession'
  | 'studyId'
  | 'studyDate'
  | 'sponsor'
  | 'stamp'
  | 'document'
  | 'offsetTable'
  | 'codeValue'
  | 'codeScheme'
  | 'codeMeaning';

/** Basic profile codes of PS3.15 E.1-1a. */
export type BasicCode = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*';

/**
 * A row of PS3.15 Table E.1-1 and what this gateway makes of it: tag, keyword, VR, code of the basic profile, the ten option columns in the
 * order of the standard (`K` keep, `C` clean, `.` nothing): retain safe private, UIDs, device identity, institution identity, patient
 * characteristics, full dates, modified dates; clean descriptors, structured content, graphics; then our action and why.
 */
export type ProfileRow = readonly [
  tag: Tag,
  keyword: string,
  vr: Vr,
  basic: BasicCode,
  options: string,
  action: Action,
  why: string,
];

/** Position of an option in the option columns. */
export const optionColumn = {
  safePrivate: 0,
  uids: 1,
  deviceIdentity: 2,
  institutionIdentity: 3,
  patientCharacteristics: 4,
  fullDates: 5,
  modifiedDates: 6,
  descriptors: 7,
  structuredContent: 8,
  graphics: 9,
} as const;

/** A rule of this gateway for an attribute that Table E.1-1 does not name. */
export type GatewayRow = readonly [tag: Tag, keyword: string, vr: Vr, action: Action, why: string];

/** A row for many tags: `x` stands for any hexadecimal digit. */
export type PatternRow = readonly [
  pattern: string,
  keyword: string,
  basic: BasicCode | '',
  options: string,
  action: Action,
  why: string,
];
