import {Deidentifier} from '../../../src/deid/engine.ts';
import type {DeidOutcome} from '../../../src/deid/outcome.ts';
import {type DeidRequest, defaultDeidRequest} from '../../../src/deid/request.ts';
import {parseInstance} from '../../../src/dicom/read.ts';
import {
  type Encoding,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from '../../../src/dicom/transferSyntax.ts';
import {
  bytesElement,
  encodeDataSet,
  type NewElement,
  part10Header,
  sequenceElement,
  textElement,
} from '../../../src/dicom/write.ts';

export const mrImageStorage = '1.2.840.10008.5.1.4.1.1.4';
const syntaxes: Readonly<Record<string, Encoding>> = {
  '1.2.840.10008.1.2': implicitLittleEndian,
  '1.2.840.10008.1.2.1': explicitLittleEndian,
  '1.2.840.10008.1.2.2': explicitBigEndian,
};

export const aRequest: DeidRequest = {...defaultDeidRequest, project: 'TRIAL-01', subject: 'SUBJ-001'};

export const text = textElement;
export const bytes = bytesElement;
export const sequence = sequenceElement;

/** Identity of a synthetic instance. */
export const identity: readonly NewElement[] = [
  text(0x0008_0016, 'UI', mrImageStorage),
  text(0x0008_0018, 'UI', '1.2.826.0.1.9999999.2024.1.31.2.7'),
  text(0x0008_0020, 'DA', '20240131'),
  text(0x0008_0060, 'CS', 'MR'),
  text(0x0020_000d, 'UI', '1.2.826.0.1.9999999.2024.1.31'),
  text(0x0020_000e, 'UI', '1.2.826.0.1.9999999.2024.1.31.2'),
];

/** A file of an instance with these elements; those of {@link identity} where none of the same tag is given. */
export function aFile(
  elements: readonly NewElement[],
  transferSyntaxUid = '1.2.840.10008.1.2.1',
  behind = Buffer.alloc(0),
): Buffer {
  const given = new Set(elements.map(element => element.tag));
  const all = [...identity.filter(element => !given.has(element.tag)), ...elements];
  const meta = part10Header({
    sopClassUid: mrImageStorage,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid,
    sourceAe: 'SENDER',
  });
  return Buffer.concat([meta, encodeDataSet(all, syntaxes[transferSyntaxUid] ?? explicitLittleEndian), behind]);
}

/** What becomes of a file that is in memory. */
export async function deidentified(file: Buffer, request: Partial<DeidRequest> = {}): Promise<DeidOutcome> {
  const deidentifier = await Deidentifier.create({...aRequest, ...request});
  return deidentifier.deidentify(parseInstance(file), ({offset, length}) => file.subarray(offset, offset + length));
}

/** The bytes of an outcome that must be "written". */
export function bytesOf(outcome: DeidOutcome): Buffer {
  if (outcome.kind !== 'written')
    throw new Error(`${outcome.kind}: ${outcome.reason} ${'detail' in outcome ? outcome.detail : ''}`);
  return Buffer.concat(outcome.chunks.filter(Buffer.isBuffer));
}

/** The output file of a file that is in memory. */
export async function output(file: Buffer, request: Partial<DeidRequest> = {}): Promise<Buffer> {
  return bytesOf(await deidentified(file, request));
}
