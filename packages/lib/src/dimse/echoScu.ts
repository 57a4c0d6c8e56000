import {transferSyntaxUid} from '../dicom/transferSyntax.ts';
import {commandField} from './commandSet.ts';
import {DimseError} from './dimseError.ts';
import {nameOfPeer, type Peer} from './peer.ts';
import {openAssociation} from './requestor.ts';
import {formatStatus, status} from './status.ts';
import {verificationSopClass} from './uids.ts';

/**
 * C-ECHO (PS3.7 9.1.5): does the peer answer, and how long does association plus echo take?
 * Throws {@link DimseError}, with failure `context` when it speaks DICOM but no verification.
 */
export async function echo(peer: Peer, options: {signal?: AbortSignal} = {}): Promise<{milliseconds: number}> {
  const started = performance.now();
  const {association} = await openAssociation({
    peer,
    contexts: [{abstractSyntax: verificationSopClass, transferSyntaxes: [transferSyntaxUid.implicitLittleEndian]}],
    asynchronousOperations: 1,
    signal: options.signal,
  });
  try {
    const context = association.contextFor(verificationSopClass);
    if (!context) throw new DimseError('context', `${nameOfPeer(peer)} does not accept verification`);
    const response = await association.call(context.id, {
      commandField: commandField.echoRequest,
      affectedSopClassUid: verificationSopClass,
      messageId: association.newMessageId(),
      hasDataSet: false,
    });
    if (response.status !== status.success)
      throw new DimseError(
        'status',
        `${nameOfPeer(peer)} answers C-ECHO with ${formatStatus(response.status ?? 0xffff)}`,
        {
          status: response.status,
        },
      );
  } finally {
    await association.release();
  }
  return {milliseconds: performance.now() - started};
}
