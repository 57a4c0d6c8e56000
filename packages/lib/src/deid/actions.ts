import {type CharacterSet, parseCharacterSet} from '../dicom/charset.ts';
import {isPixelData} from '../dicom/tag.ts';
import {vrRules} from '../dicom/vr.ts';
import {capAge, eachValue, keepTime, keepTimezone, shiftDate, shiftDateTime} from './dates.ts';
import {type Counts, type Decision, emptyIt, invalidIt, keepIt, removeIt} from './decision.ts';
import {dummyOf} from './dummies.ts';
import {numericIccProfile} from './iccProfile.ts';
import {areNumbers, classifyNumberText, isKnownNumber, isSplitNumber, shortestNumericId} from './numbers.ts';
import {bodyParts} from './profile/bodyParts.ts';
import {localScheme, publicSchemes} from './profile/codes.ts';
import type {Action} from './profile/profileRow.ts';
import {
  fallbackStudyDate,
  pseudonymousAccessionNumber,
  pseudonymousDevice,
  pseudonymousStudyId,
  pseudonymousTrackingId,
} from './pseudonym.ts';
import {encodeFor, type Setting} from './setting.ts';
import {holdsIdentifier} from './text/descriptor.ts';
import {codeString, description, descriptor, modelText, narrative, retainedText, textOf} from './textActions.ts';
import {canonicalValue, type UidKind} from './uid.ts';
import type {Value} from './value.ts';

type Act = (value: Value, setting: Setting) => Decision;

/** What each action does with a value; sequences and what depends on more than the value are the engine's. */
const acts: Readonly<Record<Action, Act>> = {
  remove: () => removeIt,
  empty: value => emptyIt(value.vr),
  dummy: value => (value.raw === '' && value.vr === value.fileVr ? keepIt : dummyOf(value)),
  keep: keepIfValid,
  uid: (value, setting) => mappedUid(value, setting, 'other'),
  studyUid: (value, setting) => mappedUid(value, setting, 'study'),
  classUid,
  date: shiftedDate,
  timezone: value => checkedText(value, eachValue(value.raw, keepTimezone)),
  age: (value, {request}) =>
    checkedText(
      value,
      eachValue(value.raw, one => capAge(one, request.ageCap)),
    ),
  years: (value, setting) => {
    const {ageCap} = setting.request;
    const isHigh = ageCap !== null && Number(canonicalValue(value.raw)) >= ageCap;
    return isHigh ? replaced(value, 'replace', String(ageCap)) : keepIfValid(value, setting);
  },
  sequence: () => removeIt,
  codes: () => removeIt,
  identity: () => removeIt,
  requestAttributes: () => removeIt,
  descriptor: (value, setting) => descriptor(value, setting, false),
  descriptorDummy: (value, setting) => descriptor(value, setting, true),
  description: (value, setting) => description(value, setting, false),
  descriptionDummy: (value, setting) => description(value, setting, true),
  narrative: (value, setting) => narrative(value, setting, false),
  narrativeDummy: (value, setting) => narrative(value, setting, true),
  codeString: (value, setting) => codeString(value, setting, true),
  device: (value, {base}) =>
    pseudonym(value, canonicalValue(value.raw) === '' ? '' : pseudonymousDevice(value.raw, base)),
  modelText,
  zeroBytes: value => ({kind: 'replace', label: 'dummy', vr: value.vr, value: Buffer.alloc(value.raw.length)}),
  bodyPart,
  trackingId: (value, {base}) => pseudonym(value, pseudonymousTrackingId(value.raw, base)),
  layerName,
  iccProfile,
  characterSet,
  subject: (value, setting) => requestText(value, setting, setting.request.subject),
  project: (value, setting) => requestText(value, setting, setting.request.project),
  event: (value, setting) => requestText(value, setting, setting.request.event),
  eventName: (value, setting) => requestText(value, setting, eventText(setting.request.event)),
  eventReason: (value, setting) =>
    setting.request.event === '' ? removeIt : requestText(value, setting, eventText(setting.request.event)),
  accession: (value, {base}) => pseudonym(value, pseudonymousAccessionNumber(value.raw, base)),
  studyId: (value, {base, studyInstanceUid}) => pseudonym(value, pseudonymousStudyId(studyInstanceUid, base)),
  studyDate,
  sponsor: (value, setting) =>
    setting.request.trialSponsor === undefined ? removeIt : requestText(value, setting, setting.request.trialSponsor),
  stamp: () => removeIt,
  // the engine does not send an instance that holds one: here it is empty
  document: () => removeIt,
  // of encapsulated pixels they are written anew, elsewhere they say nothing
  offsetTable: () => removeIt,
  codeValue,
  codeScheme,
  codeMeaning,
};

/** Decides about one value that is no sequence. */
export function decide(action: Action, value: Value, setting: Setting): Decision {
  return acts[action](value, setting);
}

/** What stands in the elements that carry the event. */
export function eventText(event: string): string {
  return event === '' ? '' : [...`EventName:${event}`].slice(0, 64).join('');
}

function replaced(value: Value, label: 'replace' | 'uid' | 'date', text: string, counts?: Counts): Decision {
  const bytes = Buffer.from(text, 'latin1');
  return counts === undefined
    ? {kind: 'replace', label, vr: value.vr, value: bytes}
    : {kind: 'replace', label, vr: value.vr, value: bytes, counts};
}

function pseudonym(value: Value, text: string): Decision {
  return text === '' ? emptyIt(value.vr) : replaced(value, 'replace', text);
}

/** A text of the request; the character set was chosen so that it has all characters. */
function requestText(value: Value, setting: Setting, text: string): Decision {
  const bytes = encodeFor(setting, value.characterSet, text, value.vr === 'PN');
  return bytes === undefined ? removeIt : {kind: 'replace', label: 'replace', vr: value.vr, value: bytes};
}

/** A value without character set, checked or cut by a rule: as it was, changed, or empty because it is none. */
function checkedText(value: Value, checked: string): Decision {
  const original = canonicalValue(value.raw);
  if (checked === original && value.vr === value.fileVr) return keepIt;
  if (checked === '' && original !== '') return invalidIt(value.vr);
  return {
    kind: 'replace',
    label: checked === original ? 'keep' : 'replace',
    vr: value.vr,
    value: Buffer.from(checked, 'latin1'),
  };
}

/** A value that an option keeps must at least be one of its VR: a number field with a name in it is a leak, not a number. */
function keepIfValid(value: Value, setting: Setting): Decision {
  const {vr, raw} = value;
  if (isPixelData(value.tag)) return keepIt;
  switch (vr) {
    case 'DS':
    case 'IS':
      return keepNumbers(value, vr, setting);
    case 'CS':
      return codeString(value, setting, false);
    case 'AS':
      return acts.age(value, setting);
    case 'DA':
    case 'DT':
    case 'TM':
      return shiftedDate(value, setting);
    case 'UI':
      return mappedUid(value, setting, 'other');
    default:
      break;
  }
  if (vrRules[vr].kind === 'text') return retainedText(value, setting, false);
  if (value.fileVr !== vr && vrRules[value.fileVr].kind === 'text') return invalidIt(vr);
  return areNumbers(value.tag, vr, Buffer.from(raw, 'latin1'), 0, raw.length) ? keptBytes(value) : invalidIt(vr);
}

/** Numbers whose whole is an id of the patient, or a date of the instance, are no numbers. */
function keepNumbers(value: Value, vr: 'DS' | 'IS', {known}: Setting): Decision {
  const kind = classifyNumberText(Buffer.from(value.raw, 'latin1'), 0, value.raw.length, vr);
  if (isSplitNumber(value.raw) && isKnownNumber(Number(value.raw.replace(/[^0-9]/g, '')), known)) return invalidIt(vr);
  const isId =
    kind === 'long' &&
    value.raw.split('\\').some(one => {
      return isKnownNumber(Number(one), known);
    });
  return kind === 'invalid' || isId ? invalidIt(vr) : keptBytes(value);
}

/** The bytes as they are, under the dictionary's VR. */
function keptBytes(value: Value): Decision {
  if (value.vr === value.fileVr) return keepIt;
  return {kind: 'replace', label: 'keep', vr: value.vr, value: Buffer.from(value.raw, 'latin1')};
}

function mappedUid(value: Value, {mapper}: Setting, kind: UidKind): Decision {
  const mapped = mapper.map(value.raw, kind);
  if (mapped === canonicalValue(value.raw) && value.vr === value.fileVr) return keepIt;
  return replaced(value, 'uid', mapped, {uidsMapped: 1});
}

const validUid = /^[0-2](?:\.\d+)*$/;

/** A UID that names a class: kept, when it is a UID. */
function classUid(value: Value, {known, mapper}: Setting): Decision {
  const values = canonicalValue(value.raw).split('\\').map(canonicalValue);
  const isNumberOfPatient = (part: string) => part.length >= shortestNumericId && known.isKnown(part);
  if (values.some(one => one.split('.').some(isNumberOfPatient)))
    return replaced(value, 'uid', mapper.map(value.raw, 'other'), {uidsMapped: 1});
  return values.every(one => one === '' || (one.length <= 64 && validUid.test(one)))
    ? keptBytes(value)
    : invalidIt(value.vr);
}

function shiftedDate(value: Value, {request}: Setting): Decision {
  const days = request.dateIncrement;
  const original = canonicalValue(value.raw);
  const rule = value.vr === 'DA' ? shiftDate : value.vr === 'DT' ? shiftDateTime : undefined;
  if (rule === undefined)
    return value.vr === 'TM' ? checkedText(value, eachValue(value.raw, keepTime)) : dummyOf(value);
  if (original === '') return value.vr === value.fileVr ? keepIt : emptyIt(value.vr);
  const shifted = eachValue(value.raw, one => rule(one, days));
  if (shifted === '') return emptyIt(value.vr, {datesEmptied: 1});
  return replaced(value, 'date', shifted, {datesShifted: 1});
}

/** The date by which the research PACS finds a study: never missing. */
function studyDate(value: Value, setting: Setting): Decision {
  const shifted = shiftedDate(value, setting);
  if (shifted.kind === 'replace' && shifted.value.toString('latin1').replaceAll('\\', '') !== '') return shifted;
  return replaced(value, 'date', fallbackStudyDate(setting.studyInstanceUid, setting.base));
}

function bodyPart(value: Value, {known}: Setting): Decision {
  const term = canonicalValue(value.raw);
  if (term === '') return keepIt;
  return bodyParts.has(term) && !holdsIdentifier(term, known)
    ? keptBytes(value)
    : replaced(value, 'replace', 'BODYPART');
}

function layerName(value: Value, {layers}: Setting): Decision {
  return replaced(value, 'replace', layers.newName(canonicalValue(value.raw)));
}

function iccProfile(value: Value): Decision {
  const clean = numericIccProfile(Buffer.from(value.raw, 'latin1'));
  return clean === undefined ? removeIt : {kind: 'replace', label: 'clean', vr: value.vr, value: clean};
}

/** Kept when all its terms are known: else no text beyond ASCII can be read, and none stays. */
function characterSet(value: Value, {writeAs}: Setting): Decision {
  if (writeAs !== undefined)
    return {kind: 'replace', label: 'replace', vr: 'CS', value: Buffer.from(writeAs.terms.join('\\'), 'latin1')};
  const terms = value.raw.replaceAll('\0', '').split('\\');
  const set: CharacterSet = parseCharacterSet(terms);
  return set.known && value.vr === value.fileVr ? keepIt : removeIt;
}

const plainCode = /^[A-Za-z0-9.-]{1,16}$/;
const sixDigits = /[0-9]{6}/;

/** Values of public schemes name concepts; a local one must at least look like a code. */
function codeValue(value: Value, setting: Setting): Decision {
  const text = textOf(value);
  if (text === undefined) return dummyOf(value, {invalidValue: 1});
  const isPublic = value.publicCode && text.trim().length <= 64 && /^[\x21-\x7e]*$/.test(text.trim());
  const isCode = isPublic || (plainCode.test(text.trim()) && !sixDigits.test(text));
  if (text.trim() === '' || (isCode && !holdsIdentifier(text, setting.known))) return keptBytes(value);
  return dummyOf(value);
}

function codeScheme(value: Value, setting: Setting): Decision {
  const scheme = canonicalValue(value.raw);
  if (publicSchemes.has(scheme)) return keptBytes(value);
  if (/^[A-Za-z0-9_]{1,16}$/.test(scheme) && !sixDigits.test(scheme) && !holdsIdentifier(scheme, setting.known))
    return keptBytes(value);
  return scheme === '' ? keepIt : replaced(value, 'replace', localScheme);
}

function codeMeaning(value: Value, setting: Setting): Decision {
  const text = textOf(value);
  // no meaning of a public code has a long number, the parts of a name or an address
  const isMeaning = value.publicCode && text !== undefined && !sixDigits.test(text) && !/[\^@]/.test(text);
  return isMeaning ? retainedText(value, setting, true) : descriptor(value, setting, true);
}
