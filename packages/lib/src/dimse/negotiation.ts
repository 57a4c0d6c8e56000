import {implementationClassUid, implementationVersionName} from '../dicom/implementation.ts';
import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import type {AcceptedContext} from './association.ts';
import {
  type AssociateAccept,
  type AssociateRequest,
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

/** The data set is stored as it comes, so any transfer syntax will do; the plain ones are liked best. */
function chooseForStorage(proposed: string[]): string | undefined {
  const {explicitLittleEndian, implicitLittleEndian} = transferSyntaxUid;
  return (
    [explicitLittleEndian, implicitLittleEndian].find(uid => proposed.includes(uid)) ?? proposed.find(uid => uid !== '')
  );
}

/** Identifiers are read, so only what every application must know (PS3.5 10.1) and its explicit twin. */
function chooseForQuery(proposed: string[]): string | undefined {
  const {explicitLittleEndian, implicitLittleEndian} = transferSyntaxUid;
  return [explicitLittleEndian, implicitLittleEndian].find(uid => proposed.includes(uid));
}

function answerContext(proposed: ProposedContext, offer: Offer): ContextResult {
  const refused = (result: number) => ({
    id: proposed.id,
    result,
    transferSyntax: transferSyntaxUid.implicitLittleEndian,
  });
  const service = serviceOf(proposed.abstractSyntax);
  if (!offer.services.has(service)) return refused(contextResult.abstractSyntaxNotSupported);
  const choose = service === 'storage' ? chooseForStorage : chooseForQuery;
  const transferSyntax = choose(proposed.transferSyntaxes);
  if (transferSyntax === undefined) return refused(contextResult.transferSyntaxesNotSupported);
  return {id: proposed.id, result: contextResult.acceptance, transferSyntax};
}

/** Only C-GET makes us the SCU of a storage class; otherwise the requestor keeps the SCU role (PS3.7 D.3.3.4). */
function answerRole(role: RoleSelection, offer: Offer): RoleSelection {
  const mayStore = offer.services.has('get') && serviceOf(role.sopClassUid) === 'storage';
  return {sopClassUid: role.sopClassUid, scu: role.scu, scp: role.scp && mayStore};
}

/** The whole answer to an A-ASSOCIATE-RQ (PS3.8 7.1.1, 9.3.3), as data. */
export function negotiate(request: AssociateRequest, offer: Offer): Negotiated {
  const results = request.contexts.map(context => answerContext(context, offer));
  const contexts = new Map<number, AcceptedContext>();
  for (const {id, result, transferSyntax} of results) {
    const abstractSyntax = request.contexts.find(context => context.id === id)?.abstractSyntax ?? '';
    if (result === contextResult.acceptance) contexts.set(id, {id, abstractSyntax, transferSyntax});
  }
  const roles = request.user.roles.map(role => answerRole(role, offer));
  const asked = request.user.asynchronousOperations;
  const window =
    asked === undefined ? 1 : asked.invoked === 0 ? offer.maxOperations : Math.min(asked.invoked, offer.maxOperations);
  return {
    accept: {
      kind: 'associate-accept',
      calledAeTitle: request.calledAeTitle,
      callingAeTitle: request.callingAeTitle,
      contexts: results,
      user: {
        maxPduLength: offer.maxPduLength,
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
