import {setImmediate} from 'node:timers/promises';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import {readHeader} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import type {SpooledInstance} from './spool.ts';

/** What every instance of a transfer must say of itself. */
export interface ExpectedIdentity {
  readonly subject: string;
  readonly project: string;
  readonly studyInstanceUid: string;
}

const checked = [
  [0x0010_0010, 'subject'],
  [0x0010_0020, 'subject'],
  [0x0008_0080, 'project'],
  [0x0020_000d, 'studyInstanceUid'],
] as const;

/**
 * The last look before anything leaves: reads the header of each spooled file as the PACS will.
 * @returns what is wrong with the first one that is wrong, as a sentence
 */
export async function checkSpool(
  instances: readonly SpooledInstance[],
  expected: ExpectedIdentity,
): Promise<string | undefined> {
  for (const [index, {path, sopInstanceUid}] of instances.entries()) {
    if (index % 64 === 63) await setImmediate();
    const problem = problemOf(path, sopInstanceUid, expected);
    if (problem !== undefined) return `the de-identified instance ${sopInstanceUid} ${problem}`;
  }
  return undefined;
}

function problemOf(path: string, sopInstanceUid: string, expected: ExpectedIdentity): string | undefined {
  try {
    const {dataSet} = readHeader(path);
    if (text(dataSet, 0x0008_0018) !== sopInstanceUid) return 'has another SOPInstanceUID';
    const wrong = checked.find(([tag, key]) => text(dataSet, tag) !== expected[key]);
    return wrong && `does not carry the ${wrong[1]} of the transfer`;
  } catch (error) {
    if (error instanceof DicomError) return `cannot be read back: ${error.message}`;
    throw error;
  }
}
