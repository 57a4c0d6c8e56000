import type {Instance} from '@fiona/lib/dicom/instance';
import {parseInstance, readHeader} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';

/** The UIDs that decide where an instance is filed, as they stand in its data set. */
export interface InstanceIdentity {
  readonly sopClassUid: string | undefined;
  readonly sopInstanceUid: string | undefined;
  readonly studyInstanceUid: string | undefined;
}

const sopClassUid = 0x00080016;
const sopInstanceUid = 0x00080018;
const studyInstanceUid = 0x0020000d;

/**
 * Looks for the UIDs in the beginning of an instance. The data set may be cut anywhere, and nothing but these elements is decoded:
 * what the gateway does not understand is none of the receiver's business.
 * @param bytes Part 10 header and as much of the data set as has come
 * @param complete no more bytes will come
 * @returns undefined when more bytes are needed to tell
 */
export function identify(bytes: Buffer, complete: boolean): InstanceIdentity | undefined {
  const {dataSet, pixelData} = parseInstance(bytes, {tolerant: true});
  const found = identityIn(dataSet);
  const last = dataSet.elements.at(-1)?.tag ?? 0;
  const passed = last > studyInstanceUid || pixelData !== undefined;
  return complete || passed || found.studyInstanceUid !== undefined ? found : undefined;
}

/** The UIDs of an instance that is complete on the disk, however long its header is. */
export function identifyFile(path: string): InstanceIdentity {
  return identityIn(readHeader(path, {tolerant: true}).dataSet);
}

/** The whole texts: an element of several values is no UID, and the first one alone would file it where nobody else looks. */
function identityIn(dataSet: Instance['dataSet']): InstanceIdentity {
  return {
    sopClassUid: text(dataSet, sopClassUid),
    sopInstanceUid: text(dataSet, sopInstanceUid),
    studyInstanceUid: text(dataSet, studyInstanceUid),
  };
}
