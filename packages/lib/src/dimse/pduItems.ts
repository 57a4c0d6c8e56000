import {protocolError} from './dimseError.ts';
import {
  type AssociateAccept,
  type AssociateRequest,
  type ContextResult,
  itemType,
  type ProposedContext,
  type RoleSelection,
  type UserInformation,
} from './pdu.ts';

interface PduItem {
  type: number;
  body: Buffer;
}

/** PS3.8 tables 9-12 to 9-15: type, reserved byte, length (2 bytes, big endian), body. Throws on an item that overruns. */
function* items(bytes: Buffer, where: string): Generator<PduItem> {
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw protocolError(`${where} ends within an item header`);
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 4 + length;
    if (end > bytes.length) throw protocolError(`item 0x${type.toString(16)} of ${where} is longer than what holds it`);
    yield {type, body: bytes.subarray(at + 4, end)};
    at = end;
  }
}

function padded(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/^ +|[\0 ]+$/g, '');
}

function proposedContext(body: Buffer): ProposedContext {
  if (body.length < 4) throw protocolError('a proposed presentation context is shorter than 4 bytes');
  const context: ProposedContext = {id: body.readUInt8(0), abstractSyntax: '', transferSyntaxes: []};
  for (const item of items(body.subarray(4), 'a proposed presentation context')) {
    if (item.type === itemType.abstractSyntax) context.abstractSyntax = padded(item.body);
    else if (item.type === itemType.transferSyntax) context.transferSyntaxes.push(padded(item.body));
  }
  return context;
}

function contextResult(body: Buffer): ContextResult {
  if (body.length < 4) throw protocolError('a presentation context result is shorter than 4 bytes');
  const context: ContextResult = {id: body.readUInt8(0), result: body.readUInt8(2), transferSyntax: ''};
  for (const item of items(body.subarray(4), 'a presentation context result'))
    if (item.type === itemType.transferSyntax) context.transferSyntax = padded(item.body);
  return context;
}

function roleSelection(body: Buffer): RoleSelection {
  const length = body.length >= 2 ? body.readUInt16BE(0) : 0;
  if (body.length < 4 + length) throw protocolError('a role selection item is cut off');
  return {
    sopClassUid: padded(body.subarray(2, 2 + length)),
    scu: body.readUInt8(2 + length) === 1,
    scp: body.readUInt8(3 + length) === 1,
  };
}

/** Extended and common extended negotiation, and whatever comes later, need no answer and are passed over (PS3.7 D.3.3.5). */
function userInformation(body: Buffer): UserInformation {
  const user: UserInformation = {maxPduLength: 0, roles: []};
  for (const item of items(body, 'the user information')) {
    if (item.type === itemType.maximumLength && item.body.length >= 4) user.maxPduLength = item.body.readUInt32BE(0);
    else if (item.type === itemType.implementationClassUid) user.implementationClassUid = padded(item.body);
    else if (item.type === itemType.implementationVersion) user.implementationVersion = padded(item.body);
    else if (item.type === itemType.asynchronousOperations && item.body.length >= 4)
      user.asynchronousOperations = {invoked: item.body.readUInt16BE(0), performed: item.body.readUInt16BE(2)};
    else if (item.type === itemType.roleSelection) user.roles.push(roleSelection(item.body));
    else if (item.type === itemType.userIdentity && item.body.length >= 2)
      user.userIdentity = {type: item.body.readUInt8(0), answerRequested: item.body.readUInt8(1) === 1};
  }
  return user;
}

const fixedLength = 68;

/** Body (after the 6 byte header) of an A-ASSOCIATE-RQ, PS3.8 table 9-11. Throws a protocol {@link DimseError}. */
export function readAssociateRequest(body: Buffer): AssociateRequest {
  if (body.length < fixedLength) throw protocolError('the A-ASSOCIATE-RQ is shorter than its fixed part');
  const request: AssociateRequest = {
    kind: 'associate-request',
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: padded(body.subarray(4, 20)),
    callingAeTitle: padded(body.subarray(20, 36)),
    applicationContext: '',
    contexts: [],
    user: {maxPduLength: 0, roles: []},
  };
  for (const item of items(body.subarray(fixedLength), 'the A-ASSOCIATE-RQ')) {
    if (item.type === itemType.applicationContext) request.applicationContext = padded(item.body);
    else if (item.type === itemType.proposedContext) request.contexts.push(proposedContext(item.body));
    else if (item.type === itemType.userInformation) request.user = userInformation(item.body);
  }
  return request;
}

/** Body of an A-ASSOCIATE-AC, PS3.8 table 9-17. Throws a protocol {@link DimseError}. */
export function readAssociateAccept(body: Buffer): AssociateAccept {
  if (body.length < fixedLength) throw protocolError('the A-ASSOCIATE-AC is shorter than its fixed part');
  const accept: AssociateAccept = {
    kind: 'associate-accept',
    calledAeTitle: padded(body.subarray(4, 20)),
    callingAeTitle: padded(body.subarray(20, 36)),
    contexts: [],
    user: {maxPduLength: 0, roles: []},
  };
  for (const item of items(body.subarray(fixedLength), 'the A-ASSOCIATE-AC')) {
    if (item.type === itemType.contextResult) accept.contexts.push(contextResult(item.body));
    else if (item.type === itemType.userInformation) accept.user = userInformation(item.body);
  }
  return accept;
}
