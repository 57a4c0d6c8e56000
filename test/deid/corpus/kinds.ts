import type {InstanceBuilder} from './instanceBuilder.ts';
import {
  burned,
  document,
  frameGroups,
  keyObjects,
  plan,
  presentation,
  references,
  report,
  screen,
  segments,
  structures,
  waveform,
} from './kindContents.ts';

/** A kind of object, and what makes it one. */
export interface Kind {
  readonly name: string;
  readonly sopClassUid: string;
  readonly modality: string;
  readonly pixels: boolean;
  /** Why it is not sent, for kinds that are not. */
  readonly setAside?: string;
  readonly content?: (builder: InstanceBuilder) => void;
}

const storage = '1.2.840.10008.5.1.4.1.1';

/** Kinds that are sent. */
export const sentKinds: readonly Kind[] = [
  {name: 'CT', sopClassUid: `${storage}.2`, modality: 'CT', pixels: true},
  {name: 'MR', sopClassUid: `${storage}.4`, modality: 'MR', pixels: true, content: references},
  {name: 'enhanced MR', sopClassUid: `${storage}.4.1`, modality: 'MR', pixels: true, content: frameGroups},
  {name: 'enhanced CT', sopClassUid: `${storage}.2.1`, modality: 'CT', pixels: true, content: frameGroups},
  {name: 'basic text SR', sopClassUid: `${storage}.88.11`, modality: 'SR', pixels: false, content: report},
  {name: 'comprehensive SR', sopClassUid: `${storage}.88.33`, modality: 'SR', pixels: false, content: report},
  {name: 'dose SR', sopClassUid: `${storage}.88.67`, modality: 'SR', pixels: false, content: report},
  {
    name: 'key objects',
    sopClassUid: `${storage}.88.59`,
    modality: 'KO',
    pixels: false,
    content: keyObjects,
  },
  {name: 'presentation state', sopClassUid: `${storage}.11.1`, modality: 'PR', pixels: false, content: presentation},
  {name: 'segmentation', sopClassUid: `${storage}.66.4`, modality: 'SEG', pixels: true, content: segments},
  {name: 'surface segmentation', sopClassUid: `${storage}.66.5`, modality: 'SEG', pixels: false, content: segments},
  {name: 'RT structures', sopClassUid: `${storage}.481.3`, modality: 'RTSTRUCT', pixels: false, content: structures},
  {name: 'RT plan', sopClassUid: `${storage}.481.5`, modality: 'RTPLAN', pixels: false, content: plan},
  {name: 'RT dose', sopClassUid: `${storage}.481.2`, modality: 'RTDOSE', pixels: true, content: plan},
  {name: 'PET', sopClassUid: `${storage}.128`, modality: 'PT', pixels: true, content: references},
  {name: 'ECG', sopClassUid: `${storage}.9.1.1`, modality: 'ECG', pixels: false, content: waveform},
  {name: 'ultrasound', sopClassUid: `${storage}.6.1`, modality: 'US', pixels: true, content: screen},
  {name: 'XA', sopClassUid: `${storage}.12.1`, modality: 'XA', pixels: true},
  {name: 'secondary capture', sopClassUid: `${storage}.7`, modality: 'OT', pixels: true, content: screen},
  {name: 'mammography', sopClassUid: `${storage}.1.2`, modality: 'MG', pixels: true},
  {name: 'nuclear medicine', sopClassUid: `${storage}.20`, modality: 'NM', pixels: true},
  {name: 'spectroscopy', sopClassUid: `${storage}.4.2`, modality: 'MR', pixels: false, content: frameGroups},
  {name: 'registration', sopClassUid: `${storage}.66.1`, modality: 'REG', pixels: false, content: references},
  {name: 'real world values', sopClassUid: `${storage}.67`, modality: 'RWV', pixels: false, content: references},
  {name: 'fundus', sopClassUid: `${storage}.77.1.5.1`, modality: 'OP', pixels: true},
];

/** Kinds that are not sent, and the reason that is given. */
export const setAsideKinds: readonly Kind[] = [
  {
    name: 'private class',
    sopClassUid: '1.3.12.2.1107.5.9.1',
    modality: 'MR',
    pixels: false,
    setAside: 'private-sop-class',
  },
  {
    name: 'PDF',
    sopClassUid: `${storage}.104.1`,
    modality: 'DOC',
    pixels: false,
    setAside: 'encapsulated-document',
    content: document,
  },
  {
    name: 'document in an SR',
    sopClassUid: `${storage}.88.33`,
    modality: 'SR',
    pixels: false,
    setAside: 'encapsulated-document',
    content: document,
  },
  {name: 'raw data', sopClassUid: `${storage}.66`, modality: 'MR', pixels: false, setAside: 'raw-data'},
  {name: 'photograph', sopClassUid: `${storage}.77.1.4`, modality: 'XC', pixels: true, setAside: 'declared-face'},
  {
    name: 'DICOMDIR',
    sopClassUid: '1.2.840.10008.1.3.10',
    modality: '',
    pixels: false,
    setAside: 'not-a-storage-instance',
  },
  {
    name: 'burned-in ultrasound',
    sopClassUid: `${storage}.6.1`,
    modality: 'US',
    pixels: true,
    setAside: 'burned-in-text-possible',
    content: burned,
  },
];
