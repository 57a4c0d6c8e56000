import {type MoveOptions, QuerySession, type SessionOptions} from './querySession.ts';
import type {RetrieveResult} from './retrieve.ts';

/**
 * One C-MOVE over an association of its own: the peer sends to the AE title `destination`, which it must know. Throws
 * `RetrieveError`, naming what is missing, when not all was moved; another `DimseError` when the peer refuses it as a whole (A801:
 * destination unknown) or cannot be reached.
 */
export async function move(options: SessionOptions & MoveOptions): Promise<RetrieveResult> {
  const session = await QuerySession.open(options, ['move']);
  try {
    return await session.move(options);
  } finally {
    await session.release();
  }
}
