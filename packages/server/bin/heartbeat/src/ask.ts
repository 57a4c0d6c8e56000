import type {Peer} from '@fiona/lib/dimse/peer';
import type {Echo} from './judge.ts';

export type EchoPeer = Pick<Peer, 'host' | 'port' | 'aeTitle' | 'callingAeTitle'>;

/**
 * One C-ECHO with a limit for all of it, from the connection to the release.
 * @throws AbortError when `signal` ends it
 */
export async function askReceiver(peer: EchoPeer, limitMs: number, signal: AbortSignal): Promise<Echo> {
  // loaded late: a receiver that is at work is not asked
  const [{echo}, {DimseError}] = await Promise.all([
    import('@fiona/lib/dimse/echoScu'),
    import('@fiona/lib/dimse/dimseError'),
  ]);
  const limit = AbortSignal.timeout(limitMs);
  try {
    const {milliseconds} = await echo(
      {...peer, connectTimeoutMs: limitMs, responseTimeoutMs: limitMs},
      {signal: AbortSignal.any([signal, limit])},
    );
    return {kind: 'answer', milliseconds};
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DimseError)) throw error;
    if (limit.aborted || error.failure === 'timeout') {
      return {kind: 'silence', why: `no answer within ${limitMs / 1000} s (timeout)`};
    }
    const kind = ['rejected-transient', 'rejected-permanent', 'aborted', 'context', 'status'].includes(error.failure)
      ? 'refusal'
      : 'silence';
    return {kind, why: `${error.message} (${kind === 'refusal' ? 'rejected' : 'refused'})`};
  }
}
