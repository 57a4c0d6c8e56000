import {parseCharacterSet} from '@fiona/lib/dicom/charset';
import {lookup, tagOf} from '@fiona/lib/dicom/dictionary';
import {parseTag, type Tag} from '@fiona/lib/dicom/tag';
import {isVr, type Vr} from '@fiona/lib/dicom/vr';
import {bytesElement, type NewElement, numberElement, sequenceElement, textElement} from '@fiona/lib/dicom/write';

/**
 * A data set as people write it down: keyword, or `gggg,eeee VR` for private elements, to value. Several values of a text
 * stand between backslashes, nested objects are sequence items.
 */
export interface WrittenDataSet {
  readonly [element: string]: string | number | Buffer | readonly WrittenDataSet[];
}

const latin1 = parseCharacterSet(['ISO_IR 100']);

/**
 * Turns a written-down data set into elements in tag order; text is Latin-1.
 * @throws TypeError on a keyword that the dictionary does not have
 */
export function elementsOf(written: WrittenDataSet): NewElement[] {
  return Object.entries(written)
    .map(([name, value]) => element(name, value))
    .sort((a, b) => a.tag - b.tag);
}

function element(name: string, value: WrittenDataSet[string]): NewElement {
  const {tag, vr} = identify(name);
  if (vr === 'SQ') return sequenceElement(tag, (value as readonly WrittenDataSet[]).map(elementsOf));
  if (Buffer.isBuffer(value)) return bytesElement(tag, vr, value);
  if (typeof value === 'number') return numberElement(tag, vr, value);
  return textElement(tag, vr, value as string, latin1);
}

function identify(name: string): {tag: Tag; vr: Vr} {
  const [numbers = '', privateVr = ''] = name.split(' ');
  const tag = privateVr === '' ? tagOf(name) : parseTag(numbers);
  const vr = privateVr === '' && tag !== undefined ? lookup(tag)?.vr : privateVr;
  if (tag === undefined || vr === undefined || !isVr(vr)) throw new TypeError(`${name} is not in the data dictionary`);
  return {tag, vr};
}
