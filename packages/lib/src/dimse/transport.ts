import type {Socket} from 'node:net';
import type {ControlPdu} from './pdu.ts';
import {encodePdu} from './pduWriter.ts';

/** The transport connection of one association with its ARTIM timer (PS3.8 9.1.5). */
export class Transport {
  readonly socket: Socket;
  #artimTimeoutMs: number;
  #expired: () => void;
  #artim: NodeJS.Timeout | undefined;

  /** @param expired called when the ARTIM timer runs out */
  constructor(socket: Socket, artimTimeoutMs: number, expired: () => void) {
    this.socket = socket;
    this.#artimTimeoutMs = artimTimeoutMs;
    this.#expired = expired;
    socket.setNoDelay(true);
  }

  startArtim(): void {
    this.stopArtim();
    this.#artim = setTimeout(this.#expired, this.#artimTimeoutMs);
  }

  stopArtim(): void {
    clearTimeout(this.#artim);
  }

  send(pdu: ControlPdu): void {
    if (this.socket.writable) this.socket.write(encodePdu(pdu));
  }

  /** After this PDU it is for the peer to close; the ARTIM timer runs. */
  sendLast(pdu: ControlPdu): void {
    this.send(pdu);
    this.socket.end();
    this.startArtim();
  }

  /** Whole P-DATA-TF PDUs in one go; `written` when the system has them or the connection is gone. */
  sendFrames(frames: Buffer[], written?: () => void): void {
    const last = frames.length - 1;
    if (last > 0) this.socket.cork();
    frames.forEach((frame, index) => {
      if (index === last && written) this.socket.write(frame, () => written());
      else this.socket.write(frame);
    });
    if (last > 0) this.socket.uncork();
  }

  /** Closes once what was written is out; a peer that never closes its half is cut off. */
  close(): void {
    this.stopArtim();
    this.socket.end();
    if (this.socket.destroyed) return;
    const timer = setTimeout(() => this.socket.destroy(), this.#artimTimeoutMs);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.resume();
  }

  /** Closes at once. */
  destroy(): void {
    this.stopArtim();
    this.socket.destroy();
  }
}
