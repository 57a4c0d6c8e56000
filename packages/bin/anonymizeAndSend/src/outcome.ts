/** What a transfer counted. */
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
      readonly masked: boolean;
      readonly note: FailureFacts | undefined;
      readonly instances: InstanceCounts;
    }
  /** For good: the request goes to the failed ones. */
  | ({readonly kind: 'failed'; readonly onThisMachine: boolean} & Failure)
  /** May pass by itself: the request stays. `service` is down for every other request too. */
  | ({readonly kind: 'temporary'; readonly service: 'pacs' | 'redcap' | undefined} & Failure)
  /** The study is still arriving, or somebody deletes it just now: no failure. */
  | {readonly kind: 'postponed'; readonly why: string};

interface Failure {
  /** Which box of the form is ticked: before sending, or while sending. */
  readonly stage: 'anonymization' | 'sending';
  readonly reason: string;
  readonly detail: string;
  readonly facts: FailureFacts;
}

/** What is known of a failure; the keys are the ones that people search for in the messages. */
export interface FailureFacts {
  readonly anonymize?: {
    readonly returnCode: number;
    readonly command: readonly string[];
    readonly lines: readonly string[];
  };
  readonly storescu?: {
    readonly returnCode: number;
    readonly command: readonly string[];
    readonly lines: readonly string[];
  };
  readonly instances?: InstanceCounts;
}
