import {findElement} from '../../../src/dicom/dataSet.ts';
import {parseInstance} from '../../../src/dicom/read.ts';
import type {NewElement} from '../../../src/dicom/write.ts';
import {aFile, bytes, deidentified, output, text} from './instances.ts';

/** Somebody whose names, ids and dates are easy to recognise. */
export const patient: readonly NewElement[] = [
  text(0x0008_0005, 'CS', 'ISO_IR 100'),
  text(0x0008_0050, 'SH', 'ACC99123'),
  text(0x0008_0090, 'PN', "O'Hara-Zyxwvut^Siobhan"),
  bytes(0x0010_0010, 'PN', Buffer.from('Bjørnstadløkken^Kari Anne', 'latin1')),
  text(0x0010_0020, 'LO', 'NO-7731945'),
  text(0x0010_0030, 'DA', '19560402'),
];

/** The data set that is left of the patient's instance with further elements. */
export async function rootWith(...elements: NewElement[]) {
  const given = new Set(elements.map(({tag}) => tag));
  return parseInstance(await output(aFile([...patient.filter(({tag}) => !given.has(tag)), ...elements]))).dataSet;
}

/** What is left in an element, padding dropped; undefined when the instance is not sent at all. */
export async function left(
  tag: number,
  vr: Exclude<NewElement['vr'], 'SQ'>,
  value: string | Buffer,
): Promise<string | undefined> {
  const element = bytes(tag, vr, Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1'));
  const outcome = await deidentified(aFile([...patient.filter(one => one.tag !== tag), element]));
  if (outcome.kind !== 'written') return undefined;
  const root = parseInstance(Buffer.concat(outcome.chunks.filter(Buffer.isBuffer))).dataSet;
  const found = findElement(root, tag);
  return found === undefined
    ? ''
    : root.bytes.toString('latin1', found.valueStart, found.valueEnd).replace(/[\0 ]+$/, '');
}
