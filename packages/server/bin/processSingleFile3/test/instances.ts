import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {tagOf} from '@fiona/lib/dicom/dictionary';
import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import type {Vr} from '@fiona/lib/dicom/vr';
import {
  bytesElement,
  encodeDataSet,
  type NewElement,
  numberElement,
  part10Header,
  textElement,
} from '@fiona/lib/dicom/write';

type Value = [vr: Exclude<Vr, 'SQ'>, ...values: (string | number | Buffer)[]];

/** Keyword, or 8 hexadecimal digits, to VR and values; undefined leaves the attribute out. */
export type Attributes = Record<string, Value | undefined>;

const usual: Attributes = {
  SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.4'],
  SOPInstanceUID: ['UI', '1.2.3.1.1'],
  StudyDate: ['DA', '20260102'],
  StudyTime: ['TM', '101010.5'],
  Modality: ['CS', 'MR'],
  Manufacturer: ['LO', 'SIEMENS'],
  StudyDescription: ['LO', 'Head'],
  PatientName: ['PN', 'Test^Person'],
  PatientID: ['LO', 'PAT1'],
  StudyInstanceUID: ['UI', '1.2.3'],
  SeriesInstanceUID: ['UI', '1.2.3.1'],
  InstanceNumber: ['IS', '1'],
};

/** A Part 10 file of a made-up MR image with other or more attributes. */
export function anInstance(attributes: Attributes = {}, {implicit = false}: {implicit?: boolean} = {}): Buffer {
  const all = {...usual, ...attributes};
  const elements = Object.entries(all).flatMap(([name, value]) => (value ? [elementOf(name, value)] : []));
  elements.sort((a, b) => a.tag - b.tag);
  const [sopClassUid, sopInstanceUid] = ['SOPClassUID', 'SOPInstanceUID'].map(key => String(all[key]?.[1] ?? '1.2'));
  const header = part10Header({
    sopClassUid: sopClassUid ?? '1.2',
    sopInstanceUid: sopInstanceUid ?? '1.2',
    transferSyntaxUid: implicit ? transferSyntaxUid.implicitLittleEndian : transferSyntaxUid.explicitLittleEndian,
  });
  const encoding = implicit ? implicitLittleEndian : explicitLittleEndian;
  return Buffer.concat([header, encodeDataSet(elements, encoding)]);
}

function elementOf(name: string, [vr, ...values]: Value): NewElement {
  const tag = tagOf(name) ?? Number.parseInt(name, 16);
  if (Buffer.isBuffer(values[0])) return bytesElement(tag, vr, values[0]);
  return typeof values[0] === 'number'
    ? numberElement(tag, vr, values as number[])
    : textElement(tag, vr, values as string[]);
}

/** Stores an instance as the receiver does. @returns folder and file name as they are announced */
export function store(root: string, attributes: Attributes = {}, content = anInstance(attributes)) {
  const study = String(attributes.StudyInstanceUID?.[1] ?? '1.2.3');
  const directory = join(root, 'site', 'archive', `scp_${study}`);
  const filename = `MR.${String(attributes.SOPInstanceUID?.[1] ?? '1.2.3.1.1')}`;
  mkdirSync(directory, {recursive: true});
  writeFileSync(join(directory, filename), content);
  return {directory, filename, path: join(directory, filename)};
}

/** A Siemens CSA header (SV10) with these elements: name -> values. */
export function aCsaHeader(elements: Record<string, string[]>): Buffer {
  const parts = [Buffer.from('SV10'), Buffer.from([4, 3, 2, 1]), words(Object.keys(elements).length, 77)];
  for (const [name, values] of Object.entries(elements)) {
    const head = Buffer.alloc(84);
    head.write(name, 'latin1');
    head.writeInt32LE(values.length, 64);
    head.write('LO', 68, 'latin1');
    head.writeUInt32LE(values.length, 76);
    head.writeUInt32LE(77, 80);
    parts.push(head);
    for (const value of values) {
      const bytes = Buffer.from(`${value}\0`, 'latin1');
      parts.push(
        words(bytes.length, bytes.length, 77, bytes.length),
        bytes,
        Buffer.alloc((4 - (bytes.length % 4)) % 4),
      );
    }
  }
  return Buffer.concat(parts);
}

function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, 4 * index);
  return bytes;
}
