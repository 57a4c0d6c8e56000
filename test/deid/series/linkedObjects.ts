import type {WrittenDataSet} from '@fiona/sandbox/samples/dataSetText';

/** UIDs of odd and even length: the digests of the two differ in more than the UID. */
const uid = (name: string, length: number) => `1.2.826.0.1.9999999.88.${name}`.padEnd(length, '7');

export const uids = {
  study: uid('1', 31),
  earlierStudy: uid('2', 32),
  ctSeries: uid('3', 33),
  otherSeries: uid('4', 40),
  frame: uid('5', 41),
  otherFrame: uid('6', 36),
  ct1: uid('11', 35),
  ct2: uid('12', 38),
  enhanced: uid('13', 43),
  segmentation: uid('14', 44),
  presentation: uid('15', 45),
  keyObjects: uid('16', 46),
  report: uid('17', 47),
  structures: uid('18', 48),
  plan: uid('19', 49),
  dose: uid('20', 50),
  registration: uid('21', 51),
  earlier: uid('22', 52),
  event: uid('23', 53),
  tracking: uid('24', 54),
  dimension: uid('25', 55),
  segment: uid('26', 57),
} as const;

const storage = '1.2.840.10008.5.1.4.1.1';
const classes = {
  ct: `${storage}.2`,
  enhanced: `${storage}.4.1`,
  segmentation: `${storage}.66.4`,
  presentation: `${storage}.11.1`,
  keyObjects: `${storage}.88.59`,
  report: `${storage}.88.33`,
  structures: `${storage}.481.3`,
  plan: `${storage}.481.5`,
  dose: `${storage}.481.2`,
  registration: `${storage}.66.1`,
  detachedStudy: '1.2.840.10008.3.1.2.3.1',
} as const;

const refersTo = (sopClass: string, instance: string): WrittenDataSet => ({
  ReferencedSOPClassUID: sopClass,
  ReferencedSOPInstanceUID: instance,
});
const ct1 = refersTo(classes.ct, uids.ct1);
const ct2 = refersTo(classes.ct, uids.ct2);
const study = refersTo(classes.detachedStudy, uids.study);
const code = (value: string, meaning: string): WrittenDataSet => ({
  CodeValue: value,
  CodingSchemeDesignator: 'DCM',
  CodeMeaning: meaning,
});
const evidence: WrittenDataSet = {
  StudyInstanceUID: uids.study,
  ReferencedSeriesSequence: [{SeriesInstanceUID: uids.ctSeries, ReferencedSOPSequence: [ct1, ct2]}],
};
const earlierDocument: WrittenDataSet = {
  StudyInstanceUID: uids.earlierStudy,
  ReferencedSeriesSequence: [
    {SeriesInstanceUID: uids.otherSeries, ReferencedSOPSequence: [refersTo(classes.report, uids.earlier)]},
  ],
};

function object(kind: keyof typeof classes, instance: string, modality: string, more: WrittenDataSet): WrittenDataSet {
  return {
    SOPClassUID: classes[kind],
    SOPInstanceUID: instance,
    StudyInstanceUID: uids.study,
    SeriesInstanceUID: kind === 'ct' ? uids.ctSeries : uids.otherSeries,
    FrameOfReferenceUID: uids.frame,
    StudyDate: '20240131',
    Modality: modality,
    PatientName: 'NORDMANN^KARI',
    PatientID: '01017012345',
    ReferencedStudySequence: [study],
    ...more,
  };
}

const uidReference = (value: string, meaning: string, target: string): WrittenDataSet => ({
  RelationshipType: 'CONTAINS',
  ValueType: 'UIDREF',
  ConceptNameCodeSequence: [code(value, meaning)],
  UID: target,
});

const reportContent: WrittenDataSet[] = [
  {RelationshipType: 'CONTAINS', ValueType: 'IMAGE', ReferencedSOPSequence: [ct1]},
  uidReference('110180', 'Study Instance UID', uids.study),
  uidReference('112002', 'Series Instance UID', uids.ctSeries),
  uidReference('112040', 'Tracking Unique Identifier', uids.tracking),
  uidReference('113769', 'Irradiation Event UID', uids.event),
  {
    RelationshipType: 'CONTAINS',
    ValueType: 'SCOORD3D',
    GraphicType: 'POINT',
    ReferencedFrameOfReferenceUID: uids.frame,
    ContentSequence: [{RelationshipType: 'SELECTED FROM', ValueType: 'COMPOSITE', ReferencedSOPSequence: [ct2]}],
  },
];

/** Objects of one patient that refer to each other, in every way in which objects do. */
export const linkedObjects: readonly WrittenDataSet[] = [
  object('ct', uids.ct1, 'CT', {IrradiationEventUID: uids.event, ReferencedImageSequence: [ct2]}),
  object('ct', uids.ct2, 'CT', {
    SourceImageSequence: [ct1],
    RelatedSeriesSequence: [{StudyInstanceUID: uids.study, SeriesInstanceUID: uids.otherSeries}],
    '0011,0010 LO': 'OWN CREATOR',
    '0011,1001 UI': uids.ct1,
  }),
  object('enhanced', uids.enhanced, 'MR', {
    DimensionOrganizationSequence: [{DimensionOrganizationUID: uids.dimension}],
    SharedFunctionalGroupsSequence: [{ReferencedImageSequence: [ct1]}],
    PerFrameFunctionalGroupsSequence: [
      {
        DerivationImageSequence: [{SourceImageSequence: [ct2]}],
        ConversionSourceAttributesSequence: [ct1],
      },
    ],
    DimensionIndexSequence: [{DimensionOrganizationUID: uids.dimension}],
  }),
  object('segmentation', uids.segmentation, 'SEG', {
    SegmentSequence: [{TrackingUID: uids.tracking}],
    ReferencedSeriesSequence: [{SeriesInstanceUID: uids.ctSeries, ReferencedInstanceSequence: [ct1, ct2]}],
    PerFrameFunctionalGroupsSequence: [{DerivationImageSequence: [{SourceImageSequence: [ct1]}]}],
  }),
  object('presentation', uids.presentation, 'PR', {
    ReferencedSeriesSequence: [{SeriesInstanceUID: uids.ctSeries, ReferencedImageSequence: [ct1, ct2]}],
    GraphicAnnotationSequence: [{ReferencedImageSequence: [ct1]}],
  }),
  object('keyObjects', uids.keyObjects, 'KO', {
    CurrentRequestedProcedureEvidenceSequence: [evidence],
    ContentSequence: [{RelationshipType: 'CONTAINS', ValueType: 'IMAGE', ReferencedSOPSequence: [ct2]}],
  }),
  object('report', uids.report, 'SR', {
    CurrentRequestedProcedureEvidenceSequence: [evidence],
    PertinentOtherEvidenceSequence: [earlierDocument],
    PredecessorDocumentsSequence: [earlierDocument],
    IdenticalDocumentsSequence: [earlierDocument],
    ContentSequence: reportContent,
  }),
  object('report', uids.earlier, 'SR', {StudyInstanceUID: uids.earlierStudy, ReferencedStudySequence: []}),
  object('structures', uids.structures, 'RTSTRUCT', {
    ReferencedFrameOfReferenceSequence: [
      {
        FrameOfReferenceUID: uids.frame,
        RTReferencedStudySequence: [
          {
            ...study,
            RTReferencedSeriesSequence: [{SeriesInstanceUID: uids.ctSeries, ContourImageSequence: [ct1, ct2]}],
          },
        ],
      },
    ],
    StructureSetROISequence: [{ROINumber: '1', ReferencedFrameOfReferenceUID: uids.frame}],
    ROIContourSequence: [{ReferencedROINumber: '1', ContourSequence: [{ContourImageSequence: [ct1]}]}],
  }),
  object('plan', uids.plan, 'RTPLAN', {
    ReferencedStructureSetSequence: [refersTo(classes.structures, uids.structures)],
    ReferencedDoseSequence: [refersTo(classes.dose, uids.dose)],
    DoseReferenceSequence: [{DoseReferenceUID: uids.segment}],
  }),
  object('dose', uids.dose, 'RTDOSE', {
    ReferencedRTPlanSequence: [refersTo(classes.plan, uids.plan)],
    ReferencedStructureSetSequence: [refersTo(classes.structures, uids.structures)],
    ReferencedImageSequence: [ct1],
  }),
  object('registration', uids.registration, 'REG', {
    FrameOfReferenceUID: uids.otherFrame,
    RegistrationSequence: [
      {FrameOfReferenceUID: uids.frame, ReferencedImageSequence: [ct1, ct2]},
      {FrameOfReferenceUID: uids.otherFrame, ReferencedImageSequence: [refersTo(classes.enhanced, uids.enhanced)]},
    ],
    ReferencedSeriesSequence: [{SeriesInstanceUID: uids.ctSeries, ReferencedInstanceSequence: [ct1]}],
    StudiesContainingOtherReferencedInstancesSequence: [earlierDocument],
  }),
];
