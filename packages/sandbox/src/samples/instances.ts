import type {WrittenDataSet} from './dataSetText.ts';
import {hospital, operator, type SamplePatient, stationName} from './patients.ts';
import {burnIn, chestSlice, type Picture} from './phantom.ts';

/** One instance before it is written. */
export interface SampleInstance {
  readonly sopClassUid: string;
  readonly dataSet: WrittenDataSet;
}

const root = '1.2.826.0.1.3680043.10.999';
const sopClass = {
  ct: '1.2.840.10008.5.1.4.1.1.2',
  mr: '1.2.840.10008.5.1.4.1.1.4',
  secondaryCapture: '1.2.840.10008.5.1.4.1.1.7',
  comprehensiveSr: '1.2.840.10008.5.1.4.1.1.88.33',
} as const;

/** What the instances of a sample study are made from. */
export interface StudyFacts {
  readonly number: number;
  readonly patient: SamplePatient;
  /** What the modality has as PatientID and PatientName; a study made for a project carries the project's id. */
  readonly shownId?: string;
  readonly date: string;
  readonly accessionNumber: string;
  readonly description: string;
}

/** StudyInstanceUID of a sample study. */
export const studyUid = ({number}: StudyFacts): string => `${root}.${number}`;
const seriesUid = (facts: StudyFacts, series: number): string => `${studyUid(facts)}.${series}`;
const sopUid = (facts: StudyFacts, series: number, instance: number): string =>
  `${seriesUid(facts, series)}.${instance}`;

/** What all instances of a study share, identifiers planted where hospitals have them. */
function studyLevel(facts: StudyFacts): WrittenDataSet {
  const {patient, date, accessionNumber, description, shownId} = facts;
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    InstanceCreationDate: date,
    StudyDate: date,
    StudyTime: '101500',
    AccessionNumber: accessionNumber,
    Manufacturer: 'Specimen Imaging',
    ManufacturerModelName: 'Phantom One',
    InstitutionName: hospital,
    InstitutionAddress: `${patient.address}, Fjordheim`,
    ReferringPhysicianName: patient.physician,
    StationName: stationName,
    OperatorsName: operator,
    StudyDescription: description,
    PatientName: shownId ?? patient.name,
    PatientID: shownId ?? patient.id,
    PatientBirthDate: patient.birthDate,
    PatientSex: patient.sex,
    PatientAge: '053Y',
    PatientWeight: '71.5',
    OtherPatientIDsSequence: [{PatientID: patient.id, IssuerOfPatientID: 'FJORDHEIM', TypeOfPatientID: 'TEXT'}],
    PatientAddress: patient.address,
    PatientTelephoneNumbers: patient.phone,
    AdditionalPatientHistory: `Seen by ${patient.physician.split('^')[0]}, call ${patient.phone}`,
    AdmissionID: patient.admissionId,
    RequestingPhysician: patient.physician,
    RequestAttributesSequence: [
      {
        RequestedProcedureID: accessionNumber,
        ScheduledProcedureStepID: `SPS${accessionNumber}`,
        RequestedProcedureDescription: `Request of ${patient.physician.split('^')[0]}`,
      },
    ],
    OriginalAttributesSequence: [
      {
        SourceOfPreviousValues: hospital,
        AttributeModificationDateTime: `${date}103000`,
        ModifyingSystem: stationName,
        ReasonForTheAttributeModification: 'CORRECT',
        ModifiedAttributesSequence: [{PatientName: patient.name, PatientID: patient.id}],
      },
    ],
    StudyInstanceUID: studyUid(facts),
    StudyID: accessionNumber.slice(-6),
    // The hospital's PACS leaves request ids in its private block; the acquisition block holds a research value.
    '0009,0010 LO': 'SECTRA_Ident_01',
    '0009,1001 LO': `REQ-${accessionNumber}`,
    '0009,1002 LO': patient.name.split('^')[0] ?? '',
  };
}

interface SeriesFacts {
  readonly number: number;
  readonly modality: string;
  readonly description: string;
}

function instanceLevel(facts: StudyFacts, series: SeriesFacts, instance: number, sopClassUid: string): WrittenDataSet {
  return {
    ...studyLevel(facts),
    SOPClassUID: sopClassUid,
    SOPInstanceUID: sopUid(facts, series.number, instance),
    Modality: series.modality,
    SeriesInstanceUID: seriesUid(facts, series.number),
    SeriesNumber: String(series.number),
    SeriesDate: facts.date,
    SeriesTime: '101700',
    SeriesDescription: series.description,
    Laterality: '',
    PatientPosition: 'HFS',
    InstanceNumber: String(instance),
    ContentDate: facts.date,
    ContentTime: '101730',
  };
}

function pixelModule(picture: Picture, signed: boolean): WrittenDataSet {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: picture.rows,
    Columns: picture.columns,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: signed ? 1 : 0,
    PixelData: Buffer.from(picture.pixels.buffer, picture.pixels.byteOffset, picture.pixels.byteLength),
  };
}

const orientations = {axial: '1\\0\\0\\0\\1\\0', sagittal: '0\\1\\0\\0\\0\\-1'} as const;

function plane(
  facts: StudyFacts,
  z: number,
  thickness: number,
  orientation: keyof typeof orientations,
): WrittenDataSet {
  return {
    FrameOfReferenceUID: `${studyUid(facts)}.900`,
    PositionReferenceIndicator: '',
    ImagePositionPatient: `-120\\-120\\${(z * thickness).toFixed(1)}`,
    ImageOrientationPatient: orientations[orientation],
    PixelSpacing: '0.9375\\0.9375',
    SliceThickness: String(thickness),
    SliceLocation: (z * thickness).toFixed(1),
  };
}

const size = 128;

/** Axial slices of a chest. */
export function ctSeries(facts: StudyFacts, series: SeriesFacts, count: number): SampleInstance[] {
  return Array.from({length: count}, (_, index) => ({
    sopClassUid: sopClass.ct,
    dataSet: {
      ...instanceLevel(facts, series, index + 1, sopClass.ct),
      ...plane(facts, index, 5, 'axial'),
      ImageType: 'ORIGINAL\\PRIMARY\\AXIAL',
      AcquisitionNumber: '1',
      KVP: '120',
      RescaleIntercept: '0',
      RescaleSlope: '1',
      WindowCenter: '40',
      WindowWidth: '400',
      ImageComments: `${facts.patient.name.split('^')[0]} moved during scan`,
      ...pixelModule(chestSlice(size, index / count, facts.number * 100 + index), true),
    },
  }));
}

/** MR slices; a description with `_sag` makes them sagittal. */
export function mrSeries(
  facts: StudyFacts,
  series: SeriesFacts,
  count: number,
  slice: (size: number, z: number, seed: number) => Picture,
): SampleInstance[] {
  return Array.from({length: count}, (_, index) => ({
    sopClassUid: sopClass.mr,
    dataSet: {
      ...instanceLevel(facts, series, index + 1, sopClass.mr),
      ...plane(facts, index, 3, series.description.includes('_sag') ? 'sagittal' : 'axial'),
      ImageType: 'ORIGINAL\\PRIMARY\\M\\ND',
      ScanningSequence: 'GR',
      SequenceVariant: 'SP',
      ScanOptions: '',
      MRAcquisitionType: '3D',
      SequenceName: '*tfl3d1_16ns',
      EchoTime: '2.98',
      RepetitionTime: '2300',
      EchoTrainLength: '1',
      ProtocolName: `t1_mprage_sag ${facts.patient.name.split('^')[0]}`,
      '0019,0010 LO': 'SIEMENS MR HEADER',
      '0019,100C IS': '1000',
      '0029,0010 LO': 'SIEMENS CSA HEADER',
      '0029,1020 OB': Buffer.from(`tPatientName = "${facts.patient.name}" `),
      WindowCenter: '400',
      WindowWidth: '800',
      ...pixelModule(slice(size, index / count, facts.number * 100 + index), false),
    },
  }));
}

/** A screen capture with the patient's name burned in. */
export function capture(facts: StudyFacts, series: SeriesFacts): SampleInstance {
  const label = (facts.patient.name.split('^')[0] ?? '').normalize('NFD').replace(/[^A-Z]/g, '');
  const picture = burnIn(chestSlice(size, 0.5, 7), label, 6, 6, 600);
  return {
    sopClassUid: sopClass.secondaryCapture,
    dataSet: {
      ...instanceLevel(facts, series, 1, sopClass.secondaryCapture),
      ImageType: 'DERIVED\\SECONDARY\\SCREEN SAVE',
      ConversionType: 'WSD',
      BurnedInAnnotation: 'YES',
      WindowCenter: '40',
      WindowWidth: '400',
      ...pixelModule(picture, true),
    },
  };
}

const code = (value: string, meaning: string): WrittenDataSet => ({
  CodeValue: value,
  CodingSchemeDesignator: 'DCM',
  CodeMeaning: meaning,
});

/** A measurement report on the fourth image of a series. */
export function report(facts: StudyFacts, series: SeriesFacts, imageSeries: number): SampleInstance {
  return {
    sopClassUid: sopClass.comprehensiveSr,
    dataSet: {
      ...instanceLevel(facts, series, 1, sopClass.comprehensiveSr),
      CompletionFlag: 'COMPLETE',
      VerificationFlag: 'UNVERIFIED',
      PerformedProcedureCodeSequence: [],
      ReferencedPerformedProcedureStepSequence: [],
      ValueType: 'CONTAINER',
      ContinuityOfContent: 'SEPARATE',
      ConceptNameCodeSequence: [code('126000', 'Imaging Measurement Report')],
      ContentSequence: [
        {
          RelationshipType: 'HAS OBS CONTEXT',
          ValueType: 'PNAME',
          ConceptNameCodeSequence: [code('121008', 'Person Observer Name')],
          PersonName: facts.patient.physician,
        },
        {
          RelationshipType: 'CONTAINS',
          ValueType: 'TEXT',
          ConceptNameCodeSequence: [code('121071', 'Finding')],
          TextValue: `Nodule in ${facts.patient.name.split('^')[0]}, discussed with ${facts.patient.physician.split('^')[0]}`,
        },
        {
          RelationshipType: 'CONTAINS',
          ValueType: 'NUM',
          ConceptNameCodeSequence: [code('121206', 'Distance')],
          MeasuredValueSequence: [
            {
              NumericValue: '23',
              MeasurementUnitsCodeSequence: [
                {CodeValue: 'mm', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'millimeter'},
              ],
            },
          ],
        },
        {
          RelationshipType: 'CONTAINS',
          ValueType: 'IMAGE',
          ReferencedSOPSequence: [
            {ReferencedSOPClassUID: sopClass.ct, ReferencedSOPInstanceUID: sopUid(facts, imageSeries, 4)},
          ],
        },
      ],
      CurrentRequestedProcedureEvidenceSequence: [
        {
          StudyInstanceUID: studyUid(facts),
          ReferencedSeriesSequence: [
            {
              SeriesInstanceUID: seriesUid(facts, imageSeries),
              ReferencedSOPSequence: [
                {ReferencedSOPClassUID: sopClass.ct, ReferencedSOPInstanceUID: sopUid(facts, imageSeries, 4)},
              ],
            },
          ],
        },
      ],
    },
  };
}
