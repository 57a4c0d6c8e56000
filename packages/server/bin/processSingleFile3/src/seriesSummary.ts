import {elementValue, isNumericVr} from '@fiona/lib/classify/elementValue';
import {textForm} from '@fiona/lib/classify/value';
import {type DataSet, findElement} from '@fiona/lib/dicom/dataSet';
import type {Tag} from '@fiona/lib/dicom/tag';
import {vrOf} from '@fiona/lib/dicom/values';
import type {SeriesTextKey} from '@fiona/lib/site/seriesJson';
import {csaFacts, type DiffusionFacts} from './csaFacts.ts';
import type {Image} from './image.ts';
import type {Message} from './message.ts';

/** A series summary as it is kept and written: keys of `SeriesJson` and whatever else the file held. */
export type Summary = Record<string, unknown>;

/** Which key comes from which element. Private blocks are addressed literally. */
const textSources: readonly (readonly [SeriesTextKey, Tag])[] = [
  ['Manufacturer', 0x00080070],
  ['ManufacturerModelName', 0x00081090],
  ['SoftwareVersion', 0x00181020],
  ['InstitutionName', 0x00080080],
  ['StationName', 0x00081010],
  ['OperatorsName', 0x00081070],
  ['PatientID', 0x00100020],
  ['PatientName', 0x00100010],
  ['PatientSex', 0x00100040],
  ['AccessionNumber', 0x00080050],
  ['StudyID', 0x00200010],
  ['StudyDate', 0x00080020],
  ['StudyTime', 0x00080030],
  ['StudyDescription', 0x00081030],
  ['SeriesNumber', 0x00200011],
  ['SeriesTime', 0x00080031],
  ['SeriesDate', 0x00080021],
  ['SeriesDescription', 0x0008103e],
  ['SequenceName', 0x00180024],
  ['ScanningSequence', 0x00180020],
  ['SequenceVariant', 0x00180021],
  ['SequenceType', 0x20011020],
  ['PulseSequenceName', 0x0019109c],
  ['EchoTime', 0x00180081],
  ['RepetitionTime', 0x00180080],
  ['SliceThickness', 0x00180050],
  ['SliceSpacing', 0x00180088],
  ['SliceLocation', 0x00201041],
  ['Slices', 0x0021104f],
  ['ImagesInAcquisition', 0x00201002],
  ['NumberOfTemporalPositions', 0x00200105],
  ['InstanceNumber', 0x00200013],
  ['AcquisitionMatrix', 0x00181310],
  ['AcquisitionLength', 0x0051100a],
  ['ActiveCoils', 0x0051100f],
  ['ImageType', 0x00080008],
  ['SOPClassUID', 0x00080016],
  ['Private0019_105a', 0x0019105a],
  ['Private0019_10BB', 0x001910bb],
  ['Private0043_1039', 0x00431039],
];

/** What one image says about its series. */
export interface ImageFacts {
  /** A summary made of this image alone, without `NumFiles` and `ClassifyType`. */
  fresh: Summary;
  /** Present when the image has a readable CSA image header. */
  diffusion: DiffusionFacts | undefined;
}

/** Reads everything the summary wants from an image. */
export function readFacts(image: Image, message: Message): ImageFacts {
  const {dataSet} = image;
  const fresh: Summary = {
    IncomingConnection: {
      AETitleCaller: message.caller,
      AETitleCalled: message.called,
      CallerIP: message.callerAddress,
    },
    Modality: modalityOf(dataSet),
    StudyInstanceUID: image.study,
    SeriesInstanceUID: image.series,
  };
  for (const [key, tag] of textSources) {
    const found = summaryText(dataSet, tag);
    if (found !== undefined) fresh[key] = found;
  }
  fresh.StudyDescription ??= 'missing';
  const release = osLevel(fresh.SoftwareVersion);
  if (release !== undefined) fresh.OSLevel = release;
  const csa = csaFacts(dataSet, image.instance, fresh.InstanceNumber);
  Object.assign(fresh, csa.keys);
  return {fresh, diffusion: csa.diffusion};
}

/** The text of an element; undefined when it is absent, or empty and numeric. */
export function summaryText(dataSet: DataSet, tag: Tag): string | undefined {
  const value = elementValue(dataSet, tag);
  if (value.kind === 'missing') return undefined;
  if (value.kind !== 'empty') return textForm(value);
  const element = findElement(dataSet, tag);
  return element && isNumericVr(vrOf(dataSet, element)) ? undefined : '';
}

function modalityOf(dataSet: DataSet): string[] {
  const value = elementValue(dataSet, 0x00080060);
  return value.kind === 'missing' ? [] : [textForm(value)];
}

function osLevel(software: unknown): string | undefined {
  return typeof software === 'string' ? /release:([^_"]+)/.exec(software)?.[1] : undefined;
}
