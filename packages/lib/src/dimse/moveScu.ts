import {QuerySession, type RetrieveOptions, type RetrieveResult, type SessionOptions} from './querySession.ts';

/**
 * One C-MOVE over an association of its own: the peer sends to the AE title `destination`, which it must know. Look at
 * `kind`: only `complete` means that all of it was moved. Throws `DimseError` when the peer refuses it as a whole (A801:
 * destination unknown) or cannot be reached.
 */
export async function move(options: SessionOptions & RetrieveOptions & {destination: string}): Promise<RetrieveResult> {
  const session = await QuerySession.open(options, ['move']);
  try {
    return await session.move(options);
  } finally {
    await session.release();
  }
}
