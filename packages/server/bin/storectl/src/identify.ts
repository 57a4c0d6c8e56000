import {constants, inflateRawSync} from 'node:zlib';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import type {Instance} from '@fiona/lib/dicom/instance';
import {parseInstance, readHeader} from '@fiona/lib/dicom/read';
import {transferSyntaxOf, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {text} from '@fiona/lib/dicom/values';
import {part10Header} from '@fiona/lib/dicom/write';

/** The UIDs that decide where an instance is filed, as they stand in its data set. */
export interface InstanceIdentity {
  readonly sopClassUid: string | undefined;
  readonly sopInstanceUid: string | undefined;
  readonly studyInstanceUid: string | undefined;
}

const sopClassUid = 0x00080016;
const sopInstanceUid = 0x00080018;
const studyInstanceUid = 0x0020000d;

const nothing: InstanceIdentity = {sopClassUid: undefined, sopInstanceUid: undefined, studyInstanceUid: undefined};

/** What is inflated or read of an instance to find its UIDs; a few bytes may inflate to a thousand times as many. */
const mostRead = 64 << 20;

/** What has come of an instance. */
export interface Arrived {
  /** Part 10 header, which names the transfer syntax. */
  readonly header: Buffer;
  readonly transferSyntaxUid: string;
  /** The data set, cut anywhere. */
  readonly data: Buffer;
  /** No more bytes will come. */
  readonly complete: boolean;
}

/**
 * Looks for the UIDs in the beginning of an instance. Nothing but these elements is decoded: what the gateway does not understand is
 * none of the receiver's business.
 * @returns undefined when more bytes are needed to tell
 */
export function identify(arrived: Arrived): InstanceIdentity | undefined {
  if (!transferSyntaxOf(arrived.transferSyntaxUid).deflated) {
    return identifyPlain(Buffer.concat([arrived.header, arrived.data]), arrived.complete);
  }
  // The UIDs stand at the beginning: inflating a little is nearly always enough.
  for (let length = 8 << 10; ; length *= 8) {
    const head = inflateHead(arrived.data.subarray(0, length));
    const isAll = length >= arrived.data.length;
    if (head === undefined) return arrived.complete ? nothing : undefined;
    const found = identifyPlain(Buffer.concat([inflatedHeader, head]), arrived.complete && isAll);
    if (found !== undefined || isAll) return found;
  }
}

/** The UIDs of an instance that is complete on the disk, however long its header is. */
export function identifyFile(path: string): InstanceIdentity {
  try {
    return identityIn(readHeader(path, {tolerant: true, maxHeaderBytes: mostRead}).dataSet);
  } catch (error) {
    if (error instanceof DicomError && error.reason !== 'unreadable') return nothing;
    throw error;
  }
}

/** Stands before what a deflated data set inflates to. */
const inflatedHeader = part10Header({
  sopClassUid: '1.2',
  sopInstanceUid: '1.2',
  transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
});

function identifyPlain(bytes: Buffer, complete: boolean): InstanceIdentity | undefined {
  const {dataSet, pixelData} = parseInstance(bytes, {tolerant: true});
  const found = identityIn(dataSet);
  const last = dataSet.elements.at(-1)?.tag ?? 0;
  const passed = last > studyInstanceUid || pixelData !== undefined;
  return complete || passed || found.studyInstanceUid !== undefined ? found : undefined;
}

/** What the beginning of a deflated data set inflates to (PS3.5 A.5); undefined when it does not. */
function inflateHead(data: Buffer): Buffer | undefined {
  try {
    // The stream is cut: give back what is certain.
    return inflateRawSync(data, {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostRead});
  } catch {
    return undefined;
  }
}

/** The whole texts: an element of several values is no UID, and the first one alone would file it where nobody else looks. */
function identityIn(dataSet: Instance['dataSet']): InstanceIdentity {
  return {
    sopClassUid: text(dataSet, sopClassUid),
    sopInstanceUid: text(dataSet, sopInstanceUid),
    studyInstanceUid: text(dataSet, studyInstanceUid),
  };
}
