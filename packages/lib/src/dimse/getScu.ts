import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import type {Association} from './association.ts';
import {type CommandSet, commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import type {DataReceiver} from './messageAssembler.ts';
import {QuerySession, type SessionOptions} from './querySession.ts';
import {maxContexts} from './requestor.ts';
import type {RetrieveOptions, RetrieveResult} from './retrieve.ts';
import type {AssociationInfo, StoreAnswer, StoreHandler} from './services.ts';
import {classifyStoreStatus, status} from './status.ts';
import {receiveInstance} from './storeService.ts';

export interface GetOptions extends SessionOptions, RetrieveOptions {
  /** SOP classes to expect (IMAGE level C-FIND tells). */
  sopClasses: readonly string[];
  /** Transfer syntaxes to take for each; default Explicit and Implicit Little Endian. One context for each pair, 127 in all. */
  transferSyntaxes?: readonly string[] | undefined;
  /** Takes the instances, as in a receiver. */
  store: StoreHandler;
}

/**
 * One C-GET over an association of its own: the instances come back on it (PS3.4 C.4.3). What the store did not take has not
 * come. Throws like `move`, and `RangeError` for more than 127 contexts.
 */
export async function get(options: GetOptions): Promise<RetrieveResult> {
  const {explicitLittleEndian, implicitLittleEndian} = transferSyntaxUid;
  const syntaxes = options.transferSyntaxes ?? [explicitLittleEndian, implicitLittleEndian];
  const contexts = options.sopClasses.flatMap(abstractSyntax =>
    syntaxes.map(transferSyntax => ({abstractSyntax, transferSyntaxes: [transferSyntax]})),
  );
  if (contexts.length >= maxContexts)
    throw new RangeError('C-GET can expect 127 pairs of SOP class and transfer syntax');
  const roles = options.sopClasses.map(sopClassUid => ({sopClassUid, scu: false, scp: true}));
  const taken = new Set<string>();
  let association: Association | undefined;
  const message = (command: CommandSet, context: AcceptedContext) =>
    association && takeInstance(association, {...options, taken}, command, context);
  const session = await QuerySession.open(options, ['get'], {contexts, roles, user: {message}});
  association = session.association;
  try {
    return await session.get({...options, arrived: taken});
  } finally {
    await session.release();
  }
}

function takeInstance(
  association: Association,
  options: GetOptions & {taken: Set<string>},
  command: CommandSet,
  context: AcceptedContext,
): DataReceiver | Promise<DataReceiver> | undefined {
  const answer = (answered: StoreAnswer) =>
    association.send(context.id, {
      commandField: command.commandField | 0x8000,
      affectedSopClassUid: command.affectedSopClassUid,
      messageIdRespondedTo: command.messageId,
      affectedSopInstanceUid: command.affectedSopInstanceUid,
      status: answered.status,
      errorComment: answered.comment,
      hasDataSet: false,
    });
  if (command.commandField !== commandField.storeRequest || !command.hasDataSet) {
    answer({status: status.unrecognizedOperation});
    return undefined;
  }
  const instance = {
    association: infoOf(association, options),
    sopClassUid: command.affectedSopClassUid ?? '',
    sopInstanceUid: command.affectedSopInstanceUid ?? '',
    transferSyntaxUid: context.transferSyntax,
    messageId: command.messageId ?? 0,
    moveOriginator: undefined,
  };
  const answered = (given: StoreAnswer) => {
    if (classifyStoreStatus(given.status) === 'stored') options.taken.add(instance.sopInstanceUid);
    answer(given);
  };
  return receiveInstance(options.store, instance, {finishing() {}, answered});
}

/** In a C-GET the peer we called is the one who sends. */
function infoOf(association: Association, {peer}: GetOptions): AssociationInfo {
  return {
    id: 0,
    callingAeTitle: peer.aeTitle,
    calledAeTitle: peer.callingAeTitle,
    address: association.upper.socket.remoteAddress ?? peer.host,
    port: peer.port,
    isLocal: false,
    tls: undefined,
    implementationClassUid: undefined,
    implementationVersion: undefined,
    userIdentity: undefined,
    abort: why => association.abort(new DimseError('aborted', why)),
  };
}
