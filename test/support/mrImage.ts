import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, part10Header} from '@fiona/lib/dicom/write';
import {elementsOf, type WrittenDataSet} from '@fiona/sandbox/samples/dataSetText';

export const mrStorage = '1.2.840.10008.5.1.4.1.1.4';

/** Texts that must stand in no log: they are in every image made here, unless the test says otherwise. */
export const planted = {
  PatientName: 'QUILLFEATHER^IMOGEN',
  PatientID: 'PID-77310442',
  PatientBirthDate: '19410907',
  AccessionNumber: 'ACC-5550199',
} as const;

/** A data set as people write it down; undefined leaves an attribute out, a Buffer gives its bytes as they are. */
export type Attributes = {readonly [keyword: string]: WrittenDataSet[string] | undefined};

/** A Part 10 file of a small MR image with other or more attributes. UIDs in the file meta follow the data set unless given. */
export function mrImage(
  attributes: Attributes,
  meta: {readonly sopInstanceUid?: string} = {},
  vr: 'explicit' | 'implicit' = 'explicit',
): Buffer {
  const all = {
    SOPClassUID: mrStorage,
    Modality: 'MR',
    ImageType: 'ORIGINAL\\PRIMARY',
    StudyDate: '20240131',
    StudyTime: '101500',
    Manufacturer: 'Specimen Imaging',
    StudyDescription: 'MR head',
    SeriesDescription: 't1',
    SeriesNumber: '1',
    InstanceNumber: '1',
    ...planted,
    Rows: 4,
    Columns: 4,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelData: Buffer.alloc(32, 7),
    ...attributes,
  };
  const written = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as WrittenDataSet;
  const sop = written.SOPInstanceUID;
  const header = part10Header({
    sopClassUid: String(written.SOPClassUID),
    sopInstanceUid: meta.sopInstanceUid ?? (typeof sop === 'string' ? sop : '1.2.3'),
    transferSyntaxUid:
      vr === 'explicit' ? transferSyntaxUid.explicitLittleEndian : transferSyntaxUid.implicitLittleEndian,
  });
  const encoding = vr === 'explicit' ? explicitLittleEndian : implicitLittleEndian;
  return Buffer.concat([header, encodeDataSet(elementsOf(written), encoding)]);
}
