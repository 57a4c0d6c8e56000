import type {Chunk} from '../dicom/editor.ts';
import type {Tag} from '../dicom/tag.ts';
import type {Tally} from './tally.ts';

/** Policy, not an error: this kind of instance is not sent. */
export type SkipReason =
  | 'encapsulated-document'
  | 'not-a-storage-instance'
  | 'raw-data'
  | 'private-sop-class'
  | 'declared-face';

/** Needs a human: the instance is set aside and the transfer fails as a whole. */
export type QuarantineReason =
  | 'unreadable'
  | 'bad-uid'
  | 'too-deep'
  | 'bad-pixel-data'
  | 'unknown-transfer-syntax'
  | 'bitstream-not-checked'
  | 'burned-in-text-possible'
  | 'identifier-survived'
  | 'text-not-decodable'
  | 'duplicate-uid'
  | 'import-rule'
  | 'several-patients'
  | 'too-large'
  | 'write-failed';

/** New identity of a de-identified instance: what the caller needs to name, send and record it. */
export interface NewIdentity {
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  /** Checked: 1-16 capital letters and digits, or '' when the instance has none of that kind. */
  readonly modality: string;
}

export interface Skipped {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
  readonly sopClassUid: string;
}

export interface Quarantined {
  readonly kind: 'quarantined';
  readonly reason: QuarantineReason;
  /** One sentence without any value of the instance. */
  readonly detail: string;
  readonly tag?: Tag;
  readonly offset?: number;
}

export interface Written {
  readonly kind: 'written';
  /** The whole file: bytes, and stretches of the original that are copied as they are. */
  readonly chunks: readonly Chunk[];
  readonly identity: NewIdentity;
  /** What was done; their sum counts. */
  readonly tallies: readonly Tally[];
}

export type DeidOutcome = Written | Skipped | Quarantined;

/** Thrown inside the engine where an instance cannot go on; becomes an outcome at its edge. */
export class Halt extends Error {
  readonly outcome: Skipped | Quarantined;

  constructor(outcome: Skipped | Quarantined) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/** Sets the instance aside: see {@link Quarantined}. */
export function quarantine(reason: QuarantineReason, detail: string, where: {tag?: Tag; offset?: number} = {}): never {
  throw new Halt({kind: 'quarantined', reason, detail, ...where});
}
