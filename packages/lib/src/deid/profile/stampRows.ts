import type {Vr} from '../../dicom/vr.ts';

/** What stands in a stamped element: a text of the request, or what was done. An optional one is left out when it is empty. */
export type StampContent =
  | 'subject'
  | 'project'
  | 'event'
  | 'eventName'
  | 'nothing'
  | 'yes'
  | 'no'
  | 'datesModified'
  | 'method'
  | 'sponsor'
  | 'methodCodes';

/** When an element is stamped: always; only when it has a text; only when the pixels were cleaned; only where the instance has none. */
export type StampCondition = 'always' | 'withText' | 'cleanedPixels' | 'ifMissing';

/** An element that every instance has afterwards. */
export type StampRow = readonly [
  tag: number,
  keyword: string,
  vr: Vr,
  content: StampContent,
  condition: StampCondition,
  why: string,
];

/** What is written into the root of every instance, whatever it held there. */
// biome-ignore format: one row an attribute
export const stampRows: readonly StampRow[] = [
  [0x0008_0080, 'InstitutionName', 'LO', 'project', 'always', 'the research PACS separates projects by it'],
  [0x0008_0090, 'ReferringPhysicianName', 'PN', 'eventName', 'always', 'read back by other tools'],
  [0x0010_0010, 'PatientName', 'PN', 'subject', 'always', 'the pseudonym'],
  [0x0010_0020, 'PatientID', 'LO', 'subject', 'always', 'the pseudonym'],
  [0x0012_0020, 'ClinicalTrialProtocolID', 'LO', 'project', 'always', 'the project'],
  [0x0012_0021, 'ClinicalTrialProtocolName', 'LO', 'project', 'always', 'the project'],
  [0x0012_0040, 'ClinicalTrialSubjectID', 'LO', 'subject', 'always', 'the pseudonym'],
  [0x0012_0050, 'ClinicalTrialTimePointID', 'LO', 'event', 'always', 'the event'],
  [0x0012_0051, 'ClinicalTrialTimePointDescription', 'ST', 'event', 'always', 'the event'],
  [0x0012_0062, 'PatientIdentityRemoved', 'CS', 'yes', 'always', 'PS3.3 C.7.1.1'],
  [0x0012_0063, 'DeidentificationMethod', 'LO', 'method', 'always', 'PS3.3 C.7.1.1'],
  [0x0012_0064, 'DeidentificationMethodCodeSequence', 'SQ', 'methodCodes', 'always', 'PS3.3 C.7.1.1, PS3.16 CID 7050'],
  [0x0028_0303, 'LongitudinalTemporalInformationModified', 'CS', 'datesModified', 'always', 'dates are moved, unless the project has them as they are'],
  [0x0012_0010, 'ClinicalTrialSponsorName', 'LO', 'sponsor', 'withText', 'type 1 of its module; nobody can be invented'],
  [0x0040_1002, 'ReasonForTheRequestedProcedure', 'LO', 'eventName', 'withText', 'read back by other tools'],
  [0x0040_2001, 'ReasonForTheImagingServiceRequest', 'LO', 'eventName', 'withText', 'read back by other tools'],
  [0x0028_0301, 'BurnedInAnnotation', 'CS', 'no', 'cleanedPixels', 'only who looked at the pixels can say so'],
  [0x0012_0030, 'ClinicalTrialSiteID', 'LO', 'nothing', 'always', 'type 2 of the module that the elements above make'],
  [0x0012_0031, 'ClinicalTrialSiteName', 'LO', 'nothing', 'always', 'type 2 of the module that the elements above make'],
  [0x0008_0030, 'StudyTime', 'TM', 'nothing', 'ifMissing', 'type 2'],
  [0x0008_0070, 'Manufacturer', 'LO', 'nothing', 'ifMissing', 'type 2 of the module that an institution makes'],
];
