import type {DataSet} from '../../src/dicom/dataSet.ts';
import {tagOf} from '../../src/dicom/dictionary.ts';
import {scanDataSet} from '../../src/dicom/scan.ts';
import {explicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import type {Vr} from '../../src/dicom/vr.ts';
import {bytesElement, encodeDataSet, type NewElement, numberElement, textElement} from '../../src/dicom/write.ts';

/** Attributes of a made-up image: keyword or 8 hexadecimal digits -> VR and values. */
export type Attributes = Record<string, [vr: Exclude<Vr, 'SQ'>, ...values: (string | number)[]]>;

/** A data set with these attributes. */
export function anImage(attributes: Attributes): DataSet {
  const elements: NewElement[] = Object.entries(attributes).map(([name, [vr, ...values]]) => {
    const tag = tagOf(name) ?? Number.parseInt(name, 16);
    if (vr === 'OB' || vr === 'UN') return bytesElement(tag, vr, Buffer.from(values.map(String).join('')));
    return typeof values[0] === 'number'
      ? numberElement(tag, vr, values as number[])
      : textElement(tag, vr, values as string[]);
  });
  return scanDataSet(encodeDataSet(elements, explicitLittleEndian), explicitLittleEndian);
}

/** The Siemens MR image of the worked examples. */
export const d1: Attributes = {
  ImageType: ['CS', 'ORIGINAL', 'PRIMARY', 'M', 'ND'],
  Manufacturer: ['LO', 'SIEMENS'],
  SequenceName: ['SH', '*tfl3d1_16ns'],
  AcquisitionMatrix: ['US', 0, 256, 256, 0],
  ImageOrientationPatient: ['DS', '1', '0', '0', '0', '1', '0.0003'],
  Rows: ['US', 256],
  Columns: ['US', 256],
  PixelSpacing: ['DS', '0.5', '0.5'],
};
