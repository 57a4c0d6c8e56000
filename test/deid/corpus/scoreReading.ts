import {type DataSet, type Element, findElement, type Item} from '@fiona/lib/dicom/dataSet';
import {lookup} from '@fiona/lib/dicom/dictionary';
import {trySequence} from '@fiona/lib/dicom/scan';
import {isPrivate, isPrivateCreator, type Tag} from '@fiona/lib/dicom/tag';
import {characterSetOf, elementStringsStrict, privateCreatorOf} from '@fiona/lib/dicom/values';
import {type Vr, vrRules} from '@fiona/lib/dicom/vr';
import {isSafePrivate, namingConcepts, publicSchemes, type Requirement, requirementOf} from './requirements.ts';

/** Words of descriptions that identify nobody. */
export const harmless = /(?<![a-z])(?:mprage|brain|head|sag|abdomen|axial)(?![a-z])/gi;
const conceptNameTag = 0x0040_a043;

/** Tags of UIDs of studies, anywhere and in an item that refers to one. */
export const studyItself: ReadonlySet<Tag> = new Set([0x0020_000d]);
export const studyNames: ReadonlySet<Tag> = new Set([0x0020_000d, 0x0008_1155, 0x0040_a124]);

/** Whether an item refers to a study: its sequence says so, or its SOP class, or its concept name (PS3.16 DCM 110180). */
export function namesStudy(item: DataSet, sequence: Tag | undefined): boolean {
  if (sequence === 0x0008_1110 || sequence === 0x3006_0012) return true;
  const concept = findElement(item, conceptNameTag)?.items?.[0];
  return (
    /^1\.2\.840\.10008\.3\.1\.2\.3\.[12]$/.test(textAt(item, 0x0008_1150)) ||
    (concept !== undefined && textAt(concept, 0x0008_0100) === '110180')
  );
}

/** What was done is said once, at the root. */
const stampedAtRoot: ReadonlySet<Tag> = new Set([0x0012_0062, 0x0012_0063, 0x0028_0303]);

/** Harmless words that stand in a name or an id of the instance: there they may be one, and go everywhere. */
export function namingWords(dataSet: DataSet, found = new Set<string>()): Set<string> {
  for (const element of dataSet.elements) {
    for (const item of itemsIn(dataSet, element) ?? []) namingWords(item, found);
    const isNamed = element.vr === 'PN' || lookup(element.tag)?.vr === 'PN';
    const isId = /^(?:LO|SH|AE)$/.test(element.vr) && !isPrivate(element.tag) && !isDescribing(element.tag);
    if (isNamed || isId)
      for (const [word] of trimmed(bytesOf(dataSet, element)).matchAll(harmless)) found.add(word.toLowerCase());
  }
  return found;
}

function isDescribing(tag: Tag): boolean {
  return requirementOf(tag) === 'words' || requirementOf(tag) === 'code';
}

/** What an element must become where it stands, and as it is written: a wrong VR, or numbers that are none, promise nothing. */
export function requirementIn(holder: DataSet, element: Element): Requirement {
  const {tag, vr} = element;
  if (isPrivateCreator(tag)) return 'free';
  if (isPrivate(tag)) {
    const creator = privateCreatorOf(holder, tag);
    const isOne = creator !== undefined && isSafePrivate(creator, tag) && isNumeric(holder, element);
    return isOne ? 'value' : 'free';
  }
  const entry = lookup(tag);
  const isAsWritten =
    entry !== undefined && (vr === entry.vr || vr === entry.otherVr || (vr === 'UN' && entry.vr === 'SQ'));
  if (!isAsWritten || (stampedAtRoot.has(tag) && holder.parent !== undefined)) return 'free';
  // without a known set no text beyond ASCII could be read; a colour profile that is none goes
  if (tag === 0x0008_0005) return characterSetOf(holder).known ? 'value' : 'free';
  if (tag === 0x0028_2000) return bytesOf(holder, element).toString('latin1', 36, 40) === 'acsp' ? 'present' : 'free';
  return requirementOf(tag);
}

/** A private value of the shape that the standard's list has for it. */
function isNumeric(holder: DataSet, element: Element): boolean {
  const {vr} = element;
  const values = trimmed(bytesOf(holder, element)).split('\\').length;
  return (vr === 'IS' || vr === 'DS' || vr === 'CS') && values === 1;
}

export function itemsIn(holder: DataSet, element: Element): readonly Item[] | undefined {
  if (element.items !== undefined) return element.items;
  return element.vr === 'UN' && lookup(element.tag)?.vr === 'SQ' ? trySequence(holder, element) : undefined;
}

export function bytesOf(holder: DataSet, element: Element): Buffer {
  return holder.bytes.subarray(element.valueStart, element.valueEnd);
}

export function trimmed(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/^ +|[ \0]+$/g, '');
}

export function textAt(item: DataSet, tag: Tag): string {
  const element = findElement(item, tag);
  return element === undefined ? '' : trimmed(bytesOf(item, element));
}

/** A content item whose concept name says that its value names somebody. */
export function isNaming(item: Item): boolean {
  const name = findElement(item, conceptNameTag)?.items?.[0];
  return name !== undefined && namingConcepts.test(textAt(name, 0x0008_0100));
}

export function isPublicCode(item: DataSet): boolean {
  return publicSchemes.test(textAt(item, 0x0008_0102));
}

/** Text with a NUL inside, or with bytes that its character set does not have: it is removed. */
export function isUndecodable(holder: DataSet, element: Element): boolean {
  if (!vrRules[element.vr].usesCharacterSet) return false;
  return trimmed(bytesOf(holder, element)).includes('\0') || elementStringsStrict(holder, element) === undefined;
}

export function isTooLong(holder: DataSet, element: Element): boolean {
  const {maxLength = Number.POSITIVE_INFINITY} = vrRules[element.vr];
  const longest = element.vr === 'ST' ? 64 : maxLength;
  return (elementStringsStrict(holder, element) ?? []).some(one => one.trim().length > longest);
}

const forms: Partial<Record<Vr, RegExp>> = {
  DS: /^[+-]?[0-9.]+(?:[eE][+-]?\d+)?$/,
  IS: /^[+-]?\d{1,10}$/,
  CS: /^(?!.*\d{6})[A-Z0-9 _]{0,16}$/,
  TM: /^(?:\d{2}|\d{4}|\d{6}(?:\.\d{1,6})?)$/,
  UI: /^[0-2](?:\.\d+)*$/,
};

export function isValid(text: string, vr: Vr): boolean {
  const form = forms[vr];
  return form === undefined || text.split('\\').every(one => form.test(one));
}

/** Whether pieces stand in bytes one after the other. */
export function holdsInOrder(bytes: Buffer, pieces: readonly Buffer[]): boolean {
  let from = 0;
  return pieces.every(piece => {
    const at = bytes.indexOf(piece, from);
    from = at + piece.length;
    return at >= 0;
  });
}
