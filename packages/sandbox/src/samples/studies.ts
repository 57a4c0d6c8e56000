import {capture, ctSeries, mrSeries, report, type SampleInstance, type StudyFacts, studyUid} from './instances.ts';
import {bjornstad, ekholm, nordvik, type SamplePatient} from './patients.ts';
import {headSlice, kneeSlice} from './phantom.ts';

/** One study as a modality would send it. */
export interface SampleStudy {
  /** What a visitor of the demo reads. */
  readonly title: string;
  readonly patient: SamplePatient;
  readonly studyInstanceUid: string;
  readonly accessionNumber: string;
  /** AE title that the modality addresses: routing looks at it. */
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly instances: readonly SampleInstance[];
}

function study(
  facts: StudyFacts,
  connection: {title: string; calledAeTitle: string; callingAeTitle: string},
  instances: readonly SampleInstance[],
): SampleStudy {
  const {patient, accessionNumber} = facts;
  return {...connection, patient, studyInstanceUid: studyUid(facts), accessionNumber, instances};
}

/** The five studies of the demo: three patients, CT, MR, a structured report and a screen capture with a burned-in name. */
export function sampleStudies(): SampleStudy[] {
  const chest: StudyFacts = {
    number: 101,
    patient: nordvik,
    date: '20240131',
    accessionNumber: 'ACC2401311',
    description: 'CT thorax',
  };
  const brain: StudyFacts = {
    number: 102,
    patient: nordvik,
    date: '20240208',
    accessionNumber: 'ACC2402082',
    description: 'MR brain NORDVIK',
  };
  const followUp: StudyFacts = {
    number: 103,
    patient: bjornstad,
    date: '20240212',
    accessionNumber: 'ACC2402123',
    description: 'MR brain follow up',
  };
  const knee: StudyFacts = {
    number: 104,
    patient: bjornstad,
    shownId: 'KNEE_0042',
    date: '20240219',
    accessionNumber: 'ACC2402194',
    description: 'MR knee left',
  };
  const other: StudyFacts = {
    number: 105,
    patient: ekholm,
    date: '20240220',
    accessionNumber: 'ACC2402205',
    description: 'MR brain',
  };
  const modality = {callingAeTitle: 'MR1', calledAeTitle: 'FIONA'};
  return [
    study(chest, {title: 'CT chest with report and screen capture', callingAeTitle: 'CT1', calledAeTitle: 'FIONA'}, [
      ...ctSeries(chest, {number: 1, modality: 'CT', description: 'Thorax axial 5mm'}, 8),
      report(chest, {number: 2, modality: 'SR', description: 'Measurements'}, 1),
      capture(chest, {number: 3, modality: 'OT', description: 'Screen capture'}),
    ]),
    study(brain, {title: 'MR brain, first visit', ...modality}, [
      ...mrSeries(brain, {number: 1, modality: 'MR', description: 't1_mprage_sag_p2_iso NORDVIK'}, 6, headSlice),
      ...mrSeries(brain, {number: 2, modality: 'MR', description: 't2_tse_tra'}, 4, headSlice),
    ]),
    study(followUp, {title: 'MR brain of a second patient', ...modality}, [
      ...mrSeries(followUp, {number: 1, modality: 'MR', description: 't1_mprage_sag_p2_iso'}, 6, headSlice),
    ]),
    study(knee, {title: 'MR knee, sent under a project id', callingAeTitle: 'MR2', calledAeTitle: 'KNEE'}, [
      ...mrSeries(knee, {number: 1, modality: 'MR', description: 'pd_tse_sag'}, 5, kneeSlice),
    ]),
    study(other, {title: 'MR brain that belongs to no project', ...modality}, [
      ...mrSeries(other, {number: 1, modality: 'MR', description: 'flair_tra'}, 3, headSlice),
    ]),
  ];
}
