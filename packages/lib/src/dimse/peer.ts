import type {ConnectionOptions} from 'node:tls';

/** A DICOM application to be called, and how we name ourselves to it. */
export interface Peer {
  host: string;
  port: number;
  /** Called AE title, at most 16 characters. */
  aeTitle: string;
  callingAeTitle: string;
  /** TLS when given (client certificate, CA, server name: as `node:tls` takes them). */
  tls?: ConnectionOptions | undefined;
  /** Time for TCP, TLS and the association to be established. Default 15 s. */
  connectTimeoutMs?: number | undefined;
  /** Longest silence while an answer is due. Default 60 s. */
  responseTimeoutMs?: number | undefined;
  /**
   * Requests that may be under way on one association when the peer agrees (PS3.7 D.3.3.3). Default 16; 1 = do not even ask,
   * for a peer that stumbles over the question.
   */
  asynchronousOperations?: number | undefined;
}

/** How messages name the peer: `PACS at 192.0.2.1:104`. */
export function nameOfPeer(peer: Pick<Peer, 'aeTitle' | 'host' | 'port'>): string {
  return `${printable(peer.aeTitle)} at ${peer.host}:${peer.port}`;
}

/** Text from the network for a log line: anything that could forge a line or confuse a terminal becomes `_`. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '_');
}
