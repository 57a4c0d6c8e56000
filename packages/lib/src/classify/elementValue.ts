import {type DataSet, type Element, findElement, valueBytes} from '../dicom/dataSet.ts';
import type {Tag} from '../dicom/tag.ts';
import {elementStrings, vrOf} from '../dicom/values.ts';
import {type Vr, vrRules} from '../dicom/vr.ts';
import {empty, missing, parseNumber, quoted, type Scalar, type Value} from './value.ts';

/**
 * The value of the first element with this tag. DS, IS and binary numbers are numbers that keep their text; a single value
 * is no list; bytes (OB, OW, UN…) stay bytes; sequences count as empty.
 */
export function elementValue(dataSet: DataSet, tag: Tag): Value {
  const element = findElement(dataSet, tag);
  if (!element) return missing;
  const vr = vrOf(dataSet, element);
  const {kind} = vrRules[vr];
  if (kind === 'bytes') return bytesValue(valueBytes(dataSet, element));
  const texts = kind === 'sequence' ? [] : elementStrings(dataSet, element);
  const [first] = texts;
  if (first === undefined || (texts.length === 1 && first === '')) return empty;
  if (texts.length === 1) return scalar(first, vr);
  return {kind: 'list', text: listText(texts, dataSet, element, vr), items: texts.map(text => scalar(text, vr))};
}

/** Whether the values of a VR are numbers, as text or binary. */
export function isNumericVr(vr: Vr): boolean {
  return vrRules[vr].kind === 'number' || vr === 'DS' || vr === 'IS';
}

function bytesValue(bytes: Buffer): Value {
  return bytes.length === 0 ? empty : {kind: 'bytes', bytes};
}

function scalar(text: string, vr: Vr): Scalar {
  const number = isNumericVr(vr) ? parseNumber(text) : undefined;
  return number === undefined ? {kind: 'text', text} : {kind: 'number', text, number};
}

/** Texts quoted, numbers, names and tags bare. Codes keep the blanks inside the list, as they stand in the file. */
function listText(texts: readonly string[], dataSet: DataSet, element: Element, vr: Vr): string {
  if (isNumericVr(vr) || vr === 'PN' || vr === 'AT') return `[${texts.join(', ')}]`;
  const printed = vrRules[vr].usesCharacterSet ? texts : storedCodes(valueBytes(dataSet, element));
  return `[${printed.map(quoted).join(', ')}]`;
}

function storedCodes(bytes: Buffer): string[] {
  return bytes
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .split('\\');
}
