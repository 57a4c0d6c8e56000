import type {DimseError} from './dimseError.ts';
import type {AssociateAccept, AssociateReject, AssociateRequest, Fragment} from './pdu.ts';

/** What the user of the upper layer is told (the indication and confirmation primitives of PS3.8 7). */
export interface UpperLayerUser {
  /** A-ASSOCIATE indication; answer with `accept`, `reject` or `abort`. */
  associateRequested?(request: AssociateRequest): void;
  /** A-ASSOCIATE confirmation. */
  associateAnswered?(answer: AssociateAccept | AssociateReject): void;
  /** P-DATA indication. While a returned promise is pending nothing more is read from the line. */
  dataArrived(fragment: Fragment): void | Promise<void>;
  /** A-RELEASE indication; answer with `answerRelease`. */
  releaseRequested(): void;
  /** The association is over. Called exactly once; without an error it was released in order. */
  ended(error: DimseError | undefined): void;
}

export interface UpperLayerOptions {
  role: 'requestor' | 'acceptor';
  /** How the peer is called in messages, e.g. `PACS at 192.0.2.1:104`. */
  peerName: string;
  /** The ARTIM timer of PS3.8 9.1.5. */
  artimTimeoutMs: number;
}
