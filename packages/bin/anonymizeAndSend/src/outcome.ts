/** What a transfer counted, as it stands in the failure messages. */
export interface InstanceCounts {
  readonly planned: number;
  readonly deidentified: number;
  readonly sent: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How one transfer ended. */
export type TransferOutcome =
  | {
      readonly kind: 'done';
      readonly mappedStudyUid: string;
      /** What an operator let be left out. */
      readonly note: FailureFacts | undefined;
    }
  | FinalFailure
  | TemporaryFailure
  /** The study is still arriving, somebody deletes it just now, we were asked to stop: no failure, nothing is recorded. */
  | {readonly kind: 'postponed'; readonly why: string};

/** For good: the request goes to the failed ones. */
export interface FinalFailure extends Failure {
  readonly kind: 'failed';
  readonly onThisMachine: boolean;
}

/** May pass by itself: the request stays. */
export interface TemporaryFailure extends Failure {
  readonly kind: 'temporary';
  /** The research PACS is down or full, for every other request too. */
  readonly serviceDown: boolean;
}

interface Failure {
  /** Which box of the form is ticked: before sending, or while sending. */
  readonly stage: 'anonymization' | 'sending';
  /** A short code, the same for the same cause. */
  readonly reason: string;
  /** One sentence for an operator, without any value of an instance. */
  readonly detail: string;
  readonly facts: FailureFacts;
}

/** What is known of a failure; the keys are the ones that people search for in the messages. */
export interface FailureFacts {
  /** A sentence about a transfer that went well but for something. */
  readonly note?: string;
  readonly anonymize?: ProgramFacts;
  readonly storescu?: ProgramFacts;
  readonly instances?: InstanceCounts;
}

/** One of the two steps as if it were a program of its own, as it used to be. */
export interface ProgramFacts {
  readonly returnCode: number;
  readonly command: readonly string[];
  /** One line per failed instance. */
  readonly lines: readonly string[];
}

/** A failure for good, before sending, of a study that is on this machine. */
export function finalFailure(reason: string, detail: string, facts: FailureFacts = {}): FinalFailure {
  return {kind: 'failed', onThisMachine: true, stage: 'anonymization', reason, detail, facts};
}

/** A failure before sending that may pass by itself. */
export function temporaryFailure(reason: string, detail: string, facts: FailureFacts = {}): TemporaryFailure {
  return {kind: 'temporary', serviceDown: false, stage: 'anonymization', reason, detail, facts};
}
