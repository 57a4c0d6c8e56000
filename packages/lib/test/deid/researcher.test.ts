import {describe, expect, it} from 'vitest';
import {type DataSet, findElement, itemsOf, valueBytes} from '../../src/dicom/dataSet.ts';
import {lookup, tagOf} from '../../src/dicom/dictionary.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import type {Tag} from '../../src/dicom/tag.ts';
import {numbers, text as textAt} from '../../src/dicom/values.ts';
import {vrRules} from '../../src/dicom/vr.ts';
import {type NewElement, numberElement} from '../../src/dicom/write.ts';
import {aFile, bytes, output, sequence, text} from './support/instances.ts';

type Values = Readonly<Record<string, string | readonly number[]>>;

function tagNamed(keyword: string): Tag {
  const tag = tagOf(keyword);
  if (tag === undefined) throw new Error(`no keyword ${keyword}`);
  return tag;
}

/** Elements by keyword: texts, or numbers of binary VRs. */
function elementsOf(values: Values): NewElement[] {
  return Object.entries(values).map(([keyword, value]) => {
    const tag = tagNamed(keyword);
    const vr = lookup(tag)?.vr;
    if (vr === undefined || vr === 'SQ') throw new Error(`${keyword} is no value`);
    return typeof value === 'string' ? text(tag, vr, value) : numberElement(tag, vr, value);
  });
}

/** What is there of the values, in the same form. */
function found(holder: DataSet | undefined, values: Values): Values {
  if (holder === undefined) return {};
  return Object.fromEntries(
    Object.keys(values).map(keyword => {
      const tag = tagNamed(keyword);
      const isText = vrRules[lookup(tag)?.vr ?? 'UN'].kind === 'text';
      return [keyword, isText ? (textAt(holder, tag) ?? 'absent') : (numbers(holder, tag) ?? 'absent')];
    }),
  );
}

const patient: Values = {
  PatientSex: 'F',
  PatientAge: '047Y',
  PatientWeight: '71.5',
  PatientSize: '1.68',
  SmokingStatus: 'NO',
  PregnancyStatus: [4],
};

const geometry: Values = {
  ImagePositionPatient: '-125.33\\-130.5\\72.0625',
  ImageOrientationPatient: '1\\0\\0\\0\\0.99862953\\-0.0523359',
  PixelSpacing: '0.48828125\\0.48828125',
  SliceThickness: '1.25',
  SliceLocation: '72.0625',
  SpacingBetweenSlices: '1.25',
  PatientPosition: 'HFS',
  InstanceNumber: '117',
  SeriesNumber: '301',
  AcquisitionNumber: '2',
  Rows: [512],
  Columns: [512],
  BitsStored: [12],
  PixelRepresentation: [1],
  WindowCenter: '40\\-600',
  WindowWidth: '400\\1500',
  RescaleIntercept: '-1024',
  RescaleSlope: '1',
  RescaleType: 'HU',
};

const ct: Values = {
  ...patient,
  ...geometry,
  ImageType: 'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI',
  Modality: 'CT',
  Manufacturer: 'SIEMENS',
  ManufacturerModelName: 'SOMATOM Definition Flash',
  SoftwareVersions: 'syngo CT 2013B',
  StudyTime: '101500',
  SeriesTime: '101650.100000',
  StudyDescription: 'CT Thorax',
  SeriesDescription: 'Thorax 1.0 B70f',
  ProtocolName: 'Thorax Routine (Adult)',
  BodyPartExamined: 'CHEST',
  ScanOptions: 'HELICAL MODE',
  KVP: '120',
  XRayTubeCurrent: '241',
  ExposureTime: '500',
  Exposure: '95',
  FilterType: 'FLAT',
  ConvolutionKernel: 'B70f',
  FocalSpots: '1.2',
  DataCollectionDiameter: '500',
  GantryDetectorTilt: '0',
  TableHeight: '154.5',
  RotationDirection: 'CW',
  ContrastBolusAgent: 'Iodine',
  ContrastBolusVolume: '80',
  SpiralPitchFactor: [1.2],
  CTDIvol: [6.425],
  SingleCollimationWidth: [0.6],
  RevolutionTime: [0.5],
};

const mr: Values = {
  ...patient,
  ...geometry,
  ImageType: 'ORIGINAL\\PRIMARY\\M\\ND\\NORM',
  Modality: 'MR',
  MagneticFieldStrength: '3',
  ScanningSequence: 'GR\\IR',
  SequenceVariant: 'SK\\SP\\MP',
  MRAcquisitionType: '3D',
  SequenceName: '*tfl3d1_16ns',
  SeriesDescription: 'T1_mprage_sag_p2_iso_1.0',
  RepetitionTime: '2300',
  EchoTime: '2.98',
  InversionTime: '900',
  FlipAngle: '9',
  ImagingFrequency: '123.255412',
  NumberOfAverages: '1',
  EchoTrainLength: '1',
  PixelBandwidth: '240',
  InPlanePhaseEncodingDirection: 'ROW',
  SAR: '0.0431',
  AcquisitionMatrix: [0, 256, 248, 0],
  DiffusionBValue: [1000],
  DiffusionGradientOrientation: [-0.6012345678, 0.7991234567, 0.0012345678],
  SmallestImagePixelValue: [5],
};

describe('what a researcher needs stays as it was', () => {
  it.each([
    ['1.2.840.10008.1.2.1', 'explicit'],
    ['1.2.840.10008.1.2', 'implicit'],
  ])('on a CT (%s, %s)', async syntax => {
    const root = parseInstance(await output(aFile(elementsOf(ct), syntax))).dataSet;
    expect(found(root, ct)).toEqual(ct);
  });

  it('on an MR, with safe private diffusion values', async () => {
    const gradient = [-0.6012345678, 0.7991234567, 0.01];
    const block = [
      text(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
      text(0x0019_100c, 'IS', '1000'),
      text(0x0019_100d, 'CS', 'DIRECTIONAL'),
      numberElement(0x0019_100e, 'FD', gradient),
      text(0x2001_0010, 'LO', 'Philips Imaging DD 001'),
      numberElement(0x2001_1003, 'FL', 800),
      text(0x7053_0010, 'LO', 'Philips PET Private Group'),
      text(0x7053_1000, 'DS', '0.523'),
    ];
    const root = parseInstance(await output(aFile([...elementsOf(mr), ...block]))).dataSet;
    expect(found(root, mr)).toEqual(mr);
    expect(textAt(root, 0x0019_100c)).toBe('1000');
    expect(textAt(root, 0x0019_100d)).toBe('DIRECTIONAL');
    expect(numbers(root, 0x0019_100e)).toEqual(gradient);
    expect(numbers(root, 0x2001_1003)).toEqual([800]);
    expect(textAt(root, 0x7053_1000)).toBe('0.523');
  });

  it('in an SR: structure, codes, measurements, coordinates, references; and intervals between dates', async () => {
    const code = (value: string, scheme: string, meaning: string) =>
      elementsOf({CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning});
    const concept = (...parts: [string, string, string]) =>
      sequence(tagNamed('ConceptNameCodeSequence'), [code(...parts)]);
    const item = (type: string, ...more: NewElement[]) => [
      ...elementsOf({RelationshipType: 'CONTAINS', ValueType: type}),
      ...more,
    ];
    const points = [1.5, 2.5, 103.25, 99.75];
    const measured = sequence(tagNamed('MeasuredValueSequence'), [
      ...[
        [
          text(tagNamed('NumericValue'), 'DS', '23.7'),
          sequence(tagNamed('MeasurementUnitsCodeSequence'), [code('mm', 'UCUM', 'millimeter')]),
        ],
      ],
    ]);
    const content = sequence(tagNamed('ContentSequence'), [
      item('NUM', concept('410668003', 'SCT', 'Length'), measured),
      item(
        'CODE',
        concept('121071', 'DCM', 'Finding'),
        sequence(tagNamed('ConceptCodeSequence'), [code('4147007', 'SCT', 'Mass')]),
      ),
      item('SCOORD', ...elementsOf({GraphicType: 'POLYLINE', GraphicData: points})),
      item('DATE', text(tagNamed('Date'), 'DA', '20240101')),
      item(
        'CODE',
        concept('121032', 'DCM', 'Subject Sex'),
        sequence(tagNamed('ConceptCodeSequence'), [code('F', 'DCM', 'Female')]),
      ),
    ]);
    const root = parseInstance(await output(aFile([text(0x0008_0060, 'CS', 'SR'), content]))).dataSet;
    const [length, finding, polyline, date, sex] = itemsOf(root, tagNamed('ContentSequence'));
    const named = (holder: DataSet | undefined, keyword: string) =>
      holder === undefined ? undefined : textAt(itemsOf(holder, tagNamed(keyword))[0] ?? holder, 0x0008_0104);
    expect(named(length, 'ConceptNameCodeSequence')).toBe('Length');
    const value = length && itemsOf(length, tagNamed('MeasuredValueSequence'))[0];
    expect(value && textAt(value, tagNamed('NumericValue'))).toBe('23.7');
    expect(named(value, 'MeasurementUnitsCodeSequence')).toBe('millimeter');
    expect(named(finding, 'ConceptCodeSequence')).toBe('Mass');
    expect(polyline && numbers(polyline, tagNamed('GraphicData'))).toEqual(points);
    // study and finding were 30 days apart: 20240131 and 20240101
    expect([textAt(root, tagNamed('StudyDate')), date && textAt(date, tagNamed('Date'))]).toEqual([
      '20240313',
      '20240212',
    ]);
    expect(named(sex, 'ConceptCodeSequence')).toBe('Female');
  });

  it('in codes that look like initials of the patient', async () => {
    const codes: Values = {Modality: 'MR', ImageType: 'ORIGINAL\\PRIMARY\\M\\ND', ScanningSequence: 'GR\\IR'};
    const root = parseInstance(
      await output(aFile(elementsOf({...codes, PatientName: 'NORDMANN^M R', OperatorsName: 'N^D^IR'}))),
    ).dataSet;
    expect(found(root, codes)).toEqual(codes);
  });

  it('in long lists of numbers, whatever numbers they are', async () => {
    const wave = Array.from({length: 3000}, (_, at) => Math.sin(at * 0.37) * 1234.567);
    const negative = Array.from({length: 64}, (_, at) => -1 - at);
    const index = Array.from({length: 500}, (_, at) => at * 7919);
    const root = parseInstance(
      await output(
        aFile([
          numberElement(0x0070_0022, 'FL', wave),
          numberElement(0x0018_9602, 'FD', [0.125, -0.25, 3, 4, 5, 6]),
          numberElement(0x0020_9157, 'UL', index),
          bytes(0x0028_3006, 'US', Buffer.from(new Uint16Array(negative.map(one => one + 65536)).buffer)),
        ]),
      ),
    ).dataSet;
    expect(numbers(root, 0x0070_0022)).toEqual(wave.map(Math.fround));
    expect(numbers(root, 0x0020_9157)).toEqual(index);
    const lut = findElement(root, 0x0028_3006);
    expect(lut && valueBytes(root, lut).length).toBe(negative.length * 2);
  });

  it('while comments, names and serial numbers of people and places do not', async () => {
    const root = parseInstance(
      await output(
        aFile(elementsOf({ImageComments: 'Thorax', OperatorsName: 'A^B', StationName: 'CT1', PatientComments: 'x'})),
      ),
    ).dataSet;
    expect(textAt(root, tagNamed('ImageComments'))).toBeUndefined();
    expect(textAt(root, tagNamed('OperatorsName'))).toBe('');
    expect(textAt(root, tagNamed('PatientComments'))).toBeUndefined();
    expect(textAt(root, tagNamed('StationName'))).toMatch(/^DEV[0-9A-F]{8}$/);
  });
});
