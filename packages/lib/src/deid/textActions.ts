import {decodeTextStrict, defaultCharacterSet} from '../dicom/charset.ts';
import {vrRules} from '../dicom/vr.ts';
import {type Decision, emptyIt, invalidIt, keepIt, removeInvalid, removeIt} from './decision.ts';
import {dummyOf} from './dummies.ts';
import {encodeFor, type Setting} from './setting.ts';
import {cleanDescriptor, holdsIdentifier} from './text/descriptor.ts';
import {holdsDisguised} from './text/disguises.ts';
import {canonicalValue} from './uid.ts';
import type {Value} from './value.ts';

const longestDescription = 64;
const plainText = /^[\x20-\x7e]*$/;
const sixDigits = /[0-9]{6}/;

/** Text of a value, padding dropped; undefined when the bytes are no text of the declared character set. */
export function textOf(value: Value): string | undefined {
  const {raw, vr} = value;
  const rule = vrRules[vr];
  const end = raw.search(/[\0 ]*$/);
  const trimmed = end === raw.length ? raw : raw.slice(0, end);
  const set = rule.usesCharacterSet ? value.characterSet : defaultCharacterSet;
  if (plainText.test(trimmed)) return trimmed;
  return decodeTextStrict(Buffer.from(trimmed, 'latin1'), set, vr === 'PN');
}

/** Text as it is, in the character set of the output. */
function keepText(value: Value, text: string, setting: Setting): Decision {
  const isAsItWas = value.vr === value.fileVr && (setting.writeAs === undefined || plainText.test(value.raw));
  if (isAsItWas) return keepIt;
  const bytes = encodeFor(setting, value.characterSet, text, value.vr === 'PN');
  return bytes === undefined ? removeInvalid : {kind: 'replace', label: 'keep', vr: value.vr, value: bytes};
}

/** Descriptor cleaning of each value; a value that loses everything is empty, or the dummy where the element needs one. */
export function descriptor(value: Value, setting: Setting, needsValue: boolean): Decision {
  const text = textOf(value);
  if (text === undefined) return needsValue ? dummyOf(value, {invalidValue: 1}) : removeInvalid;
  const {maxLength, multiValued} = vrRules[value.vr];
  const limit = setting.request.narrative === 'clean' && !multiValued ? undefined : maxLength;
  const values = multiValued ? text.split('\\') : [text];
  let dropped = 0;
  let invalid = 0;
  const cleaned = values.map(one => {
    if (limit !== undefined && one.trim().length > limit) {
      invalid++;
      return '';
    }
    const result = cleanDescriptor(one, setting.vocabulary, setting.known);
    dropped += result.dropped.length;
    return result.text;
  });
  const joined = cleaned.join('\\');
  const counts = {tokensDropped: dropped, invalidValue: invalid};
  // what was empty stays empty: a dummy would say that there was something
  if (joined === text) {
    const kept = keepText(value, text, setting);
    return kept === keepIt ? {kind: 'keep', label: 'cleanUnchanged'} : kept;
  }
  if (joined.replaceAll('\\', '').trim() === '') return needsValue ? dummyOf(value, counts) : emptyIt(value.vr, counts);
  const bytes = encodeFor(setting, value.characterSet, joined);
  if (bytes === undefined) return removeInvalid;
  return {kind: 'replace', label: 'clean', vr: value.vr, value: bytes, counts};
}

/** Long free text goes, unless the project has it cleaned. */
export function narrative(value: Value, setting: Setting, needsValue: boolean): Decision {
  if (setting.request.narrative === 'clean') return descriptor(value, setting, needsValue);
  if (!needsValue) return removeIt;
  return canonicalValue(value.raw) === '' ? keepIt : dummyOf(value);
}

/** A description in a long text: cleaned when it is as short as one, else narrative. */
export function description(value: Value, setting: Setting, needsValue: boolean): Decision {
  return (textOf(value)?.length ?? 0) <= longestDescription
    ? descriptor(value, setting, needsValue)
    : narrative(value, setting, needsValue);
}

/** Names of makers and models (type 1 or 2) stay as they are, unless something in them looks like more than that. */
export function modelText(value: Value, setting: Setting): Decision {
  const text = textOf(value);
  if (text === undefined) return dummyOf(value, {invalidValue: 1});
  const isSuspect =
    !plainText.test(text) ||
    text.includes('^') ||
    sixDigits.test(text) ||
    isTooLong(value, text) ||
    holdsDisguised(text, setting.known);
  return isSuspect ? descriptor(value, setting, true) : keepText(value, text, setting);
}

/** Text that an option retains as it is, unless it holds a known identifier. */
export function retainedText(value: Value, setting: Setting, needsValue: boolean): Decision {
  const text = textOf(value);
  if (text === undefined) return removeInvalid;
  if (isTooLong(value, text)) return needsValue ? dummyOf(value, {invalidValue: 1}) : invalidIt(value.vr);
  return holdsDisguised(text, setting.known) ? descriptor(value, setting, needsValue) : keepText(value, text, setting);
}

function isTooLong(value: Value, text: string): boolean {
  const {maxLength, multiValued} = vrRules[value.vr];
  return (
    maxLength !== undefined && (multiValued ? text.split('\\') : [text]).some(one => one.trim().length > maxLength)
  );
}

/** Initials of people are modalities and image types, too (`M R`, `N D`). */
const longestInitials = 2;
const isNoInitial = (word: string) => word.length > longestInitials;
const strictCode = /^[A-Z0-9 _]{0,16}$/;
const looseCode = /^[A-Za-z0-9 _.\-/+]{0,16}$/;

/** A CS value: a code of the standard or of a maker, no text of somebody. */
export function codeString(value: Value, setting: Setting, needsValue: boolean): Decision {
  const text = textOf(value);
  const values = text?.split('\\').map(one => one.trim());
  if (text === undefined || values === undefined || !areCodes(values, setting)) {
    return needsValue ? dummyOf(value, {invalidValue: 1}) : invalidIt(value.vr);
  }
  return keepText(value, text, setting);
}

/** An identifier may be spread over values, as it may be over words. */
function areCodes(values: readonly string[], setting: Setting): boolean {
  const isSpread = values.length > 1 && holdsIdentifier(values.join(' '), setting.known, isNoInitial);
  return !isSpread && values.every(one => isCode(one, setting));
}

function isCode(text: string, setting: Setting): boolean {
  if (text === '') return true;
  if (sixDigits.test(text)) return false;
  if (strictCode.test(text)) return !holdsDisguised(text, setting.known, isNoInitial);
  return looseCode.test(text) && cleanDescriptor(text, setting.vocabulary, setting.known).dropped.length === 0;
}
