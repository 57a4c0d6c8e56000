import {
  applicationContextName,
  type ControlPdu,
  itemType,
  pduType,
  type RoleSelection,
  type UserInformation,
} from './pdu.ts';

function item(type: number, ...parts: Buffer[]): Buffer {
  const header = Buffer.alloc(4);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(length, 2);
  return Buffer.concat([header, ...parts]);
}

function text(type: number, value: string): Buffer {
  return item(type, Buffer.from(value, 'latin1'));
}

/** 16 bytes, padded with blanks (PS3.8 table 9-11). */
function aeTitle(value: string): Buffer {
  return Buffer.from(value.slice(0, 16).padEnd(16, ' '), 'latin1');
}

function uint16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => {
    bytes.writeUInt16BE(value, index * 2);
  });
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

function role(selection: RoleSelection): Buffer {
  const uid = Buffer.from(selection.sopClassUid, 'latin1');
  return item(
    itemType.roleSelection,
    uint16(uid.length),
    uid,
    Buffer.from([selection.scu ? 1 : 0, selection.scp ? 1 : 0]),
  );
}

function userInformation(user: UserInformation): Buffer {
  const parts = [item(itemType.maximumLength, uint32(user.maxPduLength))];
  if (user.implementationClassUid !== undefined)
    parts.push(text(itemType.implementationClassUid, user.implementationClassUid));
  if (user.asynchronousOperations)
    parts.push(
      item(
        itemType.asynchronousOperations,
        uint16(user.asynchronousOperations.invoked, user.asynchronousOperations.performed),
      ),
    );
  parts.push(...user.roles.map(role));
  if (user.implementationVersion !== undefined)
    parts.push(text(itemType.implementationVersion, user.implementationVersion));
  return item(itemType.userInformation, ...parts);
}

function pdu(type: number, ...parts: Buffer[]): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    2,
  );
  return Buffer.concat([header, ...parts]);
}

/** The bytes of one control PDU (PS3.8 9.3.2 to 9.3.8). */
export function encodePdu(value: ControlPdu): Buffer {
  switch (value.kind) {
    case 'associate-request':
      return pdu(
        pduType.associateRequest,
        uint16(value.protocolVersion, 0),
        aeTitle(value.calledAeTitle),
        aeTitle(value.callingAeTitle),
        Buffer.alloc(32),
        text(itemType.applicationContext, value.applicationContext),
        ...value.contexts.map(context =>
          item(
            itemType.proposedContext,
            Buffer.from([context.id, 0, 0, 0]),
            text(itemType.abstractSyntax, context.abstractSyntax),
            ...context.transferSyntaxes.map(uid => text(itemType.transferSyntax, uid)),
          ),
        ),
        userInformation(value.user),
      );
    case 'associate-accept':
      return pdu(
        pduType.associateAccept,
        uint16(1, 0),
        aeTitle(value.calledAeTitle),
        aeTitle(value.callingAeTitle),
        Buffer.alloc(32),
        text(itemType.applicationContext, applicationContextName),
        ...value.contexts.map(context =>
          item(
            itemType.contextResult,
            Buffer.from([context.id, 0, context.result, 0]),
            text(itemType.transferSyntax, context.transferSyntax),
          ),
        ),
        userInformation(value.user),
      );
    case 'associate-reject':
      return pdu(pduType.associateReject, Buffer.from([0, value.result, value.source, value.reason]));
    case 'release-request':
      return pdu(pduType.releaseRequest, Buffer.alloc(4));
    case 'release-response':
      return pdu(pduType.releaseResponse, Buffer.alloc(4));
    case 'abort':
      return pdu(pduType.abort, Buffer.from([0, 0, value.source, value.reason]));
  }
}

/** Bytes in front of the data of a P-DATA-TF that holds one PDV: PDU header and PDV header. */
export const dataHeaderLength = 12;

/**
 * Writes the header of a P-DATA-TF with one PDV of `length` data bytes at `at` (PS3.8 9.3.5); the data follow at
 * `at + dataHeaderLength`, so that a file can be read straight to where it is sent from.
 */
export function writeDataHeader(
  target: Buffer,
  at: number,
  pdv: {contextId: number; command: boolean; last: boolean; length: number},
): void {
  target.writeUInt8(pduType.data, at);
  target.writeUInt8(0, at + 1);
  target.writeUInt32BE(pdv.length + 6, at + 2);
  target.writeUInt32BE(pdv.length + 2, at + 6);
  target.writeUInt8(pdv.contextId, at + 10);
  target.writeUInt8((pdv.command ? 1 : 0) | (pdv.last ? 2 : 0), at + 11);
}

/**
 * A whole command or data set as P-DATA-TF PDUs of at most `maxPduLength` (the peer's; PDU without its 6 byte header).
 * For small messages; instances are framed where they are read.
 */
export function frameMessage(bytes: Buffer, contextId: number, command: boolean, maxPduLength: number): Buffer[] {
  // Fragments have an even length (PS3.8 annex E.1).
  const most = (maxPduLength - 6) & ~1;
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += most) {
    const data = bytes.subarray(at, at + most);
    const header = Buffer.alloc(dataHeaderLength);
    writeDataHeader(header, 0, {contextId, command, last: at + most >= bytes.length, length: data.length});
    frames.push(header, data);
  }
  return frames;
}
