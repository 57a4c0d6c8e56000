import {abortReason, protocolError} from './dimseError.ts';
import {Gathered} from './gathered.ts';
import {type ControlPdu, type Fragment, pduType} from './pdu.ts';
import {readAssociateAccept, readAssociateRequest} from './pduItems.ts';

/** 128 contexts with 60 transfer syntaxes each fit twice; nothing honest is longer. */
const maxControlLength = 1 << 20;

/**
 * P-DATA-TF are never held in memory, so one longer than we announced does no harm and is taken; a length beyond this is
 * garbage or malice.
 */
const maxDataLength = 1 << 28;

const noBytes = Buffer.alloc(0);
const pduHeaderLength = 6;
const pdvHeaderLength = 6;

/**
 * Turns the byte stream of one association into control PDUs and fragments (PS3.8 9.3). Feed it what the socket
 * delivers, then call `next` until it has nothing more. Fragment data are views of the fed chunks: nothing is copied
 * but headers that happen to be cut. Memory is bounded by one control PDU.
 */
export class PduReader {
  #input: Buffer[] = [];
  #at = 0;
  #gathered = new Gathered();
  #expecting: 'pdu-header' | 'control-body' | 'pdv-header' | 'pdv-data' = 'pdu-header';
  #type = 0;
  #pduLeft = 0;
  #pdvLeft = 0;
  #contextId = 0;
  #flags = 0;

  /** True between the first byte of a PDU and its last. */
  get isWithinPdu(): boolean {
    return this.#expecting !== 'pdu-header' || this.#gathered.length > 0;
  }

  /** Takes bytes from the line; the chunk is referred to until it has been read. */
  feed(chunk: Buffer): void {
    if (chunk.length > 0) this.#input.push(chunk);
  }

  /**
   * The next PDU or piece of a PDV, or undefined when more bytes are needed.
   * Throws a protocol {@link DimseError} on anything that is no DICOM upper layer PDU; the reader is unusable then.
   */
  next(): ControlPdu | Fragment | undefined {
    for (;;) {
      switch (this.#expecting) {
        case 'pdu-header': {
          const header = this.#gather(pduHeaderLength);
          if (!header) return undefined;
          this.#startPdu(header);
          break;
        }
        case 'control-body': {
          const body = this.#gather(this.#pduLeft);
          if (!body) return undefined;
          this.#expecting = 'pdu-header';
          return controlPdu(this.#type, body);
        }
        case 'pdv-header': {
          if (this.#pduLeft === 0) {
            this.#expecting = 'pdu-header';
            break;
          }
          const header = this.#gather(Math.min(pdvHeaderLength, this.#pduLeft));
          if (!header) return undefined;
          if (this.#isFiller(header)) break;
          this.#startPdv(header);
          if (this.#pdvLeft === 0) return this.#fragment(noBytes);
          break;
        }
        case 'pdv-data': {
          const piece = this.#piece(this.#pdvLeft);
          if (!piece) return undefined;
          this.#pdvLeft -= piece.length;
          return this.#fragment(piece);
        }
      }
    }
  }

  #startPdu(header: Buffer): void {
    this.#type = header.readUInt8(0);
    this.#pduLeft = header.readUInt32BE(2);
    if (this.#type < pduType.associateRequest || this.#type > pduType.abort)
      throw protocolError(
        `PDU type 0x${this.#type.toString(16).padStart(2, '0')} does not exist`,
        abortReason.unrecognizedPdu,
      );
    const limit = this.#type === pduType.data ? maxDataLength : maxControlLength;
    if (this.#pduLeft > limit) throw protocolError(`a PDU of type ${this.#type} claims ${this.#pduLeft} bytes`);
    this.#expecting = this.#type === pduType.data ? 'pdv-header' : 'control-body';
  }

  /**
   * Some devices fill a P-DATA-TF with zeros up to an even length, beyond its last value. Fewer bytes than a value has in front
   * of its data cannot be one.
   */
  #isFiller(bytes: Buffer): boolean {
    if (bytes.length === pdvHeaderLength) return false;
    if (bytes.some(byte => byte !== 0)) throw protocolError('a P-DATA-TF ends within the header of a value');
    this.#pduLeft = 0;
    return true;
  }

  #startPdv(header: Buffer): void {
    const length = header.readUInt32BE(0);
    if (length < 2 || length + 4 > this.#pduLeft)
      throw protocolError(`a presentation data value claims ${length} bytes where its PDU has ${this.#pduLeft} left`);
    this.#contextId = header.readUInt8(4);
    this.#flags = header.readUInt8(5);
    this.#pduLeft -= length + 4;
    this.#pdvLeft = length - 2;
    this.#expecting = 'pdv-data';
  }

  #fragment(data: Buffer): Fragment {
    const complete = this.#pdvLeft === 0;
    if (complete) this.#expecting = 'pdv-header';
    return {
      kind: 'fragment',
      contextId: this.#contextId,
      command: (this.#flags & 1) !== 0,
      last: complete && (this.#flags & 2) !== 0,
      data,
    };
  }

  /** Up to `most` bytes that are there already, as a view. */
  #piece(most: number): Buffer | undefined {
    const chunk = this.#input[0];
    if (!chunk) return undefined;
    const end = Math.min(chunk.length, this.#at + most);
    const piece = this.#at === 0 && end === chunk.length ? chunk : chunk.subarray(this.#at, end);
    if (end === chunk.length) {
      this.#input.shift();
      this.#at = 0;
    } else {
      this.#at = end;
    }
    return piece;
  }

  /** Exactly `length` bytes, or undefined while they are not complete. */
  #gather(length: number): Buffer | undefined {
    if (length === 0) return noBytes;
    const first = this.#piece(length - this.#gathered.length);
    if (first?.length === length) return first;
    for (let piece = first; piece; piece = this.#piece(length - this.#gathered.length)) {
      this.#gathered.append(piece);
      if (this.#gathered.length === length) return this.#gathered.take();
    }
    return undefined;
  }
}

function controlPdu(type: number, body: Buffer): ControlPdu {
  switch (type) {
    case pduType.associateRequest:
      return readAssociateRequest(body);
    case pduType.associateAccept:
      return readAssociateAccept(body);
    case pduType.associateReject:
      if (body.length < 4) throw protocolError('the A-ASSOCIATE-RJ is cut off');
      return {
        kind: 'associate-reject',
        result: body.readUInt8(1),
        source: body.readUInt8(2),
        reason: body.readUInt8(3),
      };
    case pduType.releaseRequest:
      return {kind: 'release-request'};
    case pduType.releaseResponse:
      return {kind: 'release-response'};
    default:
      // An abort is an abort, however mangled.
      return body.length < 4
        ? {kind: 'abort', source: 0, reason: 0}
        : {kind: 'abort', source: body.readUInt8(2), reason: body.readUInt8(3)};
  }
}
