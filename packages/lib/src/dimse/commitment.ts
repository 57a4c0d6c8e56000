import {randomBytes} from 'node:crypto';
import {findElement, type Item, itemsOf} from '../dicom/dataSet.ts';
import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {numbers, text} from '../dicom/values.ts';
import {encodeDataSet, type NewElement, numberElement, sequenceElement, textElement} from '../dicom/write.ts';
import {decodeIdentifier} from './identifier.ts';

/** An instance that somebody shall vouch for. */
export interface SopReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** An instance that somebody will not vouch for, and why (PS3.3 C.14.1.1); undefined when it was not even mentioned. */
export interface Uncommitted extends SopReference {
  readonly reason: number | undefined;
}

/** What an N-ACTION asks (PS3.4 J.3.2). */
export interface CommitmentRequest {
  readonly transactionUid: string;
  readonly references: readonly SopReference[];
}

/** What an N-EVENT-REPORT tells (PS3.4 J.3.3). */
export interface CommitmentReport {
  readonly transactionUid: string;
  readonly committed: readonly SopReference[];
  readonly failed: readonly Uncommitted[];
}

/** Failure reasons (0008,1197) that we give or name. */
export const commitmentFailure = {processingFailure: 0x0110, noSuchInstance: 0x0112, classConflict: 0x0119} as const;

/** Event types of the report: all of them, or not all. */
export const commitmentEvent = {allCommitted: 1, failuresExist: 2} as const;

const tag = {
  sopClass: 0x00081150,
  sopInstance: 0x00081155,
  transaction: 0x00081195,
  reason: 0x00081197,
  failed: 0x00081198,
  referenced: 0x00081199,
};

/** A UID nobody can guess (PS3.5 B.2): whoever names it has seen our request. */
export function newTransactionUid(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}

function encode(elements: NewElement[], syntax: string): Buffer {
  return encodeDataSet(
    elements,
    syntax === transferSyntaxUid.implicitLittleEndian ? implicitLittleEndian : explicitLittleEndian,
  );
}

const reference = ({sopClassUid, sopInstanceUid}: SopReference): NewElement[] => [
  textElement(tag.sopClass, 'UI', sopClassUid),
  textElement(tag.sopInstance, 'UI', sopInstanceUid),
];

/** Action information of the request. */
export function encodeCommitmentRequest({transactionUid, references}: CommitmentRequest, syntax: string): Buffer {
  return encode(
    [textElement(tag.transaction, 'UI', transactionUid), sequenceElement(tag.referenced, references.map(reference))],
    syntax,
  );
}

/** Event information of the report; sequences without items are left out. */
export function encodeCommitmentReport(report: CommitmentReport, syntax: string): Buffer {
  const failed = report.failed.map(each => [
    ...reference(each),
    numberElement(tag.reason, 'US', each.reason ?? commitmentFailure.processingFailure),
  ]);
  return encode(
    [
      textElement(tag.transaction, 'UI', report.transactionUid),
      ...(failed.length > 0 ? [sequenceElement(tag.failed, failed)] : []),
      ...(report.committed.length > 0 ? [sequenceElement(tag.referenced, report.committed.map(reference))] : []),
    ],
    syntax,
  );
}

function referenceOf(item: Item): SopReference {
  return {sopClassUid: text(item, tag.sopClass) ?? '', sopInstanceUid: text(item, tag.sopInstance) ?? ''};
}

/** Throws `DicomError`. */
export function decodeCommitmentRequest(bytes: Buffer, syntax: string): CommitmentRequest {
  const {transactionUid, committed} = decodeCommitmentReport(bytes, syntax);
  return {transactionUid, references: committed};
}

/** Throws `DicomError`. */
export function decodeCommitmentReport(bytes: Buffer, syntax: string): CommitmentReport {
  const dataSet = decodeIdentifier(bytes, syntax);
  return {
    transactionUid: text(dataSet, tag.transaction) ?? '',
    committed: itemsOf(dataSet, tag.referenced).map(referenceOf),
    failed: itemsOf(dataSet, tag.failed).map(item => ({
      ...referenceOf(item),
      reason: findElement(item, tag.reason) && numbers(item, tag.reason)?.[0],
    })),
  };
}

/** Those of the instances asked for that a report does not vouch for: what it fails, and what it does not mention. */
export function uncommittedOf(
  references: readonly SopReference[],
  {committed, failed}: CommitmentReport,
): Uncommitted[] {
  const refused = new Map(failed.map(each => [each.sopInstanceUid, each]));
  const vouched = new Set(committed.map(each => each.sopInstanceUid));
  return references
    .filter(({sopInstanceUid}) => refused.has(sopInstanceUid) || !vouched.has(sopInstanceUid))
    .map(each => ({...each, reason: refused.get(each.sopInstanceUid)?.reason}));
}
