import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, numberElement, part10Header, textElement} from '@fiona/lib/dicom/write';
import {elementsOf, type WrittenDataSet} from '@fiona/sandbox/samples/dataSetText';
import {headSlice} from '@fiona/sandbox/samples/phantom';

const root = '1.2.826.0.1.9999999.61';
const size = 64;
const slices = 6;
/** Rows and columns of an oblique slice, and the normal on both. */
const row = [0.98, 0.14, -0.14];
const column = [-0.1169, 0.9822, 0.1473];
const normal = [0.1581, -0.128, 0.9791];

const positionOf = (slice: number) =>
  normal.map((part, axis) => (part * 3.3 * slice - 90 + axis).toFixed(4)).join('\\');
const orientation = [...row, ...column].join('\\');

function patientAndEquipment(series: number, sopClassUid: string, instance: number): WrittenDataSet {
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    SOPClassUID: sopClassUid,
    SOPInstanceUID: `${root}.${series}.${instance}`,
    StudyDate: '20240131',
    SeriesDate: '20240131',
    AcquisitionDate: '20240131',
    ContentDate: '20240131',
    StudyTime: '101500',
    SeriesTime: '101700',
    AcquisitionTime: '101730.250000',
    ContentTime: '101731',
    AccessionNumber: 'ACC2401319',
    Modality: 'MR',
    Manufacturer: 'SIEMENS',
    ManufacturerModelName: 'Prisma',
    SoftwareVersions: 'syngo MR E11',
    DeviceSerialNumber: '67043',
    InstitutionName: 'Fjordheim Specimen Hospital',
    ReferringPhysicianName: 'ZYXWVU^QWERTZ',
    StudyDescription: 'MR brain',
    SeriesDescription: 'ep2d_diff_b1000 Nordmann',
    ProtocolName: 'ep2d_diff_b1000',
    PatientName: 'Nordmann^Kari',
    PatientID: '01017012345',
    PatientBirthDate: '19700101',
    PatientSex: 'F',
    PatientAge: '053Y',
    PatientWeight: '71.5',
    PatientSize: '1.68',
    PatientPosition: 'HFS',
    StudyInstanceUID: root,
    SeriesInstanceUID: `${root}.${series}`,
    FrameOfReferenceUID: `${root}.900`,
    StudyID: '7',
    SeriesNumber: String(series),
    AcquisitionNumber: '1',
    InstanceNumber: String(instance),
    BurnedInAnnotation: 'NO',
    MagneticFieldStrength: '3',
    ImagingFrequency: '123.255412',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
  };
}

function pixels(slice: number): Buffer {
  const picture = headSlice(size, slice / slices, slice);
  return Buffer.from(picture.pixels.buffer, picture.pixels.byteOffset, picture.pixels.byteLength);
}

function write(folder: string, written: WrittenDataSet, further = elementsOf({})): void {
  const meta = part10Header({
    sopClassUid: String(written.SOPClassUID),
    sopInstanceUid: String(written.SOPInstanceUID),
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  const elements = [...elementsOf(written), ...further].toSorted((a, b) => a.tag - b.tag);
  const path = join(folder, `${written.SOPInstanceUID}.dcm`);
  writeFileSync(path, Buffer.concat([meta, encodeDataSet(elements, explicitLittleEndian)]));
}

/** A diffusion series as a scanner of SIEMENS writes it: b-values and directions in its private block. */
export function writeDiffusionSeries(folder: string): void {
  mkdirSync(folder, {recursive: true});
  const directions = [
    [0, 0, 0],
    [0.8, 0.6, 0],
    [-0.6012, 0.7991, 0.0012],
  ];
  directions.forEach((direction, volume) => {
    for (let slice = 0; slice < slices; slice++) {
      const instance = volume * slices + slice + 1;
      const bValue = volume === 0 ? 0 : 1000;
      const siemens = [
        textElement(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
        textElement(0x0019_100c, 'IS', String(bValue)),
        textElement(0x0019_100d, 'CS', bValue === 0 ? 'NONE' : 'DIRECTIONAL'),
        ...(bValue === 0 ? [] : [numberElement(0x0019_100e, 'FD', direction)]),
        textElement(0x0051_0010, 'LO', 'SIEMENS MR HEADER'),
        textElement(0x0051_100f, 'LO', 'Nordmann coil'),
      ];
      write(
        folder,
        {
          ...patientAndEquipment(11, '1.2.840.10008.5.1.4.1.1.4', instance),
          AcquisitionNumber: String(volume + 1),
          ImageType: 'ORIGINAL\\PRIMARY\\DIFFUSION\\NONE\\ND',
          ScanningSequence: 'EP',
          SequenceVariant: 'SK\\SP',
          ScanOptions: 'PFP\\FS',
          MRAcquisitionType: '2D',
          SequenceName: `*ep_b${bValue}#${volume}`,
          RepetitionTime: '8300',
          EchoTime: '95',
          FlipAngle: '90',
          EchoTrainLength: '96',
          NumberOfAverages: '1',
          PixelBandwidth: '1565',
          InPlanePhaseEncodingDirection: 'COL',
          SAR: '0.0431',
          SliceThickness: '3',
          SpacingBetweenSlices: '3.3',
          ImagePositionPatient: positionOf(slice),
          ImageOrientationPatient: orientation,
          PixelSpacing: '3.5\\3.5',
          PixelData: pixels(slice + volume * 7),
        },
        siemens,
      );
    }
  });
}

/** One enhanced MR object with a frame for each slice, everything about geometry in functional groups. */
export function writeEnhancedSeries(folder: string): void {
  mkdirSync(folder, {recursive: true});
  const frame = (slice: number): WrittenDataSet => ({
    FrameContentSequence: [
      {
        FrameAcquisitionDateTime: '20240131101730.25',
        FrameReferenceDateTime: '20240131101730.25',
        FrameAcquisitionDuration: 100,
        StackID: '1',
        InStackPositionNumber: slice + 1,
        TemporalPositionIndex: 1,
        DimensionIndexValues: slice + 1,
      },
    ],
    PlanePositionSequence: [{ImagePositionPatient: positionOf(slice)}],
    PlaneOrientationSequence: [{ImageOrientationPatient: orientation}],
    PixelMeasuresSequence: [{SliceThickness: '3', SpacingBetweenSlices: '3.3', PixelSpacing: '3.5\\3.5'}],
    MREchoSequence: [{EffectiveEchoTime: 95}],
    MRTimingAndRelatedParametersSequence: [{RepetitionTime: '8300', FlipAngle: '90', EchoTrainLength: '96'}],
  });
  write(folder, {
    ...patientAndEquipment(12, '1.2.840.10008.5.1.4.1.1.4.1', 1),
    Manufacturer: 'Philips Medical Systems',
    ImageType: 'ORIGINAL\\PRIMARY\\T1\\NONE',
    PulseSequenceName: 'TSE',
    NumberOfFrames: String(slices),
    DimensionOrganizationSequence: [{DimensionOrganizationUID: `${root}.901`}],
    SharedFunctionalGroupsSequence: [{}],
    PerFrameFunctionalGroupsSequence: Array.from({length: slices}, (_, slice) => frame(slice)),
    PixelData: Buffer.concat(Array.from({length: slices}, (_, slice) => pixels(slice))),
  });
}
