import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {type CommandSet, commandField, decodeCommandSet, encodeCommandSet} from '../../src/dimse/commandSet.ts';
import {
  type AssociateRequest,
  applicationContextName,
  type ControlPdu,
  type Fragment,
  type ProposedContext,
} from '../../src/dimse/pdu.ts';
import {PduReader} from '../../src/dimse/pduReader.ts';
import {encodePdu, frameMessage} from '../../src/dimse/pduWriter.ts';
import {ctImageStorage, explicitUid, onCleanup} from './helpers.ts';

export const ctContext: ProposedContext = {id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [explicitUid]};

export function associateRequest(
  contexts: ProposedContext[] = [ctContext],
  more: Partial<AssociateRequest> = {},
): AssociateRequest {
  return {
    kind: 'associate-request',
    protocolVersion: 1,
    calledAeTitle: 'ANY',
    callingAeTitle: 'RAW',
    applicationContext: applicationContextName,
    contexts,
    user: {maxPduLength: 16384, roles: []},
    ...more,
  };
}

/** A peer that sends exactly the bytes a test wants and reads what comes as PDUs. */
export class RawPeer {
  readonly socket: Socket;
  #reader = new PduReader();
  #tokens: (ControlPdu | Fragment)[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1');
    const peer = new RawPeer(socket);
    await once(socket, 'connect');
    return peer;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', chunk => {
      this.#reader.feed(chunk as Buffer);
      for (let token = this.#reader.next(); token; token = this.#reader.next()) this.#tokens.push(token);
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
    onCleanup(() => socket.destroy());
  }

  write(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next PDU or fragment, undefined when the connection was closed. */
  async next(): Promise<ControlPdu | Fragment | undefined> {
    for (;;) {
      const token = this.#tokens.shift();
      if (token || this.#closed) return token;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** The next command set. Throws when something else comes. */
  async nextCommand(): Promise<CommandSet> {
    const parts: Buffer[] = [];
    for (;;) {
      const token = await this.next();
      if (token?.kind !== 'fragment' || !token.command) throw new Error(`expected a command, got ${token?.kind}`);
      parts.push(token.data);
      if (token.last) return decodeCommandSet(Buffer.concat(parts));
    }
  }

  async associate(request: AssociateRequest = associateRequest()): Promise<ControlPdu | Fragment | undefined> {
    this.write(encodePdu(request));
    return this.next();
  }

  release(): void {
    this.write(encodePdu({kind: 'release-request'}));
  }
}

export function storeCommand(sopInstanceUid: string, messageId = 1): Buffer {
  return encodeCommandSet({
    commandField: commandField.storeRequest,
    affectedSopClassUid: ctImageStorage,
    messageId,
    priority: 0,
    hasDataSet: true,
    affectedSopInstanceUid: sopInstanceUid,
  });
}

/** A whole C-STORE request as P-DATA-TF PDUs. */
export function storeMessage(sopInstanceUid: string, dataSet: Buffer, maxPduLength = 16384, contextId = 1): Buffer {
  return Buffer.concat([
    ...frameMessage(storeCommand(sopInstanceUid), contextId, true, maxPduLength),
    ...frameMessage(dataSet, contextId, false, maxPduLength),
  ]);
}

/** One presentation data value, header and data. */
export function dataValue(contextId: number, flags: number, data: Buffer): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(data.length + 2);
  header.writeUInt8(contextId, 4);
  header.writeUInt8(flags, 5);
  return Buffer.concat([header, data]);
}

/** A P-DATA-TF of these values. */
export function dataPdu(...values: Buffer[]): Buffer {
  const body = Buffer.concat(values);
  const header = Buffer.alloc(6);
  header.writeUInt8(4);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
