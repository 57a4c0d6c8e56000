import {asciiText, trimEndOf, trimLeadingBlanks} from './ascii.ts';
import {type CharacterSet, decodeText, decodeTextStrict, defaultCharacterSet, parseCharacterSet} from './charset.ts';
import {type DataSet, type Element, findElement, valueBytes} from './dataSet.ts';
import {lookup} from './dictionary.ts';
import {decimalText, readNumbers} from './numbers.ts';
import {lookupPrivate} from './privateDictionary.ts';
import {
  elementOf,
  formatTag,
  groupOf,
  isPrivate,
  isPrivateCreator,
  knownTag,
  privateCreatorTag,
  type Tag,
} from './tag.ts';
import {asUid, type Uid} from './uid.ts';
import {type Vr, vrRules} from './vr.ts';

/** The character set in force in a data set or item: its own (0008,0005), else that of its holder (PS3.3 C.12.1.1.2). */
export function characterSetOf(dataSet: DataSet): CharacterSet {
  if (dataSet.characterSet !== undefined) return dataSet.characterSet;
  const element = findElement(dataSet, knownTag.specificCharacterSet);
  let charset: CharacterSet;
  if (element !== undefined) {
    const value = valueBytes(dataSet, element).toString('latin1').replaceAll('\0', '');
    charset = value.trim() === '' ? defaultCharacterSet : parseCharacterSet(value.split('\\'));
  } else {
    charset = dataSet.parent === undefined ? defaultCharacterSet : characterSetOf(dataSet.parent);
  }
  dataSet.characterSet = charset;
  return charset;
}

/** Creator text of the block a private element belongs to, in its own data set or item, or undefined. */
export function privateCreatorOf(dataSet: DataSet, tag: Tag): string | undefined {
  if (!isPrivate(tag) || elementOf(tag) < 0x1000) return undefined;
  const creator = findElement(dataSet, privateCreatorTag(tag));
  return creator === undefined ? undefined : asciiText(valueBytes(dataSet, creator));
}

function isSigned(dataSet: DataSet): boolean {
  for (let holder: DataSet | undefined = dataSet; holder !== undefined; holder = holder.parent) {
    const element = findElement(holder, knownTag.pixelRepresentation);
    if (element !== undefined)
      return readNumbers(valueBytes(holder, element), 'US', holder.encoding.littleEndian)[0] === 1;
  }
  return false;
}

/**
 * The VR by which a value is to be read: that of the file, but for UN the dictionary's (also that of the known private
 * elements), and in implicit VR signed numbers where PixelRepresentation says so.
 */
export function vrOf(dataSet: DataSet, element: Element): Vr {
  const {tag, vr} = element;
  if (vr === 'UN') {
    if (isPrivate(tag) && !isPrivateCreator(tag)) {
      const creator = privateCreatorOf(dataSet, tag);
      return creator === undefined ? 'UN' : (lookupPrivate(groupOf(tag), elementOf(tag), creator)?.vr ?? 'UN');
    }
    return lookup(tag)?.vr ?? 'UN';
  }
  if (vr === 'US' && !dataSet.encoding.explicit && lookup(tag)?.otherVr === 'SS' && isSigned(dataSet)) return 'SS';
  return vr;
}

/** Drops padding and, of a name, empty groups at the end (PS3.5 6.2, 6.2.1.1). */
function trimEnd(text: string, vr: Vr): string {
  return trimEndOf(text, vr === 'PN' ? '\0 =' : '\0 ');
}

/** Blanks around a value carry no meaning; at the front of long texts they do (PS3.5 6.2). */
function trimValue(text: string, vr: Vr): string {
  const trimmed = trimEnd(text, vr);
  return vr === 'ST' || vr === 'LT' || vr === 'UT' || vr === 'UC' || vr === 'UR' ? trimmed : trimLeadingBlanks(trimmed);
}

function splitText(text: string, vr: Vr): string[] {
  const whole = trimValue(text, vr);
  if (whole === '') return [];
  return vrRules[vr].multiValued ? whole.split('\\').map(value => trimValue(value, vr)) : [whole];
}

function decodeElement(dataSet: DataSet, element: Element, vr: Vr): string {
  const bytes = valueBytes(dataSet, element);
  return vrRules[vr].usesCharacterSet
    ? decodeText(bytes, characterSetOf(dataSet), vr === 'PN')
    : bytes.toString('latin1');
}

/** Numbers in UN are little endian, as its content is implicit little endian (PS3.5 6.2.2). */
function isLittleEndian(dataSet: DataSet, element: Element): boolean {
  return dataSet.encoding.littleEndian || element.vr === 'UN';
}

/**
 * The values of an element as texts: text decoded by the character set and split at backslashes (where the VR allows several),
 * padding dropped; numbers as decimals, tags as `(gggg,eeee)`. None for an empty value, sequences and bulk bytes.
 */
export function elementStrings(dataSet: DataSet, element: Element): string[] {
  const vr = vrOf(dataSet, element);
  const {kind} = vrRules[vr];
  if (kind === 'text') return splitText(decodeElement(dataSet, element, vr), vr);
  const bytes = valueBytes(dataSet, element);
  if (kind === 'number')
    return readNumbers(bytes, vr, isLittleEndian(dataSet, element)).map(number => decimalText(number, vr));
  if (kind === 'tag')
    return readNumbers(bytes, vr, isLittleEndian(dataSet, element)).map(tag => formatTag(Number(tag)));
  return [];
}

/**
 * Like {@link elementStrings} for text, but undefined when the bytes are not text of the declared character set (or, for VRs
 * without character set, not plain ASCII), or hold control characters. For other VRs the same as elementStrings.
 */
export function elementStringsStrict(dataSet: DataSet, element: Element): string[] | undefined {
  const vr = vrOf(dataSet, element);
  const {kind, usesCharacterSet} = vrRules[vr];
  if (kind !== 'text') return elementStrings(dataSet, element);
  const charset = usesCharacterSet ? characterSetOf(dataSet) : defaultCharacterSet;
  const bytes = valueBytes(dataSet, element);
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end -= 1;
  const text = decodeTextStrict(bytes.subarray(0, end), charset, vr === 'PN');
  return text === undefined ? undefined : splitText(text, vr);
}

/** The values of the first element with this tag, see {@link elementStrings}; undefined when it is absent. */
export function strings(dataSet: DataSet, tag: Tag): string[] | undefined {
  const element = findElement(dataSet, tag);
  return element === undefined ? undefined : elementStrings(dataSet, element);
}

/** The values joined by backslashes; empty for an empty value, undefined when the element is absent. */
export function text(dataSet: DataSet, tag: Tag): string | undefined {
  return strings(dataSet, tag)?.join('\\');
}

/** Numeric values: binary ones, DS and IS. What is no number is NaN. Undefined when the element is absent. */
export function numbers(dataSet: DataSet, tag: Tag): number[] | undefined {
  const element = findElement(dataSet, tag);
  if (element === undefined) return undefined;
  const vr = vrOf(dataSet, element);
  const {kind} = vrRules[vr];
  if (kind === 'number' || kind === 'tag') {
    return readNumbers(valueBytes(dataSet, element), vr, isLittleEndian(dataSet, element)).map(Number);
  }
  return elementStrings(dataSet, element).map(value => (value === '' ? Number.NaN : Number(value)));
}

/** The first value as a checked UID; undefined when absent, empty or not fit to be part of a path. */
export function uid(dataSet: DataSet, tag: Tag): Uid | undefined {
  const value = strings(dataSet, tag)?.[0];
  return value === undefined ? undefined : asUid(value);
}

/**
 * Text values with the blanks that rules may rely on: those before a value and, but for VRs with character set, behind one that
 * is not the last.
 */
function textAsStored(dataSet: DataSet, element: Element, vr: Vr): string[] {
  if (vr === 'DS' || vr === 'IS' || vr === 'AE' || vr === 'UI') return elementStrings(dataSet, element);
  const {usesCharacterSet, multiValued} = vrRules[vr];
  const whole = trimEnd(decodeElement(dataSet, element, vr), vr);
  if (whole === '') return [];
  if (!multiValued) return [whole];
  return whole.split('\\').map(value => (usesCharacterSet ? trimEnd(value, vr) : value));
}

/**
 * The form in which values stand in the series JSON and rules match on them: one value bare, several as
 * `['ORIGINAL', 'PRIMARY']`, numbers and person names without quotes. DS and IS keep the text of the file.
 * @returns undefined when the element is absent, is a number without value, or has no text form
 */
export function displayText(dataSet: DataSet, tag: Tag): string | undefined {
  const element = findElement(dataSet, tag);
  if (element === undefined) return undefined;
  const vr = vrOf(dataSet, element);
  const {kind} = vrRules[vr];
  if (kind === 'bytes' || kind === 'sequence') return undefined;
  const values = kind === 'text' ? textAsStored(dataSet, element, vr) : elementStrings(dataSet, element);
  const isNumber = kind === 'number' || vr === 'DS' || vr === 'IS';
  if (values.length === 0) return isNumber || kind === 'tag' ? undefined : '';
  if (values.length === 1) return values[0];
  const bare = isNumber || kind === 'tag' || vr === 'PN';
  return `[${values.map(value => (bare ? value : `'${value}'`)).join(', ')}]`;
}
