import type {Socket} from 'node:net';
import {DimseError, protocolError} from './dimseError.ts';
import type {ControlPdu, Fragment} from './pdu.ts';
import {PduReader} from './pduReader.ts';

/** Where PDUs and fragments go. */
export interface IntakeUser {
  /** Takes the next one. While a returned promise is pending nothing more is read from the line. */
  took(token: ControlPdu | Fragment): void | Promise<void>;
  /** The bytes are no PDUs: nothing more will come. */
  unreadable(error: DimseError): void;
  /** A promise given back by `took` was rejected, or `took` threw. */
  failed(error: unknown): void;
}

/** Reads PDUs from a socket at the pace of whoever takes them: what cannot be taken stays in the network (back-pressure). */
export class Intake {
  /** `performance.now()` when bytes last came, or when the line was opened again. */
  lastHeard = performance.now();
  /** Bytes that came so far. */
  bytes = 0;
  /** How often a consumer kept us from reading. */
  holds = 0;
  #socket: Socket;
  #user: IntakeUser;
  #reader = new PduReader();
  #isHeld = false;
  #isDeaf = false;

  constructor(socket: Socket, user: IntakeUser) {
    this.#socket = socket;
    this.#user = user;
    socket.on('data', chunk => this.#came(chunk as Buffer));
  }

  /** True while a consumer keeps us from reading: silence of the line is our own doing then. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** True when a PDU has begun and is not complete. */
  get isWithinPdu(): boolean {
    return this.#reader.isWithinPdu;
  }

  /** Reads on, whoever is still busy: the association is over, what comes is only to be passed over. */
  letGo(): void {
    this.#isHeld = false;
    this.#socket.resume();
  }

  #came(chunk: Buffer): void {
    this.lastHeard = performance.now();
    this.bytes += chunk.length;
    if (this.#isDeaf) return;
    this.#reader.feed(chunk);
    if (!this.#isHeld) this.#pump();
  }

  /** Hands on all that has come; stops when the user returns a promise and goes on when that is settled. */
  #pump(): void {
    while (!this.#isHeld && !this.#isDeaf) {
      const token = this.#next();
      if (!token) return;
      try {
        const wait = this.#user.took(token);
        if (wait) this.#hold(wait);
      } catch (error) {
        this.#user.failed(error);
      }
    }
  }

  #next(): ControlPdu | Fragment | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      this.#isDeaf = true;
      this.#user.unreadable(error instanceof DimseError ? error : protocolError(String(error)));
      return undefined;
    }
  }

  #hold(wait: Promise<void>): void {
    this.#isHeld = true;
    this.holds++;
    this.#socket.pause();
    wait
      .catch(error => this.#user.failed(error))
      .then(() => {
        this.lastHeard = performance.now();
        this.letGo();
        this.#pump();
      });
  }
}
