import type {DataSet} from '@fiona/lib/dicom/dataSet';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import {readHeader} from '@fiona/lib/dicom/read';
import {formatTag} from '@fiona/lib/dicom/tag';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {text} from '@fiona/lib/dicom/values';
import {NotIndexed} from './notIndexed.ts';

/** The header of a received instance. */
export interface Image {
  /** The announced path. */
  path: string;
  study: Uid;
  series: Uid;
  instance: Uid;
  dataSet: DataSet;
  /** What ended the reading early; the header before it is used. */
  damage: DicomError | undefined;
}

/** Preamble and `DICM` (PS3.10 7.1). */
const behindPrefix = 132;

const maxElementBytes = 16 * 1024 * 1024;

/**
 * Reads an instance up to its pixel data.
 * @throws NotIndexed when it is no DICOM file, or study, series or SOP instance UID are missing or no valid UIDs
 */
export function readImage(path: string): Image {
  let header: ReturnType<typeof readHeader>;
  try {
    header = readHeader(path, {maxElementBytes, tolerant: true});
  } catch (error) {
    if (error instanceof DicomError) throw new NotIndexed(error.reason, error.message);
    throw error;
  }
  const {dataSet, damage, meta, dataSetOffset} = header;
  // bare data sets are readable, but whoever reads the archive expects PS3.10 files
  if ((meta?.valueStart ?? dataSetOffset) !== behindPrefix) throw new NotIndexed('not-dicom', 'it is no Part 10 file');
  return {
    path,
    study: requiredUid(dataSet, 0x0020000d, 'StudyInstanceUID', damage),
    series: requiredUid(dataSet, 0x0020000e, 'SeriesInstanceUID', damage),
    instance: requiredUid(dataSet, 0x00080018, 'SOPInstanceUID', damage),
    dataSet,
    damage,
  };
}

function requiredUid(dataSet: DataSet, tag: number, name: string, damage: DicomError | undefined): Uid {
  const found = text(dataSet, tag);
  const uid = found === undefined ? undefined : asUid(found);
  if (uid) return uid;
  const code = `no-${name.replace('InstanceUID', '').toLowerCase()}-uid`;
  if (damage) throw new NotIndexed(damage.reason, `${name} is missing, the file is damaged: ${damage.message}`);
  const what = found ? 'is no valid UID' : 'is missing';
  throw new NotIndexed(code, `${name} ${formatTag(tag)} ${what}`);
}
