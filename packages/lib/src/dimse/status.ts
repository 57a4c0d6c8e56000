import {DimseError} from './dimseError.ts';

/** DIMSE status codes that we answer or tell apart (PS3.7 annex C, PS3.4 B.2.3, C.4). */
export const status = {
  success: 0x0000,
  cancel: 0xfe00,
  pending: 0xff00,
  /** Pending, some optional keys not supported. */
  pendingWithWarning: 0xff01,
  duplicateSopInstance: 0x0111,
  processingFailure: 0x0110,
  sopClassNotSupported: 0x0122,
  notAuthorized: 0x0124,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  unableToPerformSubOperations: 0xa702,
  moveDestinationUnknown: 0xa801,
  dataSetDoesNotMatchSopClass: 0xa900,
  subOperationsWithFailures: 0xb000,
  cannotUnderstand: 0xc000,
} as const;

/** What a status means for an instance: it is there, it may be tried again, or trying again is of no use. */
export type StoreOutcome = 'stored' | 'temporary' | 'final';

/** Classes of C-STORE statuses (PS3.4 table B.2-1, PS3.7 annex C): warnings and duplicates are stored. */
export function classifyStoreStatus(value: number): StoreOutcome {
  if (value === status.success || value === status.duplicateSopInstance) return 'stored';
  if (value >= 0xb000 && value <= 0xbfff) return 'stored';
  if ((value & 0xff00) === 0xa700 || value === status.processingFailure) return 'temporary';
  return 'final';
}

/** `0xA700` as people write it. */
export function formatStatus(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}

/** `A700 (disk full)`. */
export function describeStatus(status: number, comment: string | undefined): string {
  return comment ? `${formatStatus(status)} (${comment})` : formatStatus(status);
}

/**
 * What a handler of the receiver throws: the answer to the request is this status. `comment` goes into (0000,0902) for the
 * caller to see: at most 64 characters, nothing of a patient.
 */
export function statusError(value: number, comment: string): DimseError {
  return new DimseError('status', comment, {status: value});
}
