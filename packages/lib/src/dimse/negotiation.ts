import {implementationClassUid, implementationVersionName} from '../dicom/implementation.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {asUid} from '../dicom/uid.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import {
  type AssociateAccept,
  type AssociateReject,
  type AssociateRequest,
  applicationContextName,
  type ContextResult,
  contextResult,
  type ProposedContext,
  type RoleSelection,
} from './pdu.ts';
import {type Service, serviceOf} from './uids.ts';

/** What a receiver offers, for the answer to an A-ASSOCIATE-RQ. */
export interface Offer {
  services: ReadonlySet<Service>;
  maxPduLength: number;
  /** Requests of one association that are worked on at once. */
  maxOperations: number;
}

export interface Negotiated {
  accept: AssociateAccept;
  contexts: Map<number, AcceptedContext>;
  /** Requests the peer may have under way at once; 0 = as many as it likes. */
  window: number;
  /** Contexts in which the peer takes C-STORE requests from us (it proposed the SCP role for them). */
  peerStores: AcceptedContext[];
}

/** The data set is stored as it comes, so anything that can be a transfer syntax will do; the plain ones are liked best. */
function chooseForStorage(proposed: string[]): string | undefined {
  const {explicitLittleEndian, implicitLittleEndian} = transferSyntaxUid;
  return (
    [explicitLittleEndian, implicitLittleEndian].find(uid => proposed.includes(uid)) ??
    proposed.find(uid => asUid(uid) !== undefined)
  );
}

/** Identifiers are read, so only what every application must know (PS3.5 10.1) and its explicit twin. */
function chooseForQuery(proposed: string[]): string | undefined {
  const {explicitLittleEndian, implicitLittleEndian} = transferSyntaxUid;
  return [explicitLittleEndian, implicitLittleEndian].find(uid => proposed.includes(uid));
}

interface Answered extends ContextResult {
  abstractSyntax: string;
}

function answerContext(proposed: ProposedContext, offer: Offer): ContextResult {
  const refused = (result: number) => ({
    id: proposed.id,
    result,
    transferSyntax: transferSyntaxUid.implicitLittleEndian,
  });
  const service = serviceOf(proposed.abstractSyntax);
  const isKnown = offer.services.has(service) && asUid(proposed.abstractSyntax) !== undefined;
  if (!isKnown) return refused(contextResult.abstractSyntaxNotSupported);
  const choose = service === 'storage' ? chooseForStorage : chooseForQuery;
  const transferSyntax = choose(proposed.transferSyntaxes);
  if (transferSyntax === undefined) return refused(contextResult.transferSyntaxesNotSupported);
  return {id: proposed.id, result: contextResult.acceptance, transferSyntax};
}

/**
 * Only C-GET makes us the SCU of a storage class, and only who reports a storage commitment is the SCP of that; otherwise
 * the requestor keeps the SCU role (PS3.7 D.3.3.4).
 */
function answerRole(role: RoleSelection, offer: Offer): RoleSelection {
  const service = serviceOf(role.sopClassUid);
  const mayServe = service === 'commitment' || (service === 'storage' && offer.services.has('get'));
  return {sopClassUid: role.sopClassUid, scu: role.scu, scp: role.scp && mayServe};
}

/**
 * One context per id, which is what the answer has room for (PS3.8 9.3.3.2); at most 256. An id that was given twice for
 * different things would leave open how the data in it are encoded: it is refused.
 */
function answerContexts(proposed: readonly ProposedContext[], offer: Offer): Answered[] {
  const answers = new Map<number, Answered>();
  for (const context of proposed) {
    const {id, abstractSyntax} = context;
    const earlier = answers.get(id);
    if (earlier?.result === contextResult.noReason) continue;
    const answer = {...answerContext(context, offer), abstractSyntax};
    const isSame =
      earlier === undefined ||
      (earlier.abstractSyntax === abstractSyntax && earlier.transferSyntax === answer.transferSyntax);
    answers.set(id, isSame ? answer : {...answer, result: contextResult.noReason});
  }
  return [...answers.values()];
}

/** One answer for each SOP class that was accepted: more might not even fit into the item. */
function answerRoles(
  roles: readonly RoleSelection[],
  contexts: ReadonlyMap<number, AcceptedContext>,
  offer: Offer,
): RoleSelection[] {
  const accepted = new Set([...contexts.values()].map(context => context.abstractSyntax));
  const bySopClass = new Map(roles.map(role => [role.sopClassUid, role]));
  return [...bySopClass.values()].filter(role => accepted.has(role.sopClassUid)).map(role => answerRole(role, offer));
}

/**
 * What the upper layer itself refuses (action AE-6): another protocol version than 1 (bit 0), another application context than
 * that of DICOM (PS3.8 tables 9-11, 9-21; PS3.7 A.2.1).
 */
export function refusalByProvider(request: AssociateRequest): {why: string; answer: AssociateReject} | undefined {
  const answer = {kind: 'associate-reject', result: 1} as const;
  if ((request.protocolVersion & 1) === 0)
    return {why: 'speaks another version of the protocol', answer: {...answer, source: 2, reason: 2}};
  // Left out, nothing else can be meant.
  if (request.applicationContext !== '' && request.applicationContext !== applicationContextName)
    return {why: 'wants another application context', answer: {...answer, source: 1, reason: 2}};
  return undefined;
}

/** What nearly every application takes. */
const usualPduLength = 16384;

/**
 * The longest P-DATA-TF we ask a peer for: what it takes itself tells the size it is made for. DCMTK, which takes 16 KiB, fills PDUs
 * of 128 KiB when it may, while nothing goes over the line, and is a quarter slower then. 0 = any length (PS3.8 D.1.1).
 */
function receiveLength(peers: number, ours: number): number {
  return peers === 0 ? ours : Math.min(ours, Math.max(peers, usualPduLength));
}

/** The whole answer to an A-ASSOCIATE-RQ (PS3.8 7.1.1, 9.3.3), as data. */
export function negotiate(request: AssociateRequest, offer: Offer): Negotiated {
  const answers = answerContexts(request.contexts, offer);
  const contexts = new Map<number, AcceptedContext>();
  for (const {id, result, transferSyntax, abstractSyntax} of answers)
    if (result === contextResult.acceptance) contexts.set(id, {id, abstractSyntax, transferSyntax});
  const roles = answerRoles(request.user.roles, contexts, offer);
  const asked = request.user.asynchronousOperations;
  const window =
    asked === undefined ? 1 : asked.invoked === 0 ? offer.maxOperations : Math.min(asked.invoked, offer.maxOperations);
  return {
    accept: {
      kind: 'associate-accept',
      calledAeTitle: request.calledAeTitle,
      callingAeTitle: request.callingAeTitle,
      contexts: answers.map(({id, result, transferSyntax}) => ({id, result, transferSyntax})),
      user: {
        maxPduLength: receiveLength(request.user.maxPduLength, offer.maxPduLength),
        implementationClassUid,
        implementationVersion: implementationVersionName,
        roles,
        ...(asked === undefined ? {} : {asynchronousOperations: {invoked: window, performed: 1}}),
      },
    },
    contexts,
    window,
    peerStores: [...contexts.values()].filter(context =>
      roles.some(role => role.scp && role.sopClassUid === context.abstractSyntax),
    ),
  };
}
