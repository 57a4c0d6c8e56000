import type {WrittenDataSet} from '../../packages/sandbox/src/samples/dataSetText.ts';

/** What tells one instance of a made-up CT study from the others. */
export interface CtPlace {
  readonly study: string;
  readonly series: number;
  readonly instance: number;
  /** Rows and columns of the picture. */
  readonly size: number;
}

const code = (value: string, scheme: string, meaning: string): WrittenDataSet => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});

/** A slice as a scanner of a hospital writes it: some 120 elements with sequences, private blocks and identifiers in many places. */
export function ctHeader({study, series, instance, size}: CtPlace): WrittenDataSet {
  const uid = (...parts: (string | number)[]) => [study, ...parts].join('.');
  const z = (instance * 0.625).toFixed(3);
  return {
    ...patientAndStudy(study),
    SpecificCharacterSet: 'ISO_IR 100',
    ImageType: 'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI',
    InstanceCreationDate: '20240131',
    InstanceCreationTime: '101732.250000',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: uid(series, instance),
    SeriesDate: '20240131',
    AcquisitionDate: '20240131',
    ContentDate: '20240131',
    AcquisitionDateTime: '20240131101730.250000',
    SeriesTime: '101650.100000',
    AcquisitionTime: '101730.250000',
    ContentTime: '101731.000000',
    Modality: 'CT',
    SeriesDescription: 'Thorax 1.0 B70f',
    ReferencedImageSequence: [
      {ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: uid(1, 1)},
      {ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: uid(1, 2)},
    ],
    SourceImageSequence: [
      {ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: uid(9, instance)},
    ],
    IrradiationEventUID: uid(77, series),
    BodyPartExamined: 'CHEST',
    ScanOptions: 'HELICAL MODE',
    SliceThickness: '1.0',
    KVP: '120',
    DataCollectionDiameter: '500',
    DeviceSerialNumber: '66123',
    SoftwareVersions: 'syngo CT 2013B',
    ProtocolName: 'Thorax^01_ThoraxRoutine (Adult)',
    ReconstructionDiameter: '380',
    DistanceSourceToDetector: '1085.6',
    DistanceSourceToPatient: '595',
    GantryDetectorTilt: '0',
    TableHeight: '154.5',
    RotationDirection: 'CW',
    ExposureTime: '500',
    XRayTubeCurrent: '180',
    Exposure: '62',
    FilterType: 'FLAT',
    GeneratorPower: '26',
    FocalSpots: '1.2',
    DateOfLastCalibration: '20240130',
    TimeOfLastCalibration: '073000.000000',
    ConvolutionKernel: 'B70f',
    PatientPosition: 'HFS',
    SingleCollimationWidth: 0.6,
    TotalCollimationWidth: 38.4,
    TableSpeed: 92.2,
    SpiralPitchFactor: 1.2,
    CTDIvol: 4.87,
    ExposureModulationType: 'XYZ_EC',
    SeriesInstanceUID: uid(series),
    SeriesNumber: String(series),
    AcquisitionNumber: '2',
    InstanceNumber: String(instance),
    ImagePositionPatient: `-190.4\\-310.4\\${z}`,
    ImageOrientationPatient: '1\\0\\0\\0\\1\\0',
    FrameOfReferenceUID: uid(900),
    PositionReferenceIndicator: '',
    SliceLocation: z,
    ImageComments: 'Bergstad moved during the scan',
    ...pixels(size),
    ...privateBlocks(instance),
  };
}

function patientAndStudy(study: string): WrittenDataSet {
  return {
    StudyDate: '20240131',
    StudyTime: '101530.250000',
    AccessionNumber: 'ACC2024013100',
    Manufacturer: 'SIEMENS',
    InstitutionName: 'Fjordheim General Hospital',
    InstitutionAddress: 'Havneveien 12, Fjordheim',
    ReferringPhysicianName: 'Lundgren^Astrid^^Dr',
    StationName: 'CTAWP66123',
    StudyDescription: 'CT Thorax with contrast',
    InstitutionalDepartmentName: 'Radiology',
    PerformingPhysicianName: 'Halvorsen^Per',
    OperatorsName: 'Moen^Kari',
    ManufacturerModelName: 'Sensation 64',
    ProcedureCodeSequence: [code('CTTHX', 'L', 'CT Thorax')],
    ReferencedStudySequence: [
      {ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.1', ReferencedSOPInstanceUID: `${study}.0`},
    ],
    ReferencedPerformedProcedureStepSequence: [
      {ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.3', ReferencedSOPInstanceUID: `${study}.55`},
    ],
    PatientName: 'Bergstad^Ingrid^Marie',
    PatientID: '31015012345',
    IssuerOfPatientID: 'FJORDHEIM',
    PatientBirthDate: '19500131',
    PatientSex: 'F',
    OtherPatientIDsSequence: [{PatientID: '998877', IssuerOfPatientID: 'OLDHIS', TypeOfPatientID: 'TEXT'}],
    PatientAge: '074Y',
    PatientSize: '1.68',
    PatientWeight: '71.5',
    PatientAddress: 'Skogveien 4, Fjordheim',
    PatientTelephoneNumbers: '+4755512345',
    AdditionalPatientHistory: 'Cough for three weeks, seen by Dr Lundgren',
    PregnancyStatus: 4,
    ContrastBolusAgent: 'Omnipaque 350',
    ContrastBolusVolume: '80',
    StudyInstanceUID: study,
    StudyID: '013100',
    RequestingPhysician: 'Lundgren^Astrid^^Dr',
    RequestedProcedureDescription: 'CT Thorax with contrast',
    RequestedProcedureCodeSequence: [code('CTTHX', 'L', 'CT Thorax')],
    PerformedProcedureStepStartDate: '20240131',
    PerformedProcedureStepStartTime: '101600.000000',
    PerformedProcedureStepID: 'PPS013100',
    PerformedProcedureStepDescription: 'CT Thorax',
    CommentsOnThePerformedProcedureStep: 'called ward about Bergstad',
    RequestAttributesSequence: [
      {
        RequestedProcedureDescription: 'CT Thorax with contrast',
        ScheduledProcedureStepDescription: 'CT Thorax',
        ScheduledProtocolCodeSequence: [code('CTTHX', 'L', 'CT Thorax')],
        ScheduledProcedureStepID: 'SPS013100',
        RequestedProcedureID: 'ACC2024013100',
      },
    ],
  };
}

function pixels(size: number): WrittenDataSet {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    PixelSpacing: '0.7421875\\0.7421875',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    SmallestImagePixelValue: 0,
    LargestImagePixelValue: 2731,
    WindowCenter: '-600\\40',
    WindowWidth: '1200\\400',
    RescaleIntercept: '-1024',
    RescaleSlope: '1',
    RescaleType: 'HU',
    WindowCenterWidthExplanation: 'WINDOW1\\WINDOW2',
    LossyImageCompression: '00',
  };
}

function privateBlocks(instance: number): WrittenDataSet {
  return {
    '0009,0010 LO': 'SECTRA_Ident_01',
    '0009,1001 LO': 'REQ-ACC2024013100',
    '0009,1002 LO': 'Bergstad',
    '0019,0010 LO': 'SIEMENS CT VA0  COAD',
    '0019,1090 DS': '1.2',
    '0019,1092 DS': '0.5',
    '0019,1093 IS': '62',
    '0019,1096 DS': '24.3',
    '0021,0010 LO': 'SIEMENS MED',
    '0021,1011 DS': '-0.2\\-120.4',
    '0029,0010 LO': 'SIEMENS CSA HEADER',
    '0029,0011 LO': 'SIEMENS MEDCOM HEADER',
    '0029,1008 CS': 'SOM 5',
    '0029,1009 LO': 'VA10A 971201',
    '0029,1010 OB': Buffer.alloc(300, `image ${instance} `),
    '0029,1160 LO': 'com',
  };
}
