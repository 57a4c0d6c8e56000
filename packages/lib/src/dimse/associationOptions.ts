import type {CommandSet} from './commandSet.ts';
import type {DimseError} from './dimseError.ts';

/** Who waits for the responses to one request. */
export interface ResponseListener {
  /** A response with its complete data set. A returned promise holds the line back. */
  answered(command: CommandSet, dataSet: Buffer | undefined): void | Promise<void>;
  failed(error: DimseError): void;
}

export interface AssociationOptions {
  role: 'requestor' | 'acceptor';
  peerName: string;
  artimTimeoutMs: number;
  /** Longest silence of the peer while we wait for it. */
  responseTimeoutMs: number;
  /** Acceptor: longest silence while nobody waits for anything. */
  idleTimeoutMs?: number;
  /** Acceptor: a peer that sends slower for four times the idle time, in the middle of something, is aborted. 0 = none is. */
  minBytesPerSecond?: number;
}
