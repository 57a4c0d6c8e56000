import type {Tag} from '../dicom/tag.ts';
import type {Vr} from '../dicom/vr.ts';
import {DeidError} from './deidError.ts';
import type {Action} from './profile/profileRow.ts';
import {rootTags} from './profile/rootTags.ts';
import {defaultUidRoot, type UidStyle} from './uid.ts';

/** The pixels of the instances of one series, as the caller judges them. */
export interface PixelGate {
  /** Nothing identifying is burned in, or the project takes it so: pixels were rewritten, a rule of the project excludes the series. */
  readonly cleared: boolean;
  /** The classification found that text may be burned in (`CHECKBURNEDINFO`). */
  readonly burned: boolean;
  /** The pixels were really rewritten or checked: only then "Clean Pixel Data" is claimed. */
  readonly cleaned?: boolean;
}

/** A rule of the project: keep only the captured groups of a pattern in an element's original text. */
export interface ImportRule {
  readonly tag: Tag;
  /** As `lib/pattern` takes it (Python syntax); an invalid one fails safe. */
  readonly pattern: string;
}

/** A change to the profile by the site. */
export interface ProfileOverride {
  readonly tag: Tag;
  readonly action: Action;
  readonly reason: string;
}

/** A text that the caller sets in the root of every instance, created where missing; what is nested follows the profile. */
export interface FixedText {
  readonly tag: Tag;
  /** A VR of text, no UID. */
  readonly vr: Exclude<Vr, 'SQ'>;
  readonly text: string;
}

/** Limits of one instance. */
export interface DeidLimits {
  readonly maxHeaderBytes: number;
  readonly maxDepth: number;
}

/** Everything besides an instance that its de-identification depends on. Plain data: it goes to worker threads as it is. */
export interface DeidRequest {
  /** Exact project name, the salt of all pseudonyms. */
  readonly project: string;
  /** The pseudonym. */
  readonly subject: string;
  /** Event of a longitudinal project; blank = none. */
  readonly event: string;
  readonly uidRoot: string;
  readonly uidStyle: UidStyle;
  /** Secret of style `keyed`. */
  readonly key?: Uint8Array;
  /** Days. */
  readonly dateIncrement: number;
  /** Ages of this many years and above become it; null = ages stay. */
  readonly ageCap: number | null;
  readonly narrative: 'remove' | 'clean';
  readonly retain: {readonly deviceIdentity: boolean};
  /** Further safe private elements `creator|gggg,ee`. */
  readonly safePrivate: readonly string[];
  /** Kinds that are skipped otherwise: `stl`, `obj`, `raw-data`, SOP class UIDs. */
  readonly allow: readonly string[];
  /** Words of the site, one a line. */
  readonly siteWords: string;
  readonly profileOverrides: readonly ProfileOverride[];
  readonly importRules: readonly ImportRule[];
  /** Limit of one evaluation of an import rule's pattern; default 100 ms. */
  readonly patternMillis?: number;
  readonly fixedTexts?: readonly FixedText[];
  readonly pixelGate: PixelGate;
  /** (0012,0010), left out when undefined. */
  readonly trialSponsor?: string;
  /** Identifiers known from elsewhere (REDCap), which must not be in the output. */
  readonly identifiers: readonly string[];
  readonly limits: DeidLimits;
}

/** Defaults of everything but project and subject. */
export const defaultDeidRequest: Omit<DeidRequest, 'project' | 'subject'> = {
  event: '',
  uidRoot: defaultUidRoot,
  uidStyle: 'oid',
  dateIncrement: 42,
  ageCap: 90,
  narrative: 'remove',
  retain: {deviceIdentity: false},
  safePrivate: [],
  allow: [],
  siteWords: '',
  profileOverrides: [],
  importRules: [],
  pixelGate: {cleared: false, burned: false},
  identifiers: [],
  limits: {maxHeaderBytes: 64 * 1024 * 1024, maxDepth: 64},
};

const rootPattern = /^(?:0|1|2)(?:\.(?:0|[1-9]\d*))*\.$/;
const longestRoot = 24;
const shortestKey = 32;
const longestText = 64;
/** Texts that the older anonymizer took for an instruction. */
const forbiddenSubjects = new Set(['hashuid']);

/**
 * Checks what the caller chose. Messages name the rule that is broken, never the value.
 * @throws DeidError
 */
export function checkDeidRequest(request: DeidRequest): void {
  checkSubject(request.subject);
  if (request.project.length === 0) throw new DeidError('project', 'the project has no name');
  checkText('project', request.project, longestText);
  checkText('event', request.event, longestText);
  if (request.trialSponsor !== undefined) checkText('trialSponsor', request.trialSponsor, longestText);
  if (!rootPattern.test(request.uidRoot) || request.uidRoot.length > longestRoot) {
    throw new DeidError(
      'uidRoot',
      `the UID root must be a UID of at most ${longestRoot} characters that ends with a dot`,
    );
  }
  if (request.uidRoot.startsWith('1.2.840.10008.')) {
    throw new DeidError('uidRoot', 'the UID root is that of the standard, whose UIDs are never mapped');
  }
  if (request.uidStyle === 'keyed' && (request.key === undefined || request.key.length < shortestKey)) {
    throw new DeidError('pseudonymKeyFile', `the UID style "keyed" needs a key of at least ${shortestKey} bytes`);
  }
  if (!Number.isInteger(request.dateIncrement))
    throw new DeidError('dateIncrement', 'the date increment must be whole days');
  if (request.allow.some(kind => documents.has(kind))) {
    throw new DeidError('allow', 'documents (PDF, CDA) are never sent, allow may not name them');
  }
  checkImportRules(request.importRules);
}

/** Encapsulated PDF and CDA. */
const documents: ReadonlySet<string> = new Set(['1', '2'].map(end => `1.2.840.10008.5.1.4.1.1.104.${end}`));

/**
 * The pseudonym becomes PatientName and PatientID: 1-64 characters, no character with a meaning in a name, no blanks around it.
 * @throws DeidError
 */
function checkSubject(subject: string): void {
  if (subject.length === 0) throw new DeidError('subject', 'the subject is empty');
  if (forbiddenSubjects.has(subject))
    throw new DeidError('subject', 'the subject is a word that the older anonymizer took for an instruction');
  if (/[\\^=]/.test(subject)) throw new DeidError('subject', 'the subject has a backslash, circumflex or equals sign');
  if (subject.trim() !== subject) throw new DeidError('subject', 'the subject begins or ends with a blank');
  checkText('subject', subject, longestText);
}

function checkText(option: string, text: string, longest: number): void {
  if ([...text].length > longest) throw new DeidError(option, `the ${option} is longer than ${longest} characters`);
  if (/[\p{Cc}\\]/u.test(text) || !text.isWellFormed())
    throw new DeidError(option, `the ${option} has a backslash or control character`);
}

/** Name and id of the patient, UIDs, pixels and file meta are not for a rule of a project. */
const refusedTags = new Set<Tag>([rootTags.patientName, rootTags.patientId]);

function checkImportRules(rules: readonly ImportRule[]): void {
  if (new Set(rules.map(({tag}) => tag)).size < rules.length) {
    throw new DeidError('importRules', 'two import rules name one element');
  }
  for (const rule of rules) {
    const group = rule.tag >>> 16;
    if (refusedTags.has(rule.tag) || group === 0x0002 || group === 0x7fe0) {
      throw new DeidError('importRules', 'an import rule names an element that no rule may set');
    }
  }
}
